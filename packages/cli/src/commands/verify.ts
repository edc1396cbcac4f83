import { verify } from "@hashlog/engine";
import type { OtherCommand } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { findingLine } from "../findings.ts";
import { duration, plural, size } from "../words.ts";

export const verifyCommand: OtherCommand<object> = {
  kind: "other",
  name: "verify",
  summary: "check every byte of a store, and change nothing",
  details:
    "Checksums, and whether segments, hint files, checkpoint and manifest say the same. Nobody may have the store open for writing. " +
    "Exit code 1 if anything is lost or may be; a finding that is harmless, of a hint file or a checkpoint that is made anew, is no damage.",
  parameters: [["<store>", "the directory of the store"]],
  examples: ["hashlog verify ./store", "hashlog verify ./store --json"],
  async run({ parameters: [directory] }, session) {
    const { host, output, signal } = session;
    const { fileSystem, clock } = host;
    const report = await session.during("verifying", "bytes", (update) =>
      verify(directory!, {
        ...{ fileSystem, clock, signal },
        onProgress: ({ bytesDone, bytesTotal }) => update(bytesDone, bytesTotal),
      }),
    );
    const damage = report.findings.filter(({ harmless }) => !harmless);
    const exitCode = damage.length === 0 ? EXIT.done : EXIT.no;
    if (session.json) {
      await output.longJson(report);
      return exitCode;
    }
    for (const finding of report.findings) await output.line(findingLine(finding));
    const { segments, records, keys, bytesRead, durationMs, tornTail } = report;
    if (tornTail !== undefined) {
      const { segmentId, offset } = tornTail;
      await output.line(
        `an unfinished write at the end of segment ${segmentId}, at ${offset}: the next opening drops it`,
      );
    }
    const perSecond = durationMs > 1000 ? `, ${size((1000 * bytesRead) / durationMs)} a second` : "";
    await output.line(
      `${plural(segments, "segment")}, ${plural(records, "record")}, ${plural(keys, "key")}; read ${size(bytesRead)} in ${duration(durationMs)}${perSecond}`,
    );
    const verdict =
      damage.length === 0
        ? "every record is as it was written"
        : `damaged: "hashlog repair --dry-run ${directory}" tells what can be saved`;
    await output.line(verdict);
    return exitCode;
  },
};
