/**
 * Cuts chunks of bytes, wherever these end, into lines: each up to a line feed, without it and a carriage return before it. The
 * last one needs no line feed. A byte order mark before the first one is left out.
 */
export class LineSplitter {
  readonly #bytesMax: number;
  #chunk: Uint8Array = NO_BYTES;
  #at = 0;
  /** What the chunks before hold of the line that has begun: the first `#kept` bytes. */
  #carry: Uint8Array = NO_BYTES;
  #kept = 0;
  /** The line that was found: `bytes[start..end)`, valid until the next is looked for. */
  bytes: Uint8Array = NO_BYTES;
  start = 0;
  end = 0;
  /** Its number, from 1. */
  number = 0;
  /** Whether a line is longer than it may be: nothing is found any more, and its number is the next one. */
  isTooLong = false;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The next chunk; all lines of the one before were found. */
  push(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** Whether another line ends in the chunk: then it was found. */
  next(): boolean {
    if (this.isTooLong) return false;
    const end = this.#chunk.indexOf(LINE_FEED, this.#at);
    const from = this.#at;
    if (end < 0) {
      this.#at = this.#chunk.length;
      this.#keep(from, this.#at);
      return false;
    }
    this.#at = end + 1;
    if (this.#kept === 0) return this.#found(this.#chunk, from, end);
    return this.#keep(from, end) && this.#foundKept();
  }

  /** Whether there is a line behind the last line feed, when no chunk comes any more: then it was found. */
  last(): boolean {
    return !this.isTooLong && this.#kept > 0 && this.#foundKept();
  }

  #foundKept(): boolean {
    const end = this.#kept;
    this.#kept = 0;
    return this.#found(this.#carry, 0, end);
  }

  #found(bytes: Uint8Array, start: number, end: number): boolean {
    this.number += 1;
    this.bytes = bytes;
    this.start = this.number === 1 && hasMark(bytes, start, end) ? start + BYTE_ORDER_MARK.length : start;
    this.end = end > this.start && bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
    this.isTooLong = this.end - this.start > this.#bytesMax;
    if (this.isTooLong) this.number -= 1;
    return !this.isTooLong;
  }

  /** Puts a part of the chunk behind what is kept, unless that would be too long. */
  #keep(from: number, to: number): boolean {
    const bytes = this.#kept + to - from;
    // A mark may be the first of it, and a carriage return the last: neither counts.
    const most = this.#bytesMax + BYTE_ORDER_MARK.length + 1;
    if (bytes > most) {
      this.isTooLong = true;
      return false;
    }
    if (bytes > this.#carry.length) {
      const grown = new Uint8Array(Math.min(most, Math.max(bytes, this.#carry.length * 2, CARRY_BYTES_FIRST)));
      grown.set(this.#carry.subarray(0, this.#kept));
      this.#carry = grown;
    }
    this.#carry.set(this.#chunk.subarray(from, to), this.#kept);
    this.#kept = bytes;
    return true;
  }
}

function hasMark(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start >= BYTE_ORDER_MARK.length && BYTE_ORDER_MARK.every((byte, index) => bytes[start + index] === byte);
}

const NO_BYTES = new Uint8Array(0);
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const CARRY_BYTES_FIRST = 4096;
