import { Option } from "commander";
import { repair, type RepairReport } from "@hashlog/engine";
import type { OtherCommand } from "../command.ts";
import { jsonBytes, showBytes, type Encoding } from "../encoding.ts";
import { EXIT } from "../exit-codes.ts";
import { findingLine } from "../findings.ts";
import { keyEncodingOption, sharedVolumeOption, type EncodingGiven } from "../options.ts";
import { duration, plural, size } from "../words.ts";

interface RepairGiven extends Pick<EncodingGiven, "keyEncoding"> {
  readonly dryRun?: true;
  readonly allowSharedVolume?: true;
}

export const repairCommand: OtherCommand<RepairGiven> = {
  kind: "other",
  name: "repair",
  summary: "make a damaged store open again, with a list of what is lost",
  details:
    "Every record that verifies is saved; damaged files are set aside inside the store's directory, byte for byte. Nobody may have the " +
    "store open for writing. Cut off at any moment, it can be run again. Exit code 1 if anything is lost or may be.",
  parameters: [["<store>", "the directory of the store"]],
  options: () => [
    new Option("--dry-run", "change nothing, and tell what would be done, saved and lost"),
    sharedVolumeOption(),
    keyEncodingOption(),
  ],
  examples: ["hashlog repair ./store --dry-run", "hashlog repair ./store"],
  async run({ parameters: [directory], options }, session) {
    const { dryRun = false, allowSharedVolume = false, keyEncoding } = options;
    const { host, signal } = session;
    const { fileSystem, clock } = host;
    const report = await session.during("repairing", "bytes", (update) =>
      repair(directory!, {
        ...{ dryRun, allowSharedVolume, fileSystem, clock, signal },
        onProgress: ({ bytesDone, bytesTotal }) => update(bytesDone, bytesTotal),
      }),
    );
    if (session.json) await session.output.longJson(jsonReport(report, keyEncoding));
    else for (const line of linesOf(report, options)) await session.output.line(line);
    return report.lost.length + report.mayBeLost.length > 0 || report.manifestRebuilt ? EXIT.no : EXIT.done;
  },
};

function* linesOf(report: RepairReport, { dryRun, keyEncoding }: RepairGiven): Iterable<string> {
  for (const finding of report.findings) yield findingLine(finding);
  if (report.tornTail !== undefined) yield "an unfinished write at the end of the log: it is dropped, and is no loss";
  for (const { key, version } of report.lost) yield `LOST      ${showBytes(key, keyEncoding)} (version ${version})`;
  for (const range of report.mayBeLost) yield `MAY BE LOST  ${rangeLine(range)}`;
  if (report.manifestRebuilt) yield "the manifest had to be made anew: keys that were deleted may be back";
  const { changed, recordsSaved, framesInPart, keys, setAside, durationMs } = report;
  if (!changed) {
    yield `nothing to repair; ${plural(keys, "key")}`;
    return;
  }
  const would = dryRun === true ? "would be" : "were";
  yield `${plural(recordsSaved, "record")} ${would} saved out of damaged parts; ${plural(report.lost.length, "key")} known to be lost`;
  const them = framesInPart === 1 ? "it" : "them";
  if (framesInPart > 0)
    yield `${plural(framesInPart, "frame")} only in part: batches in ${them} are not whole any more`;
  if (setAside !== undefined) {
    const { directory, files } = setAside;
    const what =
      files.length === 0 ? `this report is kept in ${directory}` : `set aside in ${directory}: ${files.join(", ")}`;
    yield `${what}; remove it when you need it no more`;
  }
  yield dryRun === true
    ? "nothing was changed: run it without --dry-run to do it"
    : `repaired in ${duration(durationMs)}: ${plural(keys, "key")}`;
}

function rangeLine(range: RepairReport["mayBeLost"][number]): string {
  const { segmentId, offset, bytes, reason, writes, firstSequence, lastSequence } = range;
  const known = [
    ...(writes === undefined ? [] : [plural(writes, "write")]),
    ...(firstSequence === undefined || lastSequence === undefined
      ? []
      : [`of versions ${firstSequence} to ${lastSequence}`]),
  ].join(" ");
  return `${size(bytes)} of segment ${segmentId} at ${offset}: ${reason}${known === "" ? "" : ` (${known})`}`;
}

/** As JSON has it: keys are text, or what the encoding makes of them. */
function jsonReport(report: RepairReport, encoding: Encoding): object {
  return { ...report, lost: report.lost.map(({ key, ...rest }) => ({ ...jsonBytes("key", key, encoding), ...rest })) };
}
