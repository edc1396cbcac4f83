/** Which keys are touched, how, and with what: the same operations in the same order for the same seed. */
import { recordBytes } from "@hashlog/format";
import { NumberedKeys } from "../numbered-keys.ts";
import { SeededRandom } from "../random.ts";
import { Zipf } from "../zipf.ts";

/** How unequally keys are touched. */
export const ZIPF_EXPONENT = 0.99;
/** Of the writes; the others are puts that stay. */
export const SHARE_OF_DELETES = 0.05;
export const SHARE_WITH_TTL = 0.1;
const TTL_MS_LEAST = 1000;
const TTL_MS_MOST = 60_000;
const VALUE_BYTES_LEAST = 100;
const VALUE_BYTES_MOST = 4096;
/** Makes small values frequent: with it they are 1024 bytes on average. */
const SIZE_POWER = (VALUE_BYTES_MOST - VALUE_BYTES_LEAST) / (1024 - VALUE_BYTES_LEAST) - 1;
/** Values are cut from so many random bytes, so that making them costs next to nothing. */
const POOL_BYTES = 2 ** 20;

/** A write. The value is good until the next one is asked for. */
export type Write =
  | { readonly kind: "put"; readonly key: Buffer; readonly value: Buffer; readonly ttlMs: number | undefined }
  | { readonly kind: "delete"; readonly key: Buffer };

/** A source of operations on keys of which, in the long run, so many are there that they take `liveBytes`. */
export class Workload {
  /** How many keys there are, or could be. */
  readonly count: number;
  readonly #keys: NumberedKeys;
  readonly #zipf: Zipf;
  readonly #random: SeededRandom;
  readonly #pool: Buffer;

  constructor(liveBytes: number, seed: number) {
    this.#random = new SeededRandom(seed);
    this.count = Math.max(1, Math.round(liveBytes / MEAN_RECORD_BYTES / SHARE_THAT_STAYS));
    this.#keys = new NumberedKeys(this.count);
    this.#zipf = new Zipf(this.count, ZIPF_EXPONENT, () => this.#random.fraction());
    this.#pool = Buffer.alloc(POOL_BYTES);
    for (let at = 0; at < POOL_BYTES; at += 4) this.#pool.writeUInt32LE(this.#random.integer(2 ** 32), at);
  }

  /**
   * What the store begins with: each key with a put that stays, but for as many as will be deleted or expired in the long
   * run, so that the store has its size from the beginning.
   */
  *first(): Generator<{ key: Buffer; value: Buffer }> {
    for (let index = 0; index < this.count; index += 1) {
      if (this.#random.fraction() >= SHARE_THAT_STAYS) continue;
      const number = this.#keys.scattered(index);
      yield { key: this.#keys.at(number), value: Buffer.from(this.#value(number)) };
    }
  }

  write(): Write {
    const number = this.#touched();
    const key = this.#keys.at(number);
    const kind = this.#random.fraction();
    if (kind < SHARE_OF_DELETES) return { kind: "delete", key };
    const expires = kind < SHARE_OF_DELETES + SHARE_WITH_TTL;
    const ttlMs = expires ? TTL_MS_LEAST + this.#random.integer(TTL_MS_MOST - TTL_MS_LEAST) : undefined;
    return { kind: "put", key, value: this.#value(number), ttlMs };
  }

  /** The number of a key to be read, and the key. */
  read(): { number: number; key: Buffer } {
    const number = this.#touched();
    return { number, key: this.#keys.at(number) };
  }

  /** Each value says whose it is: `true` for one that this key may have. */
  static belongs(number: number, value: Uint8Array): boolean {
    const isLongEnough = value.length >= VALUE_BYTES_LEAST && value.length <= VALUE_BYTES_MOST;
    return isLongEnough && new DataView(value.buffer, value.byteOffset).getUint32(0, true) === number;
  }

  /** Frequent keys are scattered over all numbers: neighbours have nothing in common. */
  #touched(): number {
    return this.#keys.scattered(this.#zipf.next() - 1);
  }

  #value(number: number): Buffer {
    const bytes = valueBytes(this.#random.fraction());
    const at = this.#random.integer(POOL_BYTES - bytes);
    this.#pool.writeUInt32LE(number, at);
    return this.#pool.subarray(at, at + bytes);
  }
}

/** How long a value is, for a fraction from 0 up to 1. */
export function valueBytes(fraction: number): number {
  return VALUE_BYTES_LEAST + Math.floor((VALUE_BYTES_MOST - VALUE_BYTES_LEAST + 1) * fraction ** SIZE_POWER);
}

const SHARE_THAT_STAYS = 1 - SHARE_OF_DELETES - SHARE_WITH_TTL;
const MEAN_RECORD_BYTES = recordBytes(NumberedKeys.BYTES, 1024, false);
