/** What a patch does to one file. */
export interface FilePatch {
  /** From the root: `packages/engine/src/store.ts`. */
  readonly file: string;
  readonly hunks: readonly Hunk[];
}

/** The lines of one change, each with what it begins with in the patch: a blank, `-` or `+`. */
export type Hunk = readonly string[];

/** Reads a patch, whatever stands before its first `diff`. */
export function readPatch(text: string): FilePatch[] {
  return text
    .split(/^diff --git .*$/m)
    .slice(1)
    .map((part) => {
      const file = /^\+\+\+ b\/(.+)$/m.exec(part)![1]!;
      const hunks = part.split(/^@@ .*$/m).slice(1);
      return { file, hunks: hunks.map((hunk) => hunk.trimEnd().split("\n").slice(1)) };
    });
}

/**
 * In how many places of the source the hunk's old lines stand. With as much of the context as is there: where none has it
 * whole, `git apply -C1` takes lines away from it, from the longer end first, down to one at each.
 */
export function placesOf(hunk: Hunk, source: string): number {
  const old = hunk.filter((line) => !line.startsWith("+")).map((line) => line.slice(1));
  let before = hunk.findIndex((line) => !line.startsWith(" "));
  let after = hunk.length - 1 - hunk.findLastIndex((line) => !line.startsWith(" "));
  for (;;) {
    const count = `\n${source}`.split(`\n${old.join("\n")}\n`).length - 1;
    if (count > 0 || (before <= 1 && after <= 1)) return count;
    if (before >= after) {
      old.shift();
      before -= 1;
    } else {
      old.pop();
      after -= 1;
    }
  }
}

/** Puts what has a patch into groups, as few as it comes to, so that no two of a group change the same file. */
export function apart<T extends { readonly files: readonly string[] }>(all: readonly T[]): T[][] {
  const groups: T[][] = [];
  for (const one of all) {
    const isApart = (group: readonly T[]): boolean =>
      group.every(({ files }) => !files.some((file) => one.files.includes(file)));
    const group = groups.find(isApart);
    if (group === undefined) groups.push([one]);
    else group.push(one);
  }
  return groups;
}
