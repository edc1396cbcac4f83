import { type ScannedFrame, scanFrames, SEGMENT_HEADER_BYTES } from "@hashlog/format";
import { MergeError, type MergeOutcome } from "./errors.ts";
import type { Pacer } from "./pacer.ts";
import type { FinishedOutput } from "./ports.ts";

/**
 * Reads an output back from end to end, frame by frame: what is found there must be what was written. It is done twice.
 * Before the outputs are published nothing depends on them yet, and a bad one costs nothing but the merge; and when the
 * keys are moved, each is moved to a record that has just been verified.
 * @throws MergeError `MERGE_OUTPUT_DAMAGED`
 */
export async function readBack(
  finished: FinishedOutput,
  outcome: MergeOutcome,
  pacer: Pacer,
  onFrame: (frame: ScannedFrame) => void | Promise<void> = () => {},
): Promise<void> {
  const { output, sealedBytes, recordCount } = finished;
  let count = 0;
  const end = await scanFrames(output.source, {
    place: output.place,
    from: SEGMENT_HEADER_BYTES,
    to: sealedBytes,
    async onFrame(frame) {
      await onFrame(frame);
      count += frame.header.recordCount;
      pacer.spend(frame.end - frame.offset);
      if (pacer.due) await pacer.pause();
    },
  });
  if (end.kind === "end" && count === recordCount) return;
  // mark: merge/output-damaged
  const flaw = end.kind === "end" ? `${count} records instead of ${recordCount}` : `${end.reason} at ${end.offset}`;
  throw new MergeError("MERGE_OUTPUT_DAMAGED", `segment ${output.segmentId} does not read back: ${flaw}`, {
    outcome,
    segmentId: output.segmentId,
  });
}
