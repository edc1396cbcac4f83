import { Option } from "commander";
import { HashlogError, type Change } from "@hashlog/engine";
import type { ReadCommand } from "../command.ts";
import { jsonBytes, showBytes } from "../encoding.ts";
import { EXIT } from "../exit-codes.ts";
import { keyEncodingOption, parseCount, parsePositive, valueEncodingOption, type EncodingGiven } from "../options.ts";

interface ChangesGiven extends EncodingGiven {
  readonly since?: number;
  readonly follow?: true;
  readonly limit?: number;
}

type ByteChange = Change<Uint8Array, Uint8Array>;

export const changes: ReadCommand<ChangesGiven> = {
  kind: "read",
  name: "changes",
  summary: "print what was written, in order",
  details:
    "One change a line: version, put or delete, key, value. --since 0 begins with the whole state, key by key in no particular order; --since 7 with what came after version " +
    "7, as far as merges have left it. Ends where there is no more, unless --follow waits for it. With --json each change has a " +
    "field resume: the --since to go on with.",
  parameters: [],
  options: () => [
    new Option(
      "--since <version>",
      "what came after that; 0, which is usual without --follow: the whole state first",
    ).argParser(parseCount),
    new Option("--follow", "wait for what is written, until Ctrl-C"),
    new Option("--limit <count>", "so many at most").argParser(parsePositive),
    keyEncodingOption(),
    valueEncodingOption(),
  ],
  examples: ["hashlog changes ./store --since 0", "hashlog changes ./store --since 0 --json --limit 3"],
  async run(
    store,
    { options: { since, follow, limit = Infinity, keyEncoding, valueEncoding } },
    { host, output, json, signal },
  ) {
    const wait = follow === true;
    const from = since ?? (wait ? undefined : 0);
    // A feed that waits keeps no process alive.
    const letGo = wait ? host.stayAlive() : undefined;
    let left = limit;
    try {
      for await (const change of store.changes({ ...(from === undefined ? {} : { since: from }), wait, signal })) {
        await (json
          ? output.json(jsonChange(change, keyEncoding, valueEncoding))
          : output.line(line(change, keyEncoding, valueEncoding)));
        if ((left -= 1) === 0) break;
      }
      return EXIT.done;
    } catch (error) {
      // Of what follows until Ctrl-C that is the end, and no failure to tell of.
      if (wait && signal.aborted && HashlogError.is(error) && error.code === "HASHLOG_ABORTED") return EXIT.interrupted;
      throw error;
    } finally {
      letGo?.();
    }
  },
};

function jsonChange(
  change: ByteChange,
  keys: EncodingGiven["keyEncoding"],
  values: EncodingGiven["valueEncoding"],
): object {
  const { type, version, resume } = change;
  const ofKey = jsonBytes("key", change.key, keys);
  if (change.type === "delete") return { type, version, ...ofKey, resume };
  const { value, expiresAtMs } = change;
  const expiry = expiresAtMs === undefined ? {} : { expiresAtMs };
  return { type, version, ...ofKey, ...jsonBytes("value", value, values), ...expiry, resume };
}

function line(change: ByteChange, keys: EncodingGiven["keyEncoding"], values: EncodingGiven["valueEncoding"]): string {
  const start = `${change.version}\t${change.type}\t${showBytes(change.key, keys)}`;
  return change.type === "delete" ? start : `${start}\t${showBytes(change.value, values)}`;
}
