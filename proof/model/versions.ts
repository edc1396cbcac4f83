import { NEVER } from "../oracle/conditions.ts";
import { mustAnswerAs } from "../properties/p21-sorted-map.ts";

/** What stores have said of the versions of what was written, which has a number of its own. */
export class Versions {
  readonly #known = new Map<number, number>();

  of(number: number): number | undefined {
    return this.#known.get(number);
  }

  /** One below that, or one that is beyond all. */
  before(version: number | undefined): number {
    const lower = [...this.#known.values()].filter((other) => version !== undefined && other < version);
    return lower.length > 0 ? Math.max(...lower) : NEVER;
  }

  /** The same each time, whoever is asked, and in the order of the numbers. */
  learn(number: number, version: number): void {
    const known = this.#known.get(number);
    if (known !== undefined) return mustAnswerAs("the version, asked for again,", version, known);
    for (const [other, itsVersion] of this.#known) {
      mustAnswerAs("whether a version is higher, of what was written later", version > itsVersion, number > other);
    }
    this.#known.set(number, version);
  }
}
