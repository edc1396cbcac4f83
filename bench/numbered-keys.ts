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
}

function nextCoprime(from: number, other: number): number {
  let number = Math.max(1, from);
  while (commonDivisor(number, other) !== 1) number += 1;
  return number;
}

function commonDivisor(one: number, other: number): number {
  return other === 0 ? one : commonDivisor(other, one % other);
}
