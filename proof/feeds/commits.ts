import type { BatchOperation } from "@hashlog/engine";

/** A record of a commit, as a feed delivers it. */
export type WrittenRecord =
  | { readonly type: "put"; readonly key: string; readonly value: string }
  | { readonly type: "delete"; readonly key: string };

/** One batch. Its first record is a key of its own, never written again: it tells whether the commit is in the store. */
export interface Commit {
  readonly number: number;
  readonly records: readonly WrittenRecord[];
  /** Whether the store has said that it is done, or was found to hold it. */
  isCommitted: boolean;
  /** Whether it still may become so: not once it was refused, as long as its writer lives, or was not found by the next. */
  isWaiting: boolean;
}

/** How far somebody has come: so many records of the commit of that number, and all before it. */
export interface Position {
  readonly commit: number;
  readonly records: number;
}

/** Where it is asked whether a commit is there. */
export type Shown = { has(key: string): boolean };

/** All that a program has written, in the order of its calls, which is that of the log. */
export class Commits {
  readonly all: Commit[] = [];
  /** The version of each record that was ever delivered. */
  readonly #versions = new Map<string, number>();

  /** Another one, to be written with `operationsOf`. */
  add(changes: readonly (readonly [number, number])[]): Commit {
    const number = this.all.length + 1;
    const records: WrittenRecord[] = [{ type: "put", key: markOf(number), value: `${number}` }];
    for (const [key, length] of changes) {
      const name = KEYS[key % KEYS.length]!;
      if (length < 0) records.push({ type: "delete", key: name });
      else records.push({ type: "put", key: name, value: `${number}.`.padEnd(length, "x") });
    }
    const commit: Commit = { number, records, isCommitted: false, isWaiting: true };
    this.all.push(commit);
    return commit;
  }

  /** The writer is gone: what it has refused may be there again for those who come next, and for a reader at once. */
  mayComeBack(): void {
    for (const commit of this.all) commit.isWaiting = !commit.isCommitted;
  }

  /** What the next writer finds: commits that nobody was told of, or that were refused, may be there, and others gone. */
  found(store: Shown): void {
    for (const commit of this.all) {
      commit.isCommitted = store.has(markOf(commit.number));
      commit.isWaiting = false;
    }
  }

  /** How far the log goes that is shown there at this moment. */
  end(shown: Shown): Position {
    const last = this.all.findLast((commit) => isShown(commit, shown));
    return last === undefined ? { commit: 0, records: 0 } : { commit: last.number, records: last.records.length };
  }

  /** The state that is shown there at this moment. */
  state(shown: Shown): Map<string, string> {
    const state = new Map<string, string>();
    for (const record of this.all.filter((commit) => isShown(commit, shown)).flatMap(({ records }) => records)) {
      if (record.type === "put") state.set(record.key, record.value);
      else state.delete(record.key);
    }
    return state;
  }

  /** The first record behind a position of those that are shown there, and the position behind it. */
  next(
    { commit: number, records }: Position,
    shown: Shown,
  ): { readonly record: WrittenRecord; readonly position: Position } | undefined {
    for (const commit of this.all.slice(Math.max(0, number - 1))) {
      const from = commit.number === number ? records : 0;
      const record = commit.records[from];
      if (record === undefined || !isShown(commit, shown)) continue;
      return { record, position: { commit: commit.number, records: from + 1 } };
    }
    return undefined;
  }

  /** Whether that record has that version each time; the first time it is taken for right. */
  hasVersion({ commit, records }: Position, version: number): boolean {
    const name = `${commit}/${records}`;
    const known = this.#versions.get(name) ?? version;
    this.#versions.set(name, known);
    return known === version;
  }
}

export function operationsOf({ records }: Commit): BatchOperation<string, string>[] {
  return records.map((record) => ({ ...record }));
}

export function isShown({ number, isCommitted, isWaiting }: Commit, shown: Shown): boolean {
  return (isCommitted || isWaiting) && shown.has(markOf(number));
}

function markOf(number: number): string {
  return `commit ${number}`;
}

const KEYS = ["a", "b", "c", "d"];
