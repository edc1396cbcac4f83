import type { ImageHash } from "@hashlog/fs-io/testing";
import { HashSet } from "./hash-set.ts";

/**
 * Every image that was seen, and every one that was judged under one obligation: an image that several crashes leave is
 * opened once, judged once for each thing that it has to be, and counted once.
 *
 * What counts as a unique image: the directories, and the names and bytes of all files, as a machine finds them when it
 * is switched on after a power cut, or a new process after a kill; told apart by 64 bits of hash. Not the case, the step
 * or the fates that led there, nor the sync policy, the keydir or the clock under which it is opened: one image that is
 * judged under ten obligations counts once. All random identities (of the store, of segments, of the hash) are the same
 * in all cases, so that no two images differ in these alone.
 */
export class SeenImages {
  readonly #images = new HashSet();
  readonly #judged = new HashSet();
  readonly #shown = new Map<string, unknown>();
  readonly #points = new Map<string, ExploredPoint>();
  /** Hashes of new images since they were last taken, two words each. */
  #fresh: number[] = [];
  /** How many crashes were derived, and how many images were opened to see what they show. */
  crashes = 0;
  recoveries = 0;

  get images(): number {
    return this.#images.size;
  }

  /** Counts that image, which is judged together with another. */
  note({ high, low }: ImageHash): void {
    if (this.#images.add(high, low)) this.#fresh.push(high, low);
  }

  /** Whether that image has to be judged under what that hash stands for: how it is opened, and what is asked of it. */
  isNew(image: ImageHash, demand: number): boolean {
    this.note(image);
    return this.#judged.add(image.high ^ demand, image.low ^ Math.imul(demand, 0x9e3779b1));
  }

  /** What opening that image shows, if it is opened in that way: found out once, as far as there is room to remember it. */
  async shownBy<Shown>({ high, low }: ImageHash, way: string, find: () => Promise<Shown>): Promise<Shown> {
    const key = `${high} ${low} ${way}`;
    const known = this.#shown.get(key);
    if (known !== undefined) return known as Shown;
    const found = await find();
    this.recoveries += 1;
    if (this.#shown.size >= REMEMBERED_MAX) this.#shown.clear();
    this.#shown.set(key, found);
    return found;
  }

  /**
   * Goes through a crash point, unless one with the same disk behind it, the same demand and the same plan was gone
   * through before: its crashes count again, as what they leave was judged. Without a `life`: always.
   */
  async goThrough(life: string | undefined, explore: () => Promise<ExploredPoint>): Promise<ExploredPoint> {
    if (life === undefined) return explore();
    const known = this.#points.get(life);
    if (known !== undefined) {
      this.crashes += known.crashes;
      return known;
    }
    const explored = await explore();
    if (this.#points.size >= REMEMBERED_MAX) this.#points.clear();
    this.#points.set(life, explored);
    return explored;
  }

  /** The hashes that came since the last call, for somebody who counts over several processes. */
  takeFresh(): Uint32Array {
    const fresh = Uint32Array.from(this.#fresh);
    this.#fresh = [];
    return fresh;
  }
}

/** A crash point that was gone through: how many crashes, and whether all that there are. */
export interface ExploredPoint {
  readonly crashes: number;
  readonly isComplete: boolean;
}

const REMEMBERED_MAX = 50_000;
