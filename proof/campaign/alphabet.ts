import type { CrashOperation } from "../cases/case.ts";

/**
 * Every operation that writes, reads at once, and ends a life, on two keys, each with the sizes that make a difference: a
 * value that shares a segment with others, and one that fills it. Programs over it are gone through one by one.
 */
export const ALPHABET: readonly CrashOperation[] = [
  ["put", 0, 0],
  ["put", 1, 430],
  ["put-synced", 0, 40],
  ["put-expiring", 0, 40, 45],
  ["delete", 0],
  ["delete-synced", 0],
  [
    "batch",
    [
      [0, 1],
      [1, 300],
    ],
  ],
  [
    "batch",
    [
      [0, -1],
      [1, 1],
    ],
  ],
  [
    "batch-synced",
    [
      [0, 1],
      [1, 430],
    ],
  ],
  ["put-if", 0, 40, 0],
  ["put-if", 0, 430, 1],
  ["delete-if", 0, 1],
  [
    "batch-if",
    [
      [0, 300, 1],
      [1, 1, 0],
    ],
  ],
  ["clear"],
  ["await"],
  ["turns", 5],
  ["sync"],
  ["checkpoint"],
  ["compact"],
  ["compact-some", 1],
  ["tick", 50],
  ["tick", -60],
  ["read"],
  ["iterate"],
  ["drain"],
  ["reopen", 0],
  ["reopen", 3],
  ["reopen", 4],
  ["kill", 0],
  ["kill", 1],
  ["kill", 5],
  ["power", 3],
  ["power", 8],
];

/**
 * All other operations as well: those that take their time beside others, and read, or copy, what there is. Of two of
 * those, one after the other in an empty store, there is little to see: they come where a store was used.
 */
export const EVERYTHING: readonly CrashOperation[] = [
  ...ALPHABET,
  ["put-for", 0, 40, 45],
  ["iterate-back", 0],
  ["snapshot"],
  ["follow"],
  ["read-beside"],
  ["verify"],
  ["backup"],
  ["export"],
  [
    "import",
    [
      [0, 40],
      [1, 430],
    ],
  ],
  ["pause"],
  ["resume"],
  ["repair"],
];

/** All programs of that length, in an order in which simple ones come first. */
export function* programsOf(
  length: number,
  alphabet: readonly CrashOperation[] = ALPHABET,
): Generator<readonly CrashOperation[]> {
  const count = alphabet.length ** length;
  for (let number = 0; number < count; number += 1) {
    const program: CrashOperation[] = [];
    for (let rest = number; program.length < length; rest = Math.floor(rest / alphabet.length)) {
      program.unshift(alphabet[rest % alphabet.length]!);
    }
    yield program;
  }
}
