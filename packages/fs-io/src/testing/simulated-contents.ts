import { ImageFile } from "./disk-image.ts";

const SMALLEST_BUFFER = 256;

/**
 * The bytes of one simulated file, shared by the running disk and by every crash image derived from it.
 *
 * That works because files only grow: what lies at an offset never changes, so the file as it was at any earlier
 * moment is a prefix of what it is now, and a step of the trace needs to say only from where to where. Bytes that came
 * from an image or from another disk are copied when the file is first appended to, never before.
 */
export class FileContents {
  #buffer: Uint8Array;
  #borrowed: boolean;
  readonly #prefixes = new Map<number, ImageFile>();

  /** The bytes of `origin` are never written to. */
  constructor(origin: ImageFile = new ImageFile(new Uint8Array(0))) {
    this.#buffer = origin.bytes;
    this.#borrowed = true;
    this.#prefixes.set(origin.bytes.length, origin);
  }

  /** All bytes ever appended; some more may follow in the buffer. Not to be changed. */
  get buffer(): Uint8Array {
    return this.#buffer;
  }

  /** Puts `source[start..end)` at `offset`, which is the file's end. */
  write(offset: number, source: Uint8Array, start: number, end: number): void {
    const needed = offset + end - start;
    if (this.#borrowed || needed > this.#buffer.length) this.#grow(offset, needed);
    this.#buffer.set(source.subarray(start, end), offset);
  }

  /** Makes room for so many bytes in all, of which the first `used` are there: for somebody who appends piece by piece. */
  makeRoom(used: number, bytes: number): void {
    if (bytes > this.#buffer.length) this.#grow(used, bytes);
  }

  /** The first `bytes` bytes, as a file of an image; the same object each time, as it keeps its hash. */
  prefix(bytes: number): ImageFile {
    let file = this.#prefixes.get(bytes);
    if (file === undefined) {
      file = new ImageFile(this.#buffer.subarray(0, bytes));
      this.#prefixes.set(bytes, file);
    }
    return file;
  }

  /** The first `bytes` bytes for another disk, which may go on differently. */
  fork(bytes: number): FileContents {
    return new FileContents(this.prefix(bytes));
  }

  #grow(used: number, needed: number): void {
    const grown = new Uint8Array(Math.max(needed, used * 2, SMALLEST_BUFFER));
    grown.set(this.#buffer.subarray(0, used));
    this.#buffer = grown;
    this.#borrowed = false;
  }
}

/** The contents of every file that the disk ever had, by the file's number. */
export type Contents = Map<number, FileContents>;
