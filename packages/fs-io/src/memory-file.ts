import { FsError } from "./errors.ts";
import type { AppendFile } from "./file-system.ts";
import { checkRange } from "./range.ts";

/** The bytes of a file in memory. Lives as long as a name or a handle leads to it. */
export class MemoryContent {
  #room: Uint8Array = new Uint8Array(0);
  bytes = 0;

  append(source: Uint8Array, start: number, end: number): void {
    const total = this.bytes + end - start;
    if (total > this.#room.length) this.#grow(total);
    this.#room.set(source.subarray(start, end), this.bytes);
    this.bytes = total;
  }

  read(target: Uint8Array, at: number, bytes: number, position: number): number {
    const piece = this.#room.subarray(Math.min(position, this.bytes), Math.min(position + bytes, this.bytes));
    target.set(piece, at);
    return piece.length;
  }

  #grow(bytes: number): void {
    const room = new Uint8Array(Math.max(bytes, 2 * this.#room.length));
    room.set(this.#room);
    this.#room = room;
  }
}

/** A handle on a file in memory, for reading and appending. */
export class MemoryFile implements AppendFile {
  readonly path: string;
  readonly #content: MemoryContent;
  #open = true;

  constructor(content: MemoryContent, path: string) {
    this.#content = content;
    this.path = path;
  }

  size(): number {
    this.#mustBeOpen("size");
    return this.#content.bytes;
  }

  readSync(target: Uint8Array, at: number, bytes: number, position: number): number {
    this.#mustBeOpen("readSync");
    checkRange("readSync", this.path, target, at, at + bytes, position);
    return this.#content.read(target, at, bytes, position);
  }

  async read(target: Uint8Array, at: number, bytes: number, position: number): Promise<number> {
    this.#mustBeOpen("read");
    checkRange("read", this.path, target, at, at + bytes, position);
    return this.#content.read(target, at, bytes, position);
  }

  append(source: Uint8Array, start: number, end: number): void {
    this.#mustBeOpen("append");
    checkRange("append", this.path, source, start, end, 0);
    this.#content.append(source, start, end);
  }

  /** Memory is as durable at once as it ever gets. */
  async sync(): Promise<void> {
    this.#mustBeOpen("sync");
  }

  async close(): Promise<void> {
    this.#open = false;
  }

  #mustBeOpen(operation: string): void {
    if (this.#open) return;
    throw new FsError("FS_CLOSED", `${operation} on "${this.path}", which is closed`, { operation, path: this.path });
  }
}
