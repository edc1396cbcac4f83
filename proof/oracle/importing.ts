import type { Change, Unit } from "./model.ts";

/**
 * An `importFrom` on its way. It writes in commits of its own, one after another, of which nobody outside the store knows
 * when they come into the log: after a crash the first so many of them are there.
 */
export class Importing {
  /** In their order, those included that are not in the log yet. */
  readonly units: readonly Unit[];
  #logged = 0;

  /** What it will write, by commits. */
  constructor(commits: readonly (readonly Change[])[]) {
    this.units = commits.map((changes) => ({ changes, recorded: true, status: "waiting", acknowledgedAtMs: 0 }));
  }

  /** The next one that has to come into the log. */
  get next(): Unit | undefined {
    return this.units[this.#logged];
  }

  /** That one has come. */
  take(): void {
    this.#logged += 1;
  }

  /** Those that have not. */
  get missing(): readonly Unit[] {
    return this.units.slice(this.#logged);
  }
}
