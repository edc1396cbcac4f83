import type { ReadCommand } from "../command.ts";
import { Complaint } from "../complaint.ts";
import { asUtf8, jsonBytes, parseBytes, showBytes, showKey, showLines } from "../encoding.ts";
import { EXIT } from "../exit-codes.ts";
import { keyEncodingOption, valueEncodingOption, type EncodingGiven } from "../options.ts";

export const get: ReadCommand<EncodingGiven> = {
  kind: "read",
  name: "get",
  summary: "print the value of a key",
  details:
    "Prints the value's bytes as they are, and nothing else; on a terminal a line break behind them, and what is no text is escaped. " +
    "With --json also the version of the value and when it expires. Exit code 1 if there is no such key.",
  parameters: [["<key>", "the key"]],
  options: () => [keyEncodingOption(), valueEncodingOption()],
  examples: [
    "hashlog get ./store ada",
    "hashlog get ./store ada --json",
    "hashlog get ./store 616461 --key-encoding hex",
  ],
  async run(store, { parameters: [key], options: { keyEncoding, valueEncoding } }, { output, json, inShell }) {
    const bytes = parseBytes(key!, keyEncoding, "the key");
    const entry = await store.getEntry(bytes);
    if (entry === undefined) {
      throw new Complaint(
        `there is no key ${showKey(bytes, keyEncoding)} in ${store.directory}`,
        EXIT.no,
        "CLI_NO_KEY",
      );
    }
    const { value, version, expiresAtMs } = entry;
    if (json) {
      const fields = { ...jsonBytes("key", bytes, keyEncoding), ...jsonBytes("value", value, valueEncoding) };
      return output.json({ ...fields, version, ...(expiresAtMs === undefined ? {} : { expiresAtMs }) });
    }
    if (valueEncoding !== "utf8") return output.line(showBytes(value, valueEncoding));
    if (!output.isTerminal && !inShell) return output.write(value);
    const text = asUtf8(value);
    return output.line(text === undefined ? showBytes(value, "utf8") : showLines(text));
  },
};
