import { Option } from "commander";
import type { WriteCommand } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { parsePositive, sharedVolumeOption } from "../options.ts";
import { duration, plural, size } from "../words.ts";

interface CompactGiven {
  readonly segment?: readonly number[];
}

export const compact: WriteCommand<CompactGiven> = {
  kind: "write",
  name: "compact",
  summary: "merge segments, so that what is dead gives its space back",
  details:
    "All that is worth it, or the segments that are named. A program that has the store open does that by itself as it goes; this is for " +
    "a store at rest. Cut off at any moment, the store is as it was, or merged. Exit code 1 if a damaged segment was left out.",
  parameters: [],
  options: () => [
    new Option("--segment <id>", "merge this segment, as inspect lists it; may come many times").argParser(
      (text: string, before: readonly number[] | undefined) => [...(before ?? []), parsePositive(text)],
    ),
    sharedVolumeOption(),
  ],
  examples: ["hashlog compact ./store", "hashlog compact ./store --segment 1"],
  async run(store, { options: { segment } }, session) {
    const { output, json, signal } = session;
    const report = await session.during("compacting", "bytes", (update) =>
      store.compact({
        ...(segment === undefined ? {} : { segments: segment }),
        signal,
        onProgress: ({ bytesDone, bytesTotal }) => update(bytesDone, bytesTotal),
      }),
    );
    const { inputs, outputs, bytesFreed, leftOut, durationMs } = report;
    const exitCode = leftOut.length === 0 ? EXIT.done : EXIT.no;
    if (json) {
      await output.json(report);
      return exitCode;
    }
    if (inputs.length === 0 && leftOut.length === 0) {
      await output.line("nothing to compact");
      return exitCode;
    }
    await output.line(
      `merged ${plural(inputs.length, "segment")} into ${outputs.length}, freed ${size(Math.max(0, bytesFreed))} in ${duration(durationMs)}`,
    );
    for (const { segmentId, offset, reason } of leftOut) {
      await output.line(
        `left out segment ${segmentId}, damaged at ${offset}: ${reason}; see "hashlog verify ${store.directory}"`,
      );
    }
    return exitCode;
  },
};
