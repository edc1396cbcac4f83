import type { ReadCommand } from "../command.ts";
import { keyEncodingOption, rangeOf, rangeOptions, type RangeGiven } from "../options.ts";

export const count: ReadCommand<RangeGiven> = {
  kind: "read",
  name: "count",
  summary: "print how many keys there are",
  details: "Or how many there are in a range. Keys that have expired are not counted.",
  parameters: [],
  options: () => [
    ...rangeOptions().filter((option) => !["reverse", "ordered", "limit"].includes(option.attributeName())),
    keyEncodingOption(),
  ],
  examples: ["hashlog count ./store", "hashlog count ./store --prefix user:"],
  async run(store, { options }, { output, json, signal }) {
    const found = await store.count({ ...rangeOf(options), signal });
    await (json ? output.json({ count: found }) : output.line(String(found)));
  },
};
