import { HashSet, hashText } from "./hash-set.ts";

/** What a crash left: an image, and whatever else decides what opening it shows. */
export interface ImageState {
  /** The image's hash, 16 hexadecimal digits. */
  readonly image: string;
  /** How the store is opened; and of a machine that did not lose power, what is durable. */
  readonly standing: string;
}

/**
 * Every image that was seen, and every one that was judged under one obligation: an image that several crashes leave is
 * opened once, judged once for each thing that it has to be, and counted once.
 *
 * All random identities (of the store, of segments, of the hash) are the same in all cases, so that no two images differ
 * in these alone.
 */
export class SeenImages {
  readonly #images = new HashSet();
  readonly #judged = new HashSet();
  readonly #contents = new Map<string, ReadonlyMap<string, string>>();
  /** Hashes of new images since they were last taken, two words each. */
  #fresh: number[] = [];
  /** How many crashes were derived, and how many images were opened to see what they show. */
  crashes = 0;
  recoveries = 0;

  get images(): number {
    return this.#images.size;
  }

  /** Whether that image has to be judged under what that key stands for. */
  isNew({ image, standing }: ImageState, obligation: string): boolean {
    const [high, low] = [Number.parseInt(image.slice(0, 8), 16), Number.parseInt(image.slice(8), 16)];
    if (this.#images.add(high, low)) this.#fresh.push(high, low);
    const demand = hashText(standing) ^ hashText(obligation);
    return this.#judged.add(high ^ demand, low ^ Math.imul(demand, 0x9e3779b1));
  }

  /** What opening that state at that time shows: found out once, as far as there is room to remember it. */
  async contentsOf(
    { image, standing }: ImageState,
    nowMs: number,
    find: () => Promise<ReadonlyMap<string, string>>,
  ): Promise<ReadonlyMap<string, string>> {
    const key = `${image} ${standing} ${nowMs}`;
    const known = this.#contents.get(key);
    if (known !== undefined) return known;
    const found = await find();
    this.recoveries += 1;
    if (this.#contents.size >= REMEMBERED_MAX) this.#contents.clear();
    this.#contents.set(key, found);
    return found;
  }

  /** The hashes that came since the last call, for somebody who counts over several processes. */
  takeFresh(): Uint32Array {
    const fresh = Uint32Array.from(this.#fresh);
    this.#fresh = [];
    return fresh;
  }
}

const REMEMBERED_MAX = 50_000;
