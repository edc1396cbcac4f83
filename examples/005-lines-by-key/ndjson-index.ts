/** Where every line of an NDJSON file lies, by a key that is somewhere in it. The file is only ever read. */
import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { hashKeydir, type Keydir, type RecordLocation } from "@hashlog/index";

export class NdjsonIndex<T> {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #keyOf: (value: T) => string;
  readonly #keydir: Keydir = hashKeydir({ hashKey: randomBytes(16) });
  /** Up to here the file is in the index: the end of a line. */
  #end = 0;
  /** Readings wait for each other: each goes on where the one before it has ended, or failed. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(file: FileHandle, path: string, keyOf: (value: T) => string) {
    this.#file = file;
    this.#path = path;
    this.#keyOf = keyOf;
  }

  static async open<T>(path: string, keyOf: (value: T) => string): Promise<NdjsonIndex<T>> {
    const index = new NdjsonIndex(await open(path, "r"), path, keyOf);
    await index.catchUp();
    return index;
  }

  get size(): number {
    return this.#keydir.size;
  }

  get memoryBytes(): number {
    return this.#keydir.memoryBytes;
  }

  /** Takes in the lines that were appended since. Of a key that comes again the last line counts. Returns how many there were. */
  catchUp(): Promise<number> {
    const reading = this.#last.then(() => this.#readOn());
    this.#last = reading.catch(() => undefined);
    return reading;
  }

  async #readOn(): Promise<number> {
    let lines = 0;
    let left = Buffer.alloc(0);
    for await (const chunk of createReadStream(this.#path, { start: this.#end, highWaterMark: 1 << 18 })) {
      const bytes = Buffer.concat([left, chunk as Buffer]);
      let start = 0;
      for (let newline = bytes.indexOf(10); newline !== -1; newline = bytes.indexOf(10, start)) {
        this.#add(bytes.subarray(start, newline));
        start = newline + 1;
        lines += 1;
      }
      left = bytes.subarray(start); // without its end: the rest comes with the next chunk, or is not written yet
    }
    return lines;
  }

  /** One look into memory, one read of the line. `undefined` if no line has this key. */
  async get(key: string): Promise<T | undefined> {
    const place = newPlace();
    const keyBytes = Buffer.from(key);
    if (!this.#keydir.find(keyBytes, 0, keyBytes.length, place)) return undefined;
    const line = Buffer.alloc(place.valueBytes);
    await this.#file.read(line, 0, line.length, offsetOf(place));
    const value = JSON.parse(line.toString()) as T;
    if (this.#keyOf(value) !== key) throw new Error(`${this.#path} was changed where it has been read before`);
    return value;
  }

  /** The keys that begin with `prefix`, in order. The first call puts all keys in order, and they are kept so. */
  keys(prefix: string): string[] {
    const ordering = this.#keydir.beginOrdering();
    while (!ordering.step());
    const view = this.#keydir.openView();
    const cursor = view.openCursor({ from: Buffer.from(prefix), to: Buffer.from(`${prefix}\u{10ffff}`) });
    const keys: string[] = [];
    for (let page = cursor.nextPage(); page !== undefined; page = cursor.nextPage()) {
      const bytes = Buffer.from(page.keys);
      for (let i = 0; i < page.count; i++) keys.push(bytes.toString("utf8", page.keyEnds[i - 1] ?? 0, page.keyEnds[i]));
    }
    view.close();
    return keys;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #add(line: Buffer): void {
    const key = Buffer.from(this.#keyOf(JSON.parse(line.toString()) as T));
    this.#keydir.put(key, 0, key.length, placeAt(this.#end, line.length), newPlace());
    this.#end += line.length + 1;
  }
}

/** An offset of the keydir has 32 bits. The slot, which numbers the files of a store, has room for the bits above. */
function placeAt(offset: number, valueBytes: number): RecordLocation {
  return { segmentSlot: Math.floor(offset / 2 ** 32), offset: offset % 2 ** 32, valueBytes, expiresAtMs: 0 };
}

function offsetOf({ segmentSlot, offset }: RecordLocation): number {
  return segmentSlot * 2 ** 32 + offset;
}

function newPlace(): RecordLocation {
  return { segmentSlot: 0, offset: 0, valueBytes: 0, expiresAtMs: 0 };
}
