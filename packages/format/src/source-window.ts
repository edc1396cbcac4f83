import type { ByteSource } from "./byte-source.ts";

/**
 * A window that slides over a source, forwards only: `bytes[start..end)` is what the source has from `position` on.
 *
 *     source   ......|#################|.................|
 *                    position          + available       limit
 *
 * Memory is bounded by the chunk size or the most that was ever asked for at once, whichever is more; and nobody asks
 * for more than what is left up to `limit`.
 */
export class SourceWindow {
  bytes: Uint8Array;
  start = 0;
  end = 0;
  position: number;
  readonly #source: ByteSource;
  readonly #limit: number;

  constructor(source: ByteSource, from: number, limit: number, chunkBytes: number) {
    this.#source = source;
    this.#limit = limit;
    this.position = from;
    this.bytes = new Uint8Array(Math.max(0, Math.min(chunkBytes, limit - from)));
  }

  /** Bytes that can be looked at without reading. */
  get available(): number {
    return this.end - this.start;
  }

  /** Bytes from `position` to the limit; negative if the window began behind it. */
  get left(): number {
    return this.#limit - this.position;
  }

  /**
   * Makes at least `wanted` bytes available, `wanted` being at most `left`, and as many more as fit. Resolves to
   * `false` if the source has no more to give, though it promised.
   */
  async fill(wanted: number): Promise<boolean> {
    if (this.start + wanted > this.bytes.length) this.#makeRoom(wanted);
    while (this.available < wanted) {
      const position = this.position + this.available;
      const room = Math.min(this.bytes.length - this.end, this.#limit - position);
      const count = await this.#source.read(this.bytes, this.end, room, position);
      if (count <= 0) return false;
      this.end += count;
    }
    return true;
  }

  /** Moves on by `bytes` bytes, at most `available`. */
  advance(bytes: number): void {
    this.start += bytes;
    this.position += bytes;
  }

  #makeRoom(wanted: number): void {
    const target = wanted > this.bytes.length ? new Uint8Array(wanted) : this.bytes;
    target.set(this.bytes.subarray(this.start, this.end));
    this.bytes = target;
    this.end -= this.start;
    this.start = 0;
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
