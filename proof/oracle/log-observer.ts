import {
  decodeManifest,
  decodeSegmentHeader,
  FRAME_HEADER_BYTES,
  MANIFEST_NAME,
  newRecordFields,
  placeOf,
  readFrameHeader,
  readRecord,
  segmentFileName,
  SEGMENT_HEADER_BYTES,
  type Place,
} from "@hashlog/format";
import type { AppendFile, FileSystem } from "@hashlog/fs-io";
import { crashPointAt, type DiskTraits, type SimulatedDisk, type TraceEvent } from "@hashlog/fs-io/testing";

/**
 * Watches the bytes that a store hands to its file system, and what of them the disk knows to be durable: what of the
 * log must survive is told by the disk, never by the store.
 *
 * A record must survive once its frame's bytes are durable in a segment that the durable manifest lists. It must do so
 * for ever: whatever takes the segment out of the manifest later has to have put the record somewhere else.
 */
export class LogObserver {
  readonly #disk: SimulatedDisk;
  readonly #directory: string;
  /** Whether the sync of a file may make directory entries durable. */
  readonly #syncsNames: boolean;
  readonly #places = new Map<string, Place>();
  #frames: ObservedFrame[] = [];
  readonly #durable = new Set<number>();
  readonly #listed = new Set<string>();
  /** Records in the order of their sequences, as they first appeared in the log. */
  readonly records: ObservedRecord[] = [];
  #highest = 0;
  onChange: () => void = () => undefined;
  /** Told each line of the trace before it is looked at here: a disk has one listener only. */
  onEvent: (event: TraceEvent) => void = () => undefined;

  constructor(disk: SimulatedDisk, directory: string, { platform, safeFileFlush }: DiskTraits = {}) {
    this.#disk = disk;
    this.#directory = directory;
    this.#syncsNames = platform === "windows" || safeFileFlush === true;
    disk.onOperation = (event) => {
      this.onEvent(event);
      if (event.type !== "step" || event.operation.kind !== "sync") return;
      if (this.#syncsNames || event.operation.path === directory) this.#noteManifest();
      this.#noteDurable();
    };
  }

  isDurable(sequence: number): boolean {
    return this.#durable.has(sequence);
  }

  /** The file system, watched. */
  watch(fileSystem: FileSystem): FileSystem {
    return new Proxy(fileSystem, {
      get: (target, name) => {
        const member = Reflect.get(target, name, target) as unknown;
        if (name === "create" || name === "openAppend") {
          return async (path: string) => this.#watchFile(await target[name](path));
        }
        return typeof member === "function" ? (member.bind(target) as unknown) : member;
      },
    });
  }

  /** The power was cut: what was in flight may be on the disk or not, and only what was durable counts. */
  powerWasCut(): void {
    this.#frames = [];
  }

  /** The store was opened again, and shows these. */
  recovered(sequences: Iterable<number>): void {
    for (const sequence of sequences) this.#durable.add(sequence);
  }

  #noteManifest(): void {
    const bytes = crashPointAt(this.#disk, this.#disk.position)
      .image([], "drop-all")
      .bytes(`${this.#directory}/${MANIFEST_NAME}`);
    if (bytes === undefined) return;
    const manifest = decodeManifest(bytes);
    if (manifest.kind !== "ok") throw new Error("the durable manifest does not parse");
    for (const { segmentId } of manifest.value.segments) this.#listed.add(segmentFileName(segmentId));
  }

  #watchFile(file: AppendFile): AppendFile {
    if (!file.path.endsWith(".segment")) return file;
    return new Proxy(file, {
      get: (target, name) => {
        const member = Reflect.get(target, name, target) as unknown;
        if (name === "append") {
          return (source: Uint8Array, start: number, end: number): void => {
            const offset = target.size();
            target.append(source, start, end);
            this.#noteAppend(target.path, source.slice(start, end), offset);
          };
        }
        return typeof member === "function" ? (member.bind(target) as unknown) : member;
      },
    });
  }

  #noteAppend(path: string, bytes: Uint8Array, offset: number): void {
    if (offset === 0 && bytes.length === SEGMENT_HEADER_BYTES) {
      const header = decodeSegmentHeader(bytes);
      if (header.kind === "ok") this.#places.set(path, placeOf(header.value.identity));
      return;
    }
    const frame = readFrameHeader(bytes, 0, bytes.length, this.#places.get(path)!, offset);
    if (frame === undefined || frame.sparse) return;
    const sequences = { first: frame.firstSequence, last: frame.firstSequence + frame.recordCount - 1 };
    this.#frames.push({ path, end: offset + bytes.length, ...sequences });
    if (sequences.last > this.#highest) this.#noteRecords(bytes);
    this.onChange();
  }

  #noteRecords(bytes: Uint8Array): void {
    const fields = newRecordFields();
    const text = (start: number, end: number): string => new TextDecoder().decode(bytes.subarray(start, end));
    for (let at = FRAME_HEADER_BYTES; at < bytes.length; at = fields.end) {
      if (!readRecord(bytes, at, bytes.length, fields)) {
        throw new Error("the store appended a frame that does not parse");
      }
      if (fields.sequence <= this.#highest) continue;
      this.#highest = fields.sequence;
      this.records.push({
        sequence: fields.sequence,
        key: text(fields.keyStart, fields.keyEnd),
        value: fields.tombstone ? undefined : text(fields.valueStart, fields.valueEnd),
        expiresAtMs: fields.expiresAtMs,
      });
    }
  }

  #noteDurable(): void {
    for (const { path, end, first, last } of this.#frames) {
      // A segment that no durable manifest lists is not found, however durable its bytes are.
      if (this.#durable.has(last) || !this.#listed.has(path.slice(path.lastIndexOf("/") + 1))) continue;
      if (this.#disk.durableBytes(path) < end) continue;
      for (let sequence = first; sequence <= last; sequence += 1) this.#durable.add(sequence);
    }
    this.onChange();
  }
}

interface ObservedFrame {
  readonly path: string;
  readonly end: number;
  readonly first: number;
  readonly last: number;
}

export interface ObservedRecord {
  readonly sequence: number;
  readonly key: string;
  /** `undefined`: a tombstone. */
  readonly value: string | undefined;
  readonly expiresAtMs: number;
}
