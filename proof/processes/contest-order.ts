import type { Death } from "./life.ts";

/** What a contender (contender.ts) is told to do. */
export interface Contest {
  readonly who: string;
  readonly directory: string;
  /** The file in which everybody notes what happens. */
  readonly notes: string;
  /** How many times it wants the store. 0: it opens it once, tells what came of it, and keeps it. */
  readonly turns: number;
  /** Default: none. */
  readonly death?: Death;
}

/** The key under which they count. */
export const COUNT = "count";
