import {
  decodeManifest,
  decodeSegmentHeader,
  FRAME_HEADER_BYTES,
  newRecordFields,
  placeOf,
  readFrameHeader,
  readRecord,
  segmentFileName,
  SEGMENT_HEADER_BYTES,
  type Place,
} from "@hashlog/format";
import type { AppendFile, FileSystem } from "@hashlog/fs-io";
import type { SimulatedDisk } from "@hashlog/fs-io/testing";

/**
 * Watches the bytes that a store hands to its file system, and what of them the disk knows to be durable: what of the
 * log must survive is told by the disk, never by the store.
 */
export class LogObserver {
  readonly #disk: SimulatedDisk;
  readonly #places = new Map<string, Place>();
  readonly #frames: ObservedFrame[] = [];
  readonly #durable = new Set<number>();
  readonly #listed = new Set<string>();
  /** Records in the order of their sequences, as they first appeared in the log. */
  readonly records: ObservedRecord[] = [];
  #highest = 0;
  onChange: () => void = () => undefined;

  constructor(disk: SimulatedDisk) {
    this.#disk = disk;
    disk.onOperation = (event) => {
      if (event.type === "step" && event.operation.kind === "sync") this.#noteDurable();
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
        if (name === "replace") return (path: string, bytes: Uint8Array) => this.#replace(target, path, bytes);
        return typeof member === "function" ? (member.bind(target) as unknown) : member;
      },
    });
  }

  async #replace(fileSystem: FileSystem, path: string, bytes: Uint8Array): Promise<void> {
    await fileSystem.replace(path, bytes);
    const manifest = decodeManifest(bytes);
    if (manifest.kind !== "ok") throw new Error("the store wrote a manifest that does not parse");
    for (const { segmentId } of manifest.value.segments) this.#listed.add(segmentFileName(segmentId));
    this.#noteDurable();
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
      if (!readRecord(bytes, at, bytes.length, fields)) throw new Error("the store appended a frame that does not parse");
      if (fields.sequence <= this.#highest) continue;
      this.#highest = fields.sequence;
      this.records.push({
        sequence: fields.sequence,
        key: text(fields.keyStart, fields.keyEnd),
        value: fields.tombstone ? undefined : text(fields.valueStart, fields.valueEnd),
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
}
