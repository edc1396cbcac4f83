/** One log: a file of checksummed frames, which is only appended to. Merges read such files and write them. */
import { randomBytes } from "node:crypto";
import { writeSync } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { MergeInput, MergeOutput } from "@hashlog/compactor";
import {
  type ByteSource,
  decodeSegmentHeader,
  encodeSegmentHeader,
  type Place,
  placeOf,
  SEGMENT_HEADER_BYTES,
  segmentFileName,
} from "@hashlog/format";

/** What the folder's list says of a log that is finished. */
export interface LogFacts {
  readonly sealedBytes: number;
  readonly lowestSequence: number;
  readonly highestSequence: number;
  readonly recordCount: number;
  readonly recordBytes: number;
  readonly tombstoneCount: number;
  readonly tombstoneBytes: number;
  readonly merged: boolean;
}

export class LogFile implements MergeInput, MergeOutput {
  readonly segmentId: number;
  readonly place: Place;
  /** Where the next byte will lie. */
  position: number;
  facts: LogFacts | undefined;
  readonly #path: string;
  readonly #file: FileHandle;

  private constructor(path: string, file: FileHandle, segmentId: number, identity: bigint, position: number) {
    this.#path = path;
    this.#file = file;
    this.segmentId = segmentId;
    this.place = placeOf(identity);
    this.position = position;
  }

  /** A new log, which the folder's list does not name yet. */
  static async create(folder: string, segmentId: number): Promise<LogFile> {
    const path = join(folder, segmentFileName(segmentId));
    const identity = randomBytes(8).readBigUInt64LE();
    const file = await open(path, "wx+");
    const log = new LogFile(path, file, segmentId, identity, 0);
    log.append(encodeSegmentHeader({ segmentId, identity }), 0, SEGMENT_HEADER_BYTES);
    return log;
  }

  static async open(folder: string, segmentId: number, facts: LogFacts): Promise<LogFile> {
    const path = join(folder, segmentFileName(segmentId));
    const file = await open(path, "r");
    const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
    await file.read(bytes, 0, bytes.length, 0);
    const header = decodeSegmentHeader(bytes);
    if (header.kind !== "ok" || header.value.segmentId !== segmentId) throw new Error(`${path} is not that log`);
    const log = new LogFile(path, file, segmentId, header.value.identity, facts.sealedBytes);
    log.facts = facts;
    return log;
  }

  get sealedBytes(): number {
    return this.position;
  }

  get lowestSequence(): number {
    return this.facts?.lowestSequence ?? Infinity;
  }

  get highestSequence(): number {
    return this.facts?.highestSequence ?? 0;
  }

  get source(): ByteSource {
    return { bytes: this.position, read: (target, at, bytes, position) => this.read(target, at, bytes, position) };
  }

  async read(target: Uint8Array, at: number, bytes: number, position: number): Promise<number> {
    return (await this.#file.read(target, at, bytes, position)).bytesRead;
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    // A volume that is nearly full takes a part, and refuses only what is left of it.
    for (let at = start; at < end;) {
      const taken = writeSync(this.#file.fd, bytes, at, end - at, this.position);
      at += taken;
      this.position += taken;
    }
  }

  sync(): Promise<void> {
    return this.#file.datasync();
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async remove(): Promise<void> {
    await this.#file.close();
    await rm(this.#path, { force: true });
  }
}
