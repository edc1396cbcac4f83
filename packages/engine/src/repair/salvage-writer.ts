import {
  encodeSegmentHeader,
  FRAME_HEADER_BYTES,
  moveRecord,
  newRecordFields,
  placeOf,
  readRecord,
  recordBytes,
  SEGMENT_BYTES_MAX,
  sealFrameHeader,
  sealRecord,
  segmentFileName,
  writeRecordHeader,
  type Place,
  type RecordFields,
  type SealedSegment,
} from "@hashlog/format";
import { SegmentWriter, type FileSystem } from "@hashlog/fs-io";
import { HashlogError } from "../errors.ts";
import { randomIdentity, type RandomSource } from "../random.ts";

/**
 * A new segment, in sparse frames, of what is left of a damaged one: records that verify, as they are but for the binding to
 * their place, and a tombstone instead of every record that is known to have been there. It keeps the sequence of that one, so
 * whatever was older stays hidden, and whatever is newer stays visible.
 */
export class SalvageWriter {
  readonly segmentId: number;
  readonly #writer: SegmentWriter;
  readonly #place: Place;
  readonly #floor: number;
  readonly #bytesMax: number;
  readonly #ordinary = new Uint8Array(FRAME_HEADER_BYTES + PAYLOAD_BYTES);
  readonly #fields: RecordFields = newRecordFields();
  #frame: Uint8Array = this.#ordinary;
  #end = FRAME_HEADER_BYTES;
  #frameRecords = 0;
  #frameLowest = Infinity;
  #lowestSequence = Infinity;
  #highestSequence = 0;

  private constructor(segmentId: number, place: Place, writer: SegmentWriter, floor: number, bytesMax: number) {
    this.segmentId = segmentId;
    this.#place = place;
    this.#writer = writer;
    this.#floor = floor;
    this.#bytesMax = bytesMax;
  }

  /** @throws FsError as `SegmentWriter.create` */
  static async create(
    parts: { readonly fileSystem: FileSystem; readonly directory: string; readonly random: RandomSource },
    segmentId: number,
    floor: number,
    bytesMax: number = SEGMENT_BYTES_MAX,
  ): Promise<SalvageWriter> {
    const { fileSystem, directory, random } = parts;
    const identity = randomIdentity(random, 8);
    const header = encodeSegmentHeader({ segmentId, identity });
    const writer = await SegmentWriter.create(fileSystem, directory, segmentFileName(segmentId), header);
    return new SalvageWriter(segmentId, placeOf(identity), writer, floor, bytesMax);
  }

  /**
   * Takes the record `bytes[at..end)`, which lies at `offset` of the file that `source` is of.
   * @throws HashlogError `HASHLOG_NOT_SUPPORTED`, FsError as `append`
   */
  add(bytes: Uint8Array, at: number, end: number, source: Place, offset: number): void {
    const start = this.#makeRoom(end - at);
    this.#frame.set(bytes.subarray(at, end), start);
    const target = start + (end - at);
    const moved = moveRecord(this.#frame, start, target, source, offset, this.#place, this.#writer.position + start);
    // What does not verify any more, though it did a moment ago, is left out.
    if (moved) this.#count(start, target);
  }

  addTombstone(key: Uint8Array, sequence: number): void {
    const bytes = recordBytes(key.length, 0, false);
    const start = this.#makeRoom(bytes);
    this.#frame.set(key, writeRecordHeader(this.#frame, start, sequence, key.length, 0, true, 0));
    sealRecord(this.#frame, start, start + bytes, this.#place, this.#writer.position + start);
    this.#count(start, start + bytes);
  }

  /** Makes all of it durable, but for the file's name; resolves to how it is to be listed, if there is anything in it. */
  async finish(): Promise<SealedSegment | undefined> {
    this.#endFrame();
    await this.#writer.sync();
    await this.#writer.file.close();
    if (this.#highestSequence === 0) return undefined;
    return {
      state: "sealed",
      segmentId: this.segmentId,
      identity: this.#place.identity,
      sealedBytes: this.#writer.position,
      lowestSequence: this.#lowestSequence,
      highestSequence: this.#highestSequence,
      merged: true,
    };
  }

  async close(): Promise<void> {
    await this.#writer.file.close();
  }

  /** Returns where in the frame a record of `bytes` bytes goes. */
  #makeRoom(bytes: number): number {
    if (this.#end + bytes > this.#frame.length) {
      this.#endFrame();
      const frameBytes = FRAME_HEADER_BYTES + bytes;
      this.#frame = frameBytes > this.#ordinary.length ? new Uint8Array(frameBytes) : this.#ordinary;
    }
    // Another frame header for each 128 KiB: only what is left of a segment of nearly 4 GiB might not fit.
    if (this.#writer.position + this.#end + bytes > this.#bytesMax) {
      const words = `what is left of a segment does not fit into another of ${this.#bytesMax} bytes`;
      throw new HashlogError("HASHLOG_NOT_SUPPORTED", words, { path: this.#writer.file.path });
    }
    return this.#end;
  }

  #count(start: number, end: number): void {
    readRecord(this.#frame, start, end, this.#fields);
    const { sequence } = this.#fields;
    this.#end = end;
    this.#frameRecords += 1;
    this.#frameLowest = Math.min(this.#frameLowest, sequence);
    this.#lowestSequence = Math.min(this.#lowestSequence, sequence);
    this.#highestSequence = Math.max(this.#highestSequence, sequence);
  }

  #endFrame(): void {
    if (this.#frameRecords === 0) return;
    const header = {
      recordCount: this.#frameRecords,
      firstSequence: this.#frameLowest,
      floor: this.#floor,
      acknowledgedWhenSynced: false,
      sparse: true,
    };
    sealFrameHeader(this.#frame, 0, this.#end, header, this.#place, this.#writer.position);
    this.#writer.append(this.#frame, 0, this.#end);
    this.#end = FRAME_HEADER_BYTES;
    this.#frameRecords = 0;
    this.#frameLowest = Infinity;
  }
}

const PAYLOAD_BYTES = 128 * 1024;
