import type { Change, RepairReport } from "@hashlog/engine";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { TextReader, TextStore } from "../world/text-store.ts";
import type { CrashCase, CrashOperation } from "./case.ts";
import { runCase } from "./run-case.ts";
import { altered } from "../../test/support/altered.ts";

/** What is wrong with every store that a case opens, with every reader, and with what repairs. */
const planted: {
  store: (store: TextStore) => Partial<TextStore>;
  reader: (reader: TextReader) => Partial<TextReader>;
  repair: (report: RepairReport) => Partial<RepairReport>;
} = { store: () => ({}), reader: () => ({}), repair: () => ({}) };

const sound = { ...planted };

vi.mock("../world/text-store.ts", async (importOriginal) => {
  const original = await importOriginal<typeof import("../world/text-store.ts")>();
  return {
    ...original,
    openStore: async (...given: Parameters<typeof original.openStore>) => {
      const store = await original.openStore(...given);
      return altered(store, planted.store(store));
    },
    openTextReader: async (...given: Parameters<typeof original.openTextReader>) => {
      const reader = await original.openTextReader(...given);
      return altered(reader, planted.reader(reader));
    },
    repairStore: async (...given: Parameters<typeof original.repairStore>) => {
      const report = await original.repairStore(...given);
      return { ...report, ...planted.repair(report) };
    },
  };
});

afterEach(() => {
  Object.assign(planted, sound);
});

function caseOf(...operations: readonly CrashOperation[]): CrashCase {
  return { sync: "never", segments: 0, operations };
}

const NEVER = new Promise<never>(() => undefined);

/** A case of each operation that looks on, which holds; then with one thing wrong in the store, which it finds. */
const WRITES: readonly CrashOperation[] = [["put", 0, 40], ["put", 1, 40], ["await"]];
const CASES = {
  read: caseOf(...WRITES, ["read"], ["await"]),
  "iterate-back": caseOf(...WRITES, ["iterate-back", 0], ["put", 2, 1], ["await"], ["drain"]),
  snapshot: caseOf(...WRITES, ["snapshot"], ["put", 0, 1], ["delete", 1], ["await"], ["drain"]),
  follow: caseOf(...WRITES, ["follow"], ["put", 0, 1], ["delete", 1], ["await"], ["drain"]),
  "follow to the end": caseOf(...WRITES, ["follow"], ["put", 0, 1], ["reopen", 0]),
  "read-beside": caseOf(...WRITES, ["read-beside"], ["await"], ["put", 0, 1], ["await"], ["read-beside"], ["kill", 0]),
  verify: caseOf(...WRITES, ["verify"], ["put", 0, 1]),
  backup: caseOf(...WRITES, ["backup"], ["put", 0, 1], ["await"], ["backup"], ["await"], ["power", 1]),
  export: caseOf(...WRITES, ["export"], ["put", 0, 1], ["delete", 1]),
  import: caseOf(
    ["put", 0, 1],
    [
      "import",
      [
        [0, 40],
        [1, 50],
      ],
    ],
    ["delete", 1],
    ["await"],
    ["kill", 0],
  ),
  repair: caseOf(...WRITES, ["repair"], ["read"]),
  "put-for": caseOf(["put-for", 0, 40, 45], ["await"], ["tick", 50], ["read"], ["await"]),
  pause: caseOf(...WRITES, ["pause"], ["compact"], ["await"], ["resume"], ["reopen", 0]),
} as const satisfies Readonly<Record<string, CrashCase>>;

test.each(Object.entries(CASES))("a sound store holds where somebody does: %s", async (_, given) => {
  await runCase(given);
});

type Planted = Partial<typeof planted>;

// A write that comes into the log as another than was asked for is refused beneath the store, which stops.
const FAULTS: readonly (readonly [keyof typeof CASES, string, string, Planted])[] = [
  [
    "read",
    "getMany mixes keys up",
    "P21",
    { store: (s) => ({ getMany: async (keys) => (await s.getMany(keys)).toReversed() }) },
  ],
  ["read", "get finds nothing", "P21", { store: () => ({ get: () => Promise.resolve(undefined) }) }],
  ["read", "count counts one too many", "P21", { store: (s) => ({ count: async () => (await s.count()) + 1 }) }],
  ["read", "getEntry gives another value", "P21", { store: (s) => ({ getEntry: entryWith(s, { value: "1." }) }) }],
  ["read", "getEntry gives another version", "P21", { store: (s) => ({ getEntry: entryWith(s, { version: 77 }) }) }],
  [
    "iterate-back",
    "a range forgets that it is reversed",
    "P21",
    { store: (s) => ({ entries: () => s.entries({ gte: "a" }) }) },
  ],
  [
    "iterate-back",
    "a range forgets its beginning",
    "P21",
    { store: (s) => ({ entries: (o) => s.entries({ ...o, gte: "b" }) }) },
  ],
  [
    "snapshot",
    "a snapshot shows what came later",
    "P11",
    { store: (s) => ({ snapshot: () => altered(s, { close: () => Promise.resolve() }) as never }) },
  ],
  [
    "snapshot",
    "a snapshot counts what came later",
    "P21",
    { store: (s) => ({ snapshot: () => altered(s.snapshot(), { count: () => s.count() }) }) },
  ],
  [
    "snapshot",
    "a snapshot gets what came later",
    "P21",
    { store: (s) => ({ snapshot: () => altered(s.snapshot(), { get: (key) => s.get(key) }) }) },
  ],
  [
    "follow",
    "a feed passes over deletes",
    "P23",
    { store: (s) => ({ changes: feedOf(s, (one) => (one.type === "delete" ? [] : [one])) }) },
  ],
  ["follow", "a feed gives everything twice", "P23", { store: (s) => ({ changes: feedOf(s, (one) => [one, one]) }) }],
  [
    "follow",
    "a feed gives another value",
    "P23",
    { store: (s) => ({ changes: feedOf(s, (one) => [{ ...one, value: "1." } as typeof one]) }) },
  ],
  [
    "follow",
    "a feed goes on before its change",
    "P23",
    { store: (s) => ({ changes: feedOf(s, (one) => [{ ...one, resume: one.resume - 1 }]) }) },
  ],
  ["follow", "a feed begins with the state", "P23", { store: (s) => ({ changes: () => s.changes({ since: 0 }) }) }],
  [
    "follow to the end",
    "a feed does not end with its store",
    "P14",
    { store: (s) => ({ changes: () => feedOf(s, (one) => [one], NEVER)() }) },
  ],
  ["read-beside", "a reader does not catch up", "P21", { reader: () => ({ refresh: () => Promise.resolve(false) }) }],
  [
    "read-beside",
    "a reader shows a value that nobody wrote",
    "P21",
    { reader: (r) => ({ getSync: (key) => r.getSync(key) && "1." }) },
  ],
  ["read-beside", "a reader never catches up", "P14", { reader: () => ({ refresh: () => NEVER }) }],
  [
    "read-beside",
    "a reader has failed in something",
    "P14",
    { reader: (r) => ({ stats: () => ({ ...r.stats(), failures: { count: 1, last: "" } }) }) },
  ],
  [
    "verify",
    "verify finds what there is not",
    "P24",
    { store: (s) => ({ verify: async () => ({ ...(await s.verify()), findings: [FOUND] }) }) },
  ],
  [
    "backup",
    "a backup resolves before it is made",
    "P22",
    { store: (s) => ({ backup: (to) => atOnce(s.backup(to), { sequence: 2 }) }) },
  ],
  [
    "backup",
    "a backup says that it ends earlier",
    "P22",
    { store: (s) => ({ backup: async (to) => ({ ...(await s.backup(to)), sequence: 1 }) }) },
  ],
  [
    "export",
    "an export begins late",
    "P25",
    { store: (s) => ({ exportTo: async (to) => (await s.sync(), s.exportTo(to as never)) }) },
  ],
  [
    "export",
    "an export counts one too few",
    "P25",
    { store: (s) => ({ exportTo: async (to) => ({ ...(await s.exportTo(to as never)), entries: 1 }) }) },
  ],
  [
    "import",
    "an import resolves before it is done",
    "P25",
    { store: (s) => ({ importFrom: (from) => atOnce(s.importFrom(from), { entries: 2 }) }) },
  ],
  [
    "import",
    "an import leaves an entry out",
    "P25",
    { store: (s) => ({ importFrom: async (from) => ({ ...(await s.importFrom(from)), entries: 1 }) }) },
  ],
  [
    "import",
    "an import is not synced",
    "P3",
    { store: (s) => ({ importFrom: (from) => importUnsynced(s, from as Iterable<string>) }) },
  ],
  [
    "put-for",
    "a put forgets how long it is for",
    "P14",
    { store: (s) => ({ put: (key: string, value: string) => s.put(key, value) as never }) },
  ],
  [
    "repair",
    "a repair says that something is lost",
    "P24",
    { repair: () => ({ lost: [{ key: new Uint8Array(), version: 1 } as never] }) },
  ],
  ["repair", "a repair finds something", "P24", { repair: () => ({ findings: [FOUND] }) }],
  ["repair", "a repair changes what is sound", "P24", { repair: () => ({ changed: true }) }],
  ["repair", "a repair makes a manifest", "P24", { repair: () => ({ manifestRebuilt: true }) }],
  ["repair", "a repair drops a tail", "P24", { repair: () => ({ tornTail: {} as never }) }],
  ["pause", "what is paused never merges, though it is asked for", "P14", { store: mergesOnlyUnlessPaused }],
];

describe.each(FAULTS)("%s", (name, fault, property, wrong) => {
  test(`tells that ${fault}`, async () => {
    Object.assign(planted, wrong);
    await expect(runCase(CASES[name])).rejects.toThrow(new RegExp(`^${property} `, "u"));
  });
});

const FOUND = { subject: "segment", what: "it is too green", harmless: false } as never;

/** Resolves before the work is done. */
function atOnce(work: Promise<unknown>, answer: object): Promise<never> {
  work.catch(() => undefined);
  return Promise.resolve(answer as never);
}

function entryWith(store: TextStore, other: object): TextStore["getEntry"] {
  return async (key) => {
    const entry = await store.getEntry(key);
    return entry && { ...entry, ...other };
  };
}

function feedOf(
  store: TextStore,
  give: (change: Change<string, string>) => readonly Change<string, string>[],
  atEnd: Promise<void> = Promise.resolve(),
): TextStore["changes"] {
  return () => {
    const feed = store.changes();
    const changes = async function* (): AsyncGenerator<Change<string, string>> {
      for await (const change of feed) yield* give(change);
      await atEnd;
    };
    return altered(changes(), { return: () => feed.return() as never }) as never;
  };
}

async function importUnsynced(store: TextStore, lines: Iterable<string>): Promise<never> {
  const entries = [...lines].slice(1, -1).map((line) => JSON.parse(line) as { key: string; value: string });
  await store.batch(entries.map((entry) => ({ type: "put", ...entry })));
  return { entries: entries.length } as never;
}

function mergesOnlyUnlessPaused(store: TextStore): Partial<TextStore> {
  let isPaused = false;
  const pause = (): void => {
    isPaused = true;
  };
  return { compaction: altered(store.compaction, { pause }), compact: () => (isPaused ? NEVER : store.compact()) };
}
