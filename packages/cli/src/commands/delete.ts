import { Option } from "commander";
import type { WriteCommand } from "../command.ts";
import { Complaint } from "../complaint.ts";
import { parseBytes, showKey } from "../encoding.ts";
import { EXIT } from "../exit-codes.ts";
import { keyEncodingOption, parsePositive, sharedVolumeOption, type EncodingGiven } from "../options.ts";

interface DeleteGiven extends Pick<EncodingGiven, "keyEncoding"> {
  readonly ifVersion?: number;
}

export const deleteCommand: WriteCommand<DeleteGiven> = {
  kind: "write",
  name: "delete",
  summary: "remove keys",
  details: "Done means durable. Exit code 1 if one of the keys was not there; the others are removed all the same.",
  parameters: [["<keys...>", "the keys"]],
  options: () => [
    keyEncodingOption(),
    new Option("--if-version <version>", "only if the value that is there has this version; of one key").argParser(
      parsePositive,
    ),
    sharedVolumeOption(),
  ],
  examples: ["hashlog delete ./store session", "hashlog delete ./store ada alan"],
  check({ rest, options: { keyEncoding, ifVersion } }) {
    if (ifVersion !== undefined && rest.length > 1) throw new Complaint("--if-version is about one key");
    for (const key of rest) parseBytes(key, keyEncoding, "the key");
  },
  async run(store, { rest, options: { keyEncoding, ifVersion } }, session) {
    const condition = ifVersion === undefined ? {} : { ifVersion };
    const keys = rest.map((key) => parseBytes(key, keyEncoding, "the key"));
    const deleted = await Promise.all(keys.map((key) => store.delete(key, { ...condition, sync: true })));
    const missing = keys.filter((_, index) => !deleted[index]!);
    const count = keys.length - missing.length;
    if (session.json) await session.output.json({ deleted: count, missing: missing.length });
    if (missing.length === 0) return EXIT.done;
    const names = missing.map((key) => showKey(key, keyEncoding)).join(", ");
    if (ifVersion !== undefined) {
      const message = `${names} does not have version ${ifVersion}: nothing was deleted`;
      throw new Complaint(message, EXIT.no, "CLI_CONDITION");
    }
    const what = missing.length === 1 ? "is no key" : "are no keys";
    throw new Complaint(`there ${what} ${names} in ${store.directory}`, EXIT.no, "CLI_NO_KEY");
  },
};
