/** Keys 0 to `count - 1`: sixteen digits, so that they have much in common, as keys of applications have. */
export class NumberedKeys {
  readonly count: number;
  /** Has no divisor in common with `count`, and is far from a small fraction of it. */
  readonly #step: number;

  constructor(count: number) {
    this.count = count;
    this.#step = nextCoprime(Math.floor(count * 0.618_033_988_75), count);
  }

  at(number: number): Buffer {
    return Buffer.from(String(number).padStart(NumberedKeys.BYTES, "0"));
  }

  /** For 0 to `count - 1` each number below `count` once, in an order that has nothing to do with their size. */
  scattered(index: number): number {
    return (index * this.#step) % this.count;
  }

  static readonly BYTES = 16;

  /** Writes a number's sixteen digits into a buffer, and gives it back: quicker than to make a string of it first. */
  static write(buffer: Buffer, number: number): Buffer {
    let high = Math.floor(number / 1e8);
    let low = number - high * 1e8;
    for (let at = NumberedKeys.BYTES - 1; at >= 8; at -= 1) {
      const rest = (low / 10) | 0;
      buffer[at] = ZERO + low - rest * 10;
      low = rest;
    }
    for (let at = 7; at >= 0; at -= 1) {
      const rest = (high / 10) | 0;
      buffer[at] = ZERO + high - rest * 10;
      high = rest;
    }
    return buffer;
  }

  /** The number that was written. */
  static numberOf(key: Uint8Array): number {
    let number = 0;
    for (let at = 0; at < NumberedKeys.BYTES; at += 1) number = number * 10 + key[at]! - ZERO;
    return number;
  }
}

function nextCoprime(from: number, other: number): number {
  let number = Math.max(1, from);
  while (commonDivisor(number, other) !== 1) number += 1;
  return number;
}

function commonDivisor(one: number, other: number): number {
  return other === 0 ? one : commonDivisor(other, one % other);
}

const ZERO = 48;
