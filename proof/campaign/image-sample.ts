import { HashSet } from "../crashing/hash-set.ts";

/**
 * One image in 1,024, chosen by its hash, over all runs of a long proof: so that images that a later run leaves again count once,
 * and what has to be kept from run to run is some hundred kilobytes, and not some hundred megabytes.
 *
 * Within a run every image is told apart. Between runs, of the images that are chosen it is known which an earlier run has left, and
 * there are 1,024 times as many in all, give or take (P. Gibbons, "Distinct Sampling for Highly-Accurate Answers to Distinct
 * Values Queries", VLDB 2001).
 */
export class ImageSample {
  readonly #earlier = new HashSet();
  /** Two words each. */
  readonly #hashes: number[] = [];
  #again = 0;

  /** `base64`: what `encode` gave of the runs before. @throws Error for anything else */
  constructor(base64: string = "") {
    const bytes = Buffer.from(base64, "base64");
    if (bytes.length % 8 !== 0) throw new Error("a sample of images is 8 bytes for each");
    for (let at = 0; at < bytes.length; at += 8) {
      const [high, low] = [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)];
      if (!isChosen(high, low) || !this.#earlier.add(high, low))
        throw new Error("a sample of images holds another hash");
      this.#hashes.push(high, low);
    }
  }

  /** Images of this run that are chosen, and that an earlier one had left. */
  get again(): number {
    return this.#again;
  }

  /** An image that is new in this run. */
  note(high: number, low: number): void {
    if (!isChosen(high, low)) return;
    if (this.#earlier.add(high, low)) this.#hashes.push(high, low);
    else this.#again += 1;
  }

  encode(): string {
    const bytes = Buffer.alloc(this.#hashes.length * 4);
    for (const [index, word] of this.#hashes.entries()) bytes.writeUInt32LE(word, index * 4);
    return bytes.toString("base64");
  }
}

/** Of how many images one is chosen. */
export const IMAGES_A_SAMPLE = 1024;

function isChosen(high: number, low: number): boolean {
  return Math.imul(high ^ low, 0x9e3779b1) >>> 22 === 0;
}
