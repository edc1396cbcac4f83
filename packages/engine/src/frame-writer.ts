import { FRAME_HEADER_BYTES, sealFrame } from "@hashlog/format";
import type { Group } from "./group.ts";
import type { Segment } from "./segment.ts";

/**
 * Writes frames at the end of the log, and knows how far the log has come:
 *
 *     testified <= floor <= appended        floor:     the last sequence known durable
 *                                           testified: the floor that the last frame states
 *
 * Every frame states the floor of its writing, so each one testifies; one without a record, a fence, does nothing else.
 */
export class FrameWriter {
  readonly #fence = new Uint8Array(FRAME_HEADER_BYTES);
  #appended: number;
  #floor: number;
  #testified: number;

  constructor(appended: number, floor: number) {
    this.#appended = appended;
    this.#floor = floor;
    this.#testified = floor;
  }

  /** The last sequence that was handed to the operating system. */
  get appended(): number {
    return this.#appended;
  }

  get floor(): number {
    return this.#floor;
  }

  get testified(): number {
    return this.#testified;
  }

  /** Everything up to `sequence` is durable. */
  raiseFloor(sequence: number): void {
    this.#floor = Math.max(this.#floor, sequence);
  }

  /** What lies above `sequence` was refused, whether or not it is durable. */
  lowerFloor(sequence: number): void {
    this.#floor = Math.min(this.#floor, sequence);
  }

  /** The log was brought to rest: everything up to `sequence` is durable and stated by the manifest, nothing else is there. */
  restart(sequence: number): void {
    this.#appended = sequence;
    this.#floor = sequence;
    this.#testified = sequence;
  }

  /** Appends the group's frame to the segment. @throws FsError */
  append(segment: Segment, group: Group): void {
    const { buffer, length, recordCount, firstSequence, needsSync } = group;
    group.slot = segment.slot;
    group.fileOffset = segment.writer!.position;
    this.#write(segment, buffer, length, recordCount, firstSequence, needsSync);
    this.#appended = group.lastSequence;
  }

  /** Appends an empty frame, if it has anything to state that the last one did not. @throws FsError */
  appendFence(segment: Segment): void {
    if (this.#testified === this.#floor) return;
    this.#write(segment, this.#fence, FRAME_HEADER_BYTES, 0, this.#appended + 1, false);
  }

  #write(
    segment: Segment,
    buffer: Uint8Array,
    length: number,
    recordCount: number,
    firstSequence: number,
    acknowledgedWhenSynced: boolean,
  ): void {
    const writer = segment.writer!;
    const floor = this.#floor;
    const header = { recordCount, firstSequence, floor, acknowledgedWhenSynced, sparse: false };
    sealFrame(buffer, 0, length, header, segment.place, writer.position);
    writer.append(buffer, 0, length);
    this.#testified = floor;
  }
}
