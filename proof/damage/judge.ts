import type { Damage, DiskImage } from "@hashlog/fs-io/testing";
import { mustMatterToNobody } from "../properties/p09-hint-equivalence.ts";
import {
  mustBeRightOrTold,
  mustForgiveTornTail,
  mustNameDamage,
  mustNotLose,
  mustReportLoss,
  type LogOutcome,
} from "../properties/p10-corruption-honesty.ts";
import { logOutcome } from "./log-outcome.ts";
import { openImage, type Opened } from "./opening.ts";
import { readEverything, readQuickly } from "./reading.ts";
import { isCache, unsealedPaths } from "./store-files.ts";
import type { SmallStore } from "./stores.ts";

/**
 * Opens a store on which something was damaged, and demands of everything it then says that it is right, or an error
 * that says it is damaged (P10, P17); and of damaged caches that nobody can tell (P9). What may be missing without an
 * error is exactly what `logOutcome` gives up.
 */
export class DamageJudge {
  readonly #store: SmallStore;
  readonly #whole: LogOutcome & { readonly kind: "readable" };
  readonly #unsealed: ReadonlySet<string>;
  /** How many damages were tried. */
  tried = 0;
  /** How many of them the opening refused. */
  refused = 0;
  /** How many stores opened, and told of a damaged record when it was read. */
  told = 0;
  /** How many lost the end of the log without an error. */
  torn = 0;
  /** How many held everything. */
  right = 0;

  private constructor(store: SmallStore, whole: LogOutcome & { readonly kind: "readable" }) {
    this.#store = store;
    this.#whole = whole;
    this.#unsealed = new Set(unsealedPaths(store));
  }

  static async of(store: SmallStore): Promise<DamageJudge> {
    const outcome = await logOutcome(store.image);
    if (outcome.kind === "corrupt") throw new Error("the store is damaged before anybody damaged it");
    return new DamageJudge(store, outcome);
  }

  /** Tries each of the damages on that disk. */
  async tryAll(image: DiskImage, damages: Iterable<Damage>): Promise<void> {
    for (const damage of damages) await this.try(image, damage);
  }

  async try(image: DiskImage, damage: Damage): Promise<void> {
    try {
      await this.judge(damage.apply(image), damage.paths);
    } catch (error) {
      const { message } = error as Error;
      throw new Error(`${this.#store.name}, ${damage.description}: ${message}`, { cause: error });
    }
  }

  /** Judges a disk on which those files are damaged. */
  async judge(image: DiskImage, paths: readonly string[]): Promise<void> {
    this.tried += 1;
    const opened = await openImage(image, this.#store.shape);
    if (opened.kind === "failed") return this.#judgeRefusal(opened, image, paths);
    const log = isLogOf(paths) ? await logOutcome(image) : this.#whole;
    const { sequence, open } = opened.stats;
    mustNotLose(sequence, log);
    if (sequence < this.#whole.lastSequence) {
      this.torn += 1;
      // Where nothing but the length is missing there is nothing to report: no unfinished write is in sight.
      if (this.#isAsLong(image, paths)) mustReportLoss(open);
    }
    const contents = this.#store.contents.get(sequence);
    const told = mustBeRightOrTold(await readQuickly(opened.store), contents);
    // By every road where something is told, and now and then where nothing is.
    if (told > 0 || this.tried % 16 === 1) mustBeRightOrTold(await readEverything(opened.store), contents);
    opened.disk.kill();
    if (paths.every(isCache)) mustMatterToNobody(opened.stats.open.road, told);
    if (told > 0 && paths.every((path) => this.#unsealed.has(path))) {
      throw new Error("what the opening verified is damaged when it is read");
    }
    if (told > 0) this.told += 1;
    else if (sequence === this.#whole.lastSequence) this.right += 1;
  }

  async #judgeRefusal(failed: Opened & { kind: "failed" }, image: DiskImage, paths: readonly string[]): Promise<void> {
    this.refused += 1;
    mustNameDamage(failed);
    if (paths.every(isCache)) mustMatterToNobody(failed.code, 0);
    if (paths.every((path) => this.#unsealed.has(path))) mustForgiveTornTail(await logOutcome(image));
  }

  #isAsLong(image: DiskImage, paths: readonly string[]): boolean {
    return paths.every((path) => image.bytes(path)?.length === this.#store.image.bytes(path)!.length);
  }
}

// What the log consists of is read from the manifest and the segments.
function isLogOf(paths: readonly string[]): boolean {
  return !paths.every(isCache);
}
