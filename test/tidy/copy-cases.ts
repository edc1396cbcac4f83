import type { Case } from "./case.ts";
import { copiesAreAlike, copiesAreKnown, COPIES } from "./copy-rules.ts";

const ENGINE = "packages/engine/src/store.ts";
const [LAZY = "", LAZY_TOO = ""] = COPIES[0] ?? [];

/** Copies that are alike, that are not, and that nobody knows of. */
export const COPY_CASES: readonly Case[] = [
  { rule: copiesAreAlike, path: LAZY, text: "one", beside: [{ path: LAZY_TOO, text: "one" }] },
  {
    rule: copiesAreAlike,
    path: LAZY,
    text: "one",
    beside: [{ path: LAZY_TOO, text: "another" }],
    complaint: /unstorage.* byte for byte/,
  },
  { rule: copiesAreAlike, path: LAZY, text: "one", complaint: /unstorage.* byte for byte/ },
  { rule: copiesAreKnown, path: LAZY, text: "one", beside: [{ path: LAZY_TOO, text: "one" }] },
  {
    rule: copiesAreKnown,
    path: LAZY,
    text: "one",
    beside: [{ path: ENGINE, text: "one" }],
    complaint: /store\.ts: is the same as packages\/keyv/,
  },
];
