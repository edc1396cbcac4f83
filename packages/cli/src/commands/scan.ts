import { Option } from "commander";
import type { ReadCommand } from "../command.ts";
import { jsonBytes, showBytes } from "../encoding.ts";
import {
  keyEncodingOption,
  rangeOf,
  rangeOptions,
  valueEncodingOption,
  type EncodingGiven,
  type RangeGiven,
} from "../options.ts";

interface ScanGiven extends RangeGiven, EncodingGiven {
  readonly keysOnly?: true;
  readonly valuesOnly?: true;
}

export const scan: ReadCommand<ScanGiven> = {
  kind: "read",
  name: "scan",
  summary: "print entries, one a line",
  details:
    "Key, tab, value, with what is no text escaped; with --json one object a line. As of the call. Without a bound or --ordered in no " +
    "particular order, which is at once; putting keys in order takes about a second a million.",
  parameters: [],
  options: () => [
    ...rangeOptions(),
    new Option("--keys-only", "print the keys alone, which needs no reading of values").conflicts("valuesOnly"),
    new Option("--values-only", "print the values alone"),
    keyEncodingOption(),
    valueEncodingOption(),
  ],
  examples: [
    "hashlog scan ./store --limit 10",
    "hashlog scan ./store --prefix user: --json",
    "hashlog scan ./store --gte a --lt n --reverse --keys-only",
  ],
  async run(store, { options }, { output, json, signal }) {
    const { keyEncoding, valueEncoding, limit = Infinity, keysOnly, valuesOnly } = options;
    const range = { ...rangeOf(options), signal };
    const print = async (key?: Uint8Array, value?: Uint8Array): Promise<void> => {
      if (json) {
        const ofKey = key === undefined ? {} : jsonBytes("key", key, keyEncoding);
        return output.json({ ...ofKey, ...(value === undefined ? {} : jsonBytes("value", value, valueEncoding)) });
      }
      const shown = [
        ...(key === undefined ? [] : [showBytes(key, keyEncoding)]),
        ...(value === undefined ? [] : [showBytes(value, valueEncoding)]),
      ];
      return output.line(shown.join("\t"));
    };
    let left = limit;
    if (left === 0) return;
    if (keysOnly) {
      for await (const key of store.keys(range)) {
        await print(key);
        if ((left -= 1) === 0) break;
      }
      return;
    }
    for await (const [key, value] of store.entries(range)) {
      await (valuesOnly ? print(undefined, value) : print(key, value));
      if ((left -= 1) === 0) break;
    }
  },
};
