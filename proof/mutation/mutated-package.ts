/** A package whose pure code is mutated, and the tests that have to notice. */
export interface MutatedPackage {
  /** Its folder in `packages/`. */
  readonly name: string;
  /** Test files that are left out, from the package's folder: they ask nothing of its sources, or take too long for each mutant. */
  readonly without: readonly string[];
  /** Tests that are left out for the same reasons: a part of their names. */
  readonly withoutTests: readonly string[];
}

/** What has neither files nor clocks nor other processes: all that it does can be seen by a test. */
export const MUTATED: readonly MutatedPackage[] = [
  { name: "format", without: [], withoutTests: [] },
  {
    name: "index",
    // These prove the contract's own suite, on indexes that break it, and on a Map.
    without: ["index-contract.test.ts", "map-keydir.contract.test.ts"],
    // Of millions of keys, and of thousands what others try with fewer, or with other keys.
    withoutTests: [
      "the memory of a keydir is at most",
      "costs a range a search",
      "the order of a hash keydir takes at most 12 bytes",
      "pages of large shards",
      "thousands of growths",
      "numbers behind a long prefix",
      "keys that begin each other",
      "an order of binary numbers",
      "answers with random calls as a sorted Map",
      "with 3000 keys and random calls",
      "as of its view, page by page, under changes to everything",
      "read page by page stays what it was under changes to everything",
      "after any damage to a dump every later call still ends",
    ],
  },
  {
    name: "compactor",
    // A year in the life of a store, and the contract's own suite.
    without: ["policy-simulation.test.ts", "strategy-contract.test.ts"],
    // Hundreds of long lives; and of many crashes and writers those that come upon nothing that the others do not.
    withoutTests: [
      "whatever happens meanwhile",
      "nothing is left but the live records",
      "keeps a store in bounds whose",
      "copes with thousands of segments",
      "and a power cut at any moment, then merging it all",
      "while somebody writes every key with an expiry",
      "while somebody deletes and writes every key again",
    ],
  },
];
