import { entriesIn } from "../exports/lines.ts";
import type { History } from "../oracle/history.ts";
import { mustAgree } from "../properties/p04-read-your-writes.ts";
import { mustAnswerAs } from "../properties/p21-sorted-map.ts";
import { mustFindNothing } from "../properties/p24-repair.ts";
import { mustExportItsMoment } from "../properties/p25-exports.ts";
import type { TextStore } from "../world/text-store.ts";
import { KEYS } from "./case.ts";

type State = ReadonlyMap<string, string>;

/** What a store shows at this moment, of every key, in two ways. */
export function readSync(store: Pick<TextStore, "getSync" | "has">): State {
  const read = new Map<string, string>();
  for (const key of KEYS) {
    const value = store.getSync(key);
    mustAgree(key, { has: String(store.has(key)), getSync: String(value !== undefined) });
    if (value !== undefined) read.set(key, value);
  }
  return read;
}

/** The same in every other way: each answers as of its call, whenever it does, and `read` is what there was then. */
export async function readEveryWay(store: TextStore, read: State, history: History): Promise<void> {
  const asked = [
    store.getMany(KEYS),
    store.count(),
    Promise.all(KEYS.map((key) => store.get(key))),
    Promise.all(KEYS.map((key) => store.getEntry(key))),
  ] as const;
  const [many, count, one, entries] = await Promise.all(asked);
  const expected = KEYS.map((key) => read.get(key));
  mustAnswerAs("getMany", many, expected);
  mustAnswerAs("count", count, read.size);
  mustAnswerAs("get of each key", one, expected);
  mustAnswerAs(
    "getEntry of each key",
    entries.map((entry) => entry?.value),
    expected,
  );
  for (const [index, entry] of entries.entries()) {
    if (entry === undefined) continue;
    const isSo = history.hasVersion(KEYS[index]!, entry.value, entry.version);
    mustAnswerAs(`whether ${KEYS[index]} had its value from write ${entry.version}`, isSo, true);
  }
}

/** Exports everything into memory: that is what there was at the call, which is `expected`. */
export async function exportBeside(store: TextStore, expected: State): Promise<void> {
  const chunks: Uint8Array[] = [];
  const stream = new WritableStream<Uint8Array>({ write: (chunk) => void chunks.push(chunk) });
  const { entries } = await store.exportTo(stream);
  mustExportItsMoment(entriesIn(Buffer.concat(chunks)), expected, entries);
}

/** Reads every byte while the store is used: there is nothing wrong with it. */
export async function verifyBeside(store: TextStore, how: { readonly forgives: boolean }): Promise<void> {
  const { findings } = await store.verify();
  mustFindNothing(findings, "verified while it was used", how);
}
