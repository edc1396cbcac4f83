import type { ByteSource } from "./byte-source.ts";

/**
 * A window that slides over a source, forwards only: `bytes[start..end)` is what the source has from `position` on.
 *
 *     source   ......|#################|~~~~~~~~~~~|........|
 *                    position          + available          limit
 *                                       read ahead
 *
 * While its bytes are being looked at the next ones are read, into a second buffer, behind room for what the window will
 * have left of its own by then. Memory is bounded by four times the chunk size, or by the most that was ever asked for at
 * once and a chunk for each buffer; and nobody asks for more than what is left up to `limit`.
 *
 * Whoever made a window calls `settle` before the source may go.
 */
export class SourceWindow {
  bytes: Uint8Array = new Uint8Array();
  start = 0;
  end = 0;
  position: number;
  readonly #source: ByteSource;
  readonly #limit: number;
  readonly #chunkBytes: number;
  /** Where in `#next` what is read begins. */
  readonly #lead: number;
  #next: Uint8Array = new Uint8Array();
  /** The read that is under way, into `#next`. */
  #reading: Promise<number> | undefined;

  constructor(source: ByteSource, from: number, limit: number, chunkBytes: number) {
    this.#source = source;
    this.#limit = limit;
    this.position = from;
    this.#chunkBytes = Math.max(0, Math.min(chunkBytes, limit - from));
    this.#lead = limit - from > chunkBytes ? chunkBytes : 0;
  }

  /** Bytes that can be looked at without waiting. */
  get available(): number {
    return this.end - this.start;
  }

  /** Bytes from `position` to the limit; negative if the window began behind it. */
  get left(): number {
    return this.#limit - this.position;
  }

  /**
   * Makes at least `wanted` bytes available, `wanted` being at most `left`, and as many more as there are. Resolves to
   * `false` if the source has no more to give, though it promised.
   */
  async fill(wanted: number): Promise<boolean> {
    while (this.available < wanted) {
      const reading = this.#reading ?? this.#read();
      this.#reading = undefined;
      const count = await reading;
      if (count <= 0) return false;
      this.#take(count, wanted);
      if (this.available < this.left) this.#reading = this.#read();
    }
    return true;
  }

  /** Moves on by `bytes` bytes, at most `available`. */
  advance(bytes: number): void {
    this.start += bytes;
    this.position += bytes;
  }

  /** Resolves, never rejects, when nothing is being read any more. */
  async settle(): Promise<void> {
    await this.#reading?.catch(() => {});
  }

  #read(): Promise<number> {
    const position = this.position + this.available;
    const bytes = Math.min(this.#chunkBytes, this.#limit - position);
    const wanted = this.#lead + bytes;
    if (this.#next.length < wanted) this.#next = new Uint8Array(wanted);
    const reading = this.#source.read(this.#next, this.#lead, bytes, position);
    // Whoever waits for it is told; and if the scan ends before, nobody has to know.
    reading.catch(() => {});
    return reading;
  }

  /** Adds the `count` bytes that were read. */
  #take(count: number, wanted: number): void {
    const left = this.bytes.subarray(this.start, this.end);
    const read = this.#next.subarray(this.#lead, this.#lead + count);
    if (left.length > this.#lead) return this.#append(left, read, wanted);
    this.#next.set(left, this.#lead - left.length);
    [this.bytes, this.#next] = [this.#next, this.bytes];
    this.start = this.#lead - left.length;
    this.end = this.#lead + count;
  }

  /** What is left is more than there is room for before what was read: it is part of something that is longer than a chunk. */
  #append(left: Uint8Array, read: Uint8Array, wanted: number): void {
    const isRoomBehind = this.end + read.length <= this.bytes.length;
    if (!isRoomBehind) {
      const isRoom = left.length + read.length <= this.bytes.length;
      if (!isRoom) this.bytes = new Uint8Array(Math.max(wanted, left.length) + this.#chunkBytes);
      this.bytes.set(left);
      this.start = 0;
      this.end = left.length;
    }
    this.bytes.set(read, this.end);
    this.end += read.length;
  }
}

/** Fills `target` from `position` on; resolves to `false` if the source has less. */
export async function readFully(source: ByteSource, target: Uint8Array, position: number): Promise<boolean> {
  for (let at = 0; at < target.length;) {
    const count = await source.read(target, at, target.length - at, position + at);
    if (count <= 0) return false;
    at += count;
  }
  return true;
}
