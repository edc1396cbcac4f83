import { open, type ReadOnlyOptions, type ReadOnlyStore, utf8 } from "@hashlog/engine";
import { FsError, type FileSystem } from "@hashlog/fs-io";
import { IndexError } from "@hashlog/index";
import type { WaitingCall } from "@hashlog/fs-io/testing";
import { mapKeydir } from "../../world/map-keydir.ts";
import { quiet, settled } from "../../world/quiet.ts";
import { long, Script } from "../../world/script.ts";
import { DIRECTORY } from "../../world/text-store.ts";
import { altered } from "../../../test/support/altered.ts";
import { goOnBut, goOnUntil, must, mustFail, THREE, threeSegments, type Story } from "./story.ts";

const SEGMENT = ".segment";

type Reader = ReadOnlyStore<string, string>;

/** A reader of the script's store, in a process of its own, or on that file system. */
export function openReader(
  script: Script,
  fileSystem: FileSystem = script.disk.boot(),
  options: Partial<ReadOnlyOptions<string, string>> = {},
): Promise<Reader> {
  const { clock } = script;
  const all = { fileSystem, clock, values: utf8, index: mapKeydir, ...options, readOnly: true } as const;
  return settled(open(DIRECTORY, all), "opening to read");
}

/** Demands that the reader shows exactly that. */
export async function mustShow(reader: Reader, expected: Readonly<Record<string, string>>): Promise<void> {
  const shown: Record<string, string> = {};
  for await (const [key, value] of reader.entries({ gte: "" })) shown[key] = value;
  const sorted = Object.fromEntries(Object.entries(expected).toSorted(([one], [other]) => (one < other ? -1 : 1)));
  must(JSON.stringify(shown) === JSON.stringify(sorted), `${JSON.stringify(shown)} is ${JSON.stringify(sorted)}`);
}

const isSync = ({ operation, path }: WaitingCall): boolean => operation === "sync" && path.endsWith(SEGMENT);

/** What is acknowledged of the store below. */
const FOUR: Readonly<Record<string, string>> = { ...THREE, d: "4" };

/** A store whose writer dies while "e", behind `FOUR`, waits for its sync. */
async function diesBeforeItsSync(): Promise<Script> {
  const script = await threeSegments();
  const { store, disk } = script;
  await store.put("d", FOUR["d"]!);
  disk.pause();
  void store.put("e", "5");
  await goOnUntil(disk, () => disk.waiting.some(isSync), isSync);
  disk.kill();
  disk.resume();
  return script;
}

/** A file system on which something is done before the first so many such calls. */
function interrupted(
  fileSystem: FileSystem,
  method: "list" | "openRead" | "isLocked",
  ending: string,
  work: (time: number) => Promise<unknown>,
  timesMost: number = 1,
): FileSystem {
  let times = 0;
  const before = async (path: string): Promise<void> => {
    if (path.endsWith(ending) && times < timesMost) await work(times++);
  };
  const calls: Pick<FileSystem, "list" | "openRead" | "isLocked"> = {
    list: async (path) => (await before(path), fileSystem.list(path)),
    openRead: async (path) => (await before(path), fileSystem.openRead(path)),
    isLocked: async (path, name) => (await before(path), fileSystem.isLocked(path, name)),
  };
  return altered(fileSystem, { [method]: calls[method] });
}

/** Stores that are read beside their writer, which replaces files, is slow, or dies. */
export const readerStories: readonly Story[] = [
  {
    title: "a reader shows a write once it is acknowledged, and goes on in the log as long as the manifest only grows",
    marks: ["tail/held-back", "reader/manifest-grown"],
    tell: async () => {
      const script = await threeSegments();
      const { store, disk } = script;
      await store.put("d", "4");
      const reader = await openReader(script);
      disk.pause();
      const put = store.put("e", "5");
      await goOnUntil(disk, () => disk.waiting.some(isSync), isSync);
      await goOnBut(disk, reader.refresh(), isSync);
      must(reader.stats().writerAlive, "there is a writer");
      await mustShow(reader, FOUR);
      disk.resume();
      await put;
      for (const key of ["f", "g"]) await store.put(key, long(key));
      must(await reader.refresh(), "there is more");
      await mustShow(reader, { ...FOUR, e: "5", f: long("f"), g: long("g") });
    },
  },
  {
    title: "what a checkpoint holds of the log is not read again, and what came behind it is",
    marks: ["reader/log-read-from-the-checkpoint-on"],
    tell: async () => {
      const script = await threeSegments();
      await script.store.put("d", "4");
      await script.store.checkpoint();
      await script.store.put("e", "5");
      const reader = await openReader(script);
      must(reader.stats().road === "checkpoint", "it begins with the checkpoint");
      await mustShow(reader, { ...FOUR, e: "5" });
    },
  },
  {
    title: "what a dead writer left unacknowledged is shown after a sync, or without one where that fails, and stays",
    marks: ["reader/held-back-shown-without-a-writer", "reader/not-synced"],
    tell: async () => {
      for (const operation of [undefined, "openAppend", "sync"]) {
        const script = await diesBeforeItsSync();
        if (operation !== undefined) script.disk.inject({ at: { operation, path: SEGMENT }, kind: "EIO" });
        const reader = await openReader(script);
        must(script.disk.firedFaults === (operation === undefined ? 0 : 1), "it tries to sync once");
        await mustShow(reader, { ...FOUR, e: "5" });
        await script.open();
        must(!(await reader.refresh()), "the next writer finds the same");
        await mustShow(reader, { ...FOUR, e: "5" });
      }
    },
  },
  {
    title: "where it cannot be told whether there is a writer, nothing is shown that may not be acknowledged",
    marks: ["reader/writer-may-be-on-another-machine", "reader/not-known-whether-there-is-a-writer"],
    tell: async () => {
      const refused = new FsError("FS_NOT_PERMITTED", "nobody may ask", { operation: "isLocked", path: DIRECTORY });
      for (const change of [
        { sharedVolume: () => Promise.resolve("NFS") },
        { isLocked: () => Promise.reject(refused) },
      ]) {
        const script = await diesBeforeItsSync();
        const reader = await openReader(script, altered<FileSystem>(script.disk.boot(), change));
        await mustShow(reader, FOUR);
        must(reader.stats().writerAlive, "it is taken for one that has a writer");
      }
    },
  },
  {
    title: "a writer that comes right after a reader has found none is not taken for none",
    marks: ["reader/writer-came-meanwhile"],
    tell: async () => {
      const script = await diesBeforeItsSync();
      const next = new Script(script.disk, { segments: 0 });
      let asked = 0;
      const isLocked = async (): Promise<boolean> => {
        asked += 1;
        if (asked === 1) await next.open();
        return asked > 1;
      };
      const reader = await openReader(script, altered(script.disk.boot(), { isLocked }));
      must(asked === 2, "it is asked again");
      await mustShow(reader, { ...FOUR, e: "5" });
      await next.store.put("f", "6");
      await reader.refresh();
      await mustShow(reader, { ...FOUR, e: "5", f: "6" });
    },
  },
  {
    title: "a reader beneath which files are replaced begins again, with the manifest that lists the new ones",
    marks: ["reader/files-replaced-while-they-were-read", "reader/checkpoint-replaced-meanwhile"],
    tell: async () => {
      const merged = await threeSegments();
      const merging = interrupted(merged.disk.boot(), "list", "", () => merged.store.compact());
      await mustShow(await openReader(merged, merging), THREE);

      const script = await threeSegments();
      await script.store.checkpoint();
      const replacing = interrupted(script.disk.boot(), "openRead", ".checkpoint", async () => {
        await script.store.put("d", "4");
        await script.store.checkpoint();
      });
      const reader = await openReader(script, replacing);
      must(reader.stats().road === "checkpoint", "it uses the new one");
      await mustShow(reader, FOUR);
    },
  },
  {
    title: "a reader beneath which files are replaced again and again gives up, and may try later",
    marks: ["reader/replaced-again-and-again"],
    tell: async () => {
      const script = await threeSegments();
      const merge = async (time: number): Promise<void> => {
        await script.store.put("a", long(String(time)));
        await script.store.compact();
      };
      const fileSystem = interrupted(script.disk.boot(), "list", "", merge, 20);
      await mustFail(openReader(script, fileSystem), "HASHLOG_IO");
      await mustShow(await openReader(script, fileSystem), { ...THREE, a: long("19") });
    },
  },
  {
    title:
      "after a merge, and after another writer has come, the index is loaded again, and iterators go on in the old one",
    marks: ["reader/segments-replaced", "reader/manifest-of-another-writer", "reader/older-index-given-up"],
    tell: async () => {
      const script = await threeSegments();
      const reader = await openReader(script);
      for (const replace of [() => script.store.compact(), () => script.reopen()]) {
        const before = reader.entries({ gte: "" });
        const snapshot = reader.snapshot();
        await script.store.put("a", "new");
        await replace();
        must((await reader.refresh()) && reader.getSync("a") === "new", "what is new is shown");
        const values = [snapshot.getSync("a")];
        for await (const [key, value] of before) if (key === "a") values.push(value);
        must(new Set(values).size === 1 && values.length === 2 && values[0] !== "new", "the old one is read still");
        await script.store.put("a", THREE["a"]!);
        await reader.refresh();
        snapshot.close();
      }
      await mustShow(reader, THREE);
    },
  },
  {
    title: "a reader that has no memory for a batch shows nothing of it, and all of it when there is memory again",
    marks: ["tail/not-shown"],
    tell: async () => {
      const script = await threeSegments();
      let room = Infinity;
      const reader = await openReader(script, script.disk.boot(), {
        index: (options) => {
          const keydir = mapKeydir(options);
          const put = keydir.put.bind(keydir);
          keydir.put = (...given) => {
            room -= 1;
            if (room === -1) throw new IndexError("INDEX_FULL", "there is no memory");
            return put(...given);
          };
          return keydir;
        },
      });
      await script.store.batch([
        { type: "delete", key: "a" },
        { type: "put", key: "b", value: "new" },
        { type: "put", key: "d", value: "new" },
      ]);
      await quiet();
      // For one more key there is none: what was done of the batch is taken back.
      room = 1;
      await mustFail(reader.refresh(), "HASHLOG_NOT_SUPPORTED");
      await mustShow(reader, THREE);
      must(await reader.refresh(), "there is something new");
      await mustShow(reader, { b: "new", c: THREE["c"]!, d: "new" });
    },
  },
];
