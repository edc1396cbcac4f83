import { crc32, type ScannedFrame, scanFrames, SEGMENT_HEADER_BYTES } from "@hashlog/format";
import { MergeError, type MergeOutcome } from "./errors.ts";
import type { WrittenOutput } from "./output-writer.ts";
import type { Pacer } from "./pacer.ts";

/**
 * Reads an output back from end to end, frame by frame: what is found there must be what was written, where each record
 * had been verified. It is done twice. Before the outputs are published nothing depends on them yet, and a bad one costs
 * nothing but the merge; and when the keys are moved, each is moved to a record that has just been proved.
 *
 * One checksum of a frame's records together, made when it was written, proves as much as their own, and costs a quarter
 * where they are small.
 * @throws MergeError `MERGE_OUTPUT_DAMAGED`
 */
export async function readBack(
  { finished, frameChecksums }: WrittenOutput,
  outcome: MergeOutcome,
  pacer: Pacer,
  onFrame: (frame: ScannedFrame) => void | Promise<void> = () => {},
): Promise<void> {
  const { output, sealedBytes } = finished;
  let frames = 0;
  const end = await scanFrames(output.source, {
    place: output.place,
    from: SEGMENT_HEADER_BYTES,
    to: sealedBytes,
    verifyRecords: false,
    async onFrame(frame) {
      if (crc32(frame.bytes, frame.payloadStart, frame.payloadEnd) !== frameChecksums.at(frames)) {
        throw damaged(`a frame's checksum does not match at ${frame.offset}`);
      }
      await onFrame(frame);
      frames += 1;
      pacer.spend(frame.end - frame.offset);
      if (pacer.due) await pacer.pause();
    },
  });
  if (end.kind !== "end") throw damaged(`${end.reason} at ${end.offset}`);
  if (frames !== frameChecksums.length) throw damaged(`${frames} frames instead of ${frameChecksums.length}`);

  function damaged(flaw: string): MergeError {
    // mark: merge/output-damaged
    return new MergeError("MERGE_OUTPUT_DAMAGED", `segment ${output.segmentId} does not read back: ${flaw}`, {
      outcome,
      segmentId: output.segmentId,
    });
  }
}
