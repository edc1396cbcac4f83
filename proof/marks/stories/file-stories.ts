import type { FileSystem } from "@hashlog/fs-io";
import { quiet } from "../../world/quiet.ts";
import { long, Script } from "../../world/script.ts";
import { altered } from "../../../test/support/altered.ts";
import {
  closedDisk,
  mustFail,
  mustHold,
  must,
  mustNoteFailures,
  on,
  pathsOf,
  THREE,
  threeSegments,
  type Story,
} from "./story.ts";

const SEGMENT = ".segment";

/** A file system on which somebody has taken the first name that is tried for each new file; and how often that was so. */
function namesTaken(inner: FileSystem): { fileSystem: FileSystem; count: () => number } {
  let attempts = 0;
  const create: FileSystem["create"] = async (path) => {
    if (path.endsWith(SEGMENT) || path.endsWith(".checkpoint")) attempts += 1;
    if (attempts % 2 === 1) await (await inner.create(path)).close();
    return inner.create(path);
  };
  return { fileSystem: altered(inner, { create }), count: () => Math.ceil(attempts / 2) };
}

/** Files that cannot be made, or be removed, or that another writer makes as well. */
export const fileStories: readonly Story[] = [
  {
    title: "a hint that cannot be written, or not be made of what is read, is noted and done without",
    marks: ["hint/writing-failed", "hint/segment-damaged", "files/not-removed"],
    tell: async () => {
      for (const fault of [
        { at: { operation: "append", path: ".hint" }, kind: "EIO" },
        { at: { operation: "read", path: SEGMENT }, kind: "short", keepBytes: 0 },
      ] as const) {
        const script = await Script.begin({ segments: 0 });
        script.disk.inject(fault);
        for (const [key, value] of Object.entries(THREE)) await script.store.put(key, value);
        await mustNoteFailures(script);
        await script.killAndOpen();
        await mustHold(script, THREE);
      }
      const image = await closedDisk();
      const script = on(
        image.withFile(`${pathsOf(image, "segment")[0]!.slice(0, -18)}0000009999.segment`, new Uint8Array(1)),
      );
      script.disk.inject({ at: { operation: "remove" }, kind: "EIO" });
      await script.open();
      await mustNoteFailures(script);
    },
  },
  {
    title: "the files of two who make some at once do not vouch for each other when a directory's sync fails",
    marks: ["directory/sync-failed", "directory/sync-refused-after-another-failed"],
    tell: async () => {
      for (let turns = 0; turns < 130; turns += 2) {
        const script = await threeSegments();
        script.disk.inject({ at: { operation: "syncDirectory" }, kind: "EIO" });
        const merging = script.store.compact().catch(() => undefined);
        await script.turns(turns);
        await script.store.put("d", long("4")).catch(() => undefined);
        await merging;
        await quiet();
        script.disk.clearFaults();
        const before = await script.state();
        await script.cutPowerAndOpen("drop-all");
        await mustHold(script, before);
      }
    },
  },
  {
    title:
      "a writer that has lost its lock stops at its next edit of the manifest, and what it made is in nobody's way",
    marks: [
      "manifest/changed-by-another-writer",
      "commit/disabled-by-the-manifest",
      "files/another-writers-passed-over",
    ],
    tell: async () => {
      const first = await threeSegments();
      const second = new Script(first.disk, { segments: 0 });
      const lock = (): Promise<{ release: () => Promise<void> }> =>
        Promise.resolve({ release: () => Promise.resolve() });
      await second.open(altered(first.disk.boot(), { lock }));
      await mustFail(first.store.put("z", long("9")), "HASHLOG_WRITES_DISABLED");
      await mustFail(first.store.checkpoint(), "HASHLOG_WRITES_DISABLED");
      // The first one's new segment lies where its successor's next one would.
      await second.store.put("d", "4");
      await mustHold(second, { ...THREE, d: "4" });
      await second.cutPowerAndOpen("drop-all");
      await mustHold(second, { ...THREE, d: "4" });
    },
  },
  {
    title: "the file of another writer lies where a copy of the tail, a merge's output or a checkpoint would",
    marks: ["files/another-writers-passed-over"],
    tell: async () => {
      const script = await threeSegments({ sync: "never" });
      script.disk.kill();
      const taken = namesTaken(script.disk.boot());
      await script.open(taken.fileSystem);
      must(taken.count() > 0, "the recovery copies a tail");
      await mustHold(script, THREE);
      const { store } = script;
      for (const work of [() => store.compact(), () => store.checkpoint()]) {
        const before = taken.count();
        await store.put("a", long("1"));
        await work();
        must(taken.count() > before + 1, "a new segment was made, and something else");
      }
      await script.cutPowerAndOpen("drop-all");
      await mustHold(script, THREE);
    },
  },
  {
    title:
      "what is read while it is merged away goes when nobody reads it any more, where open files cannot be removed",
    marks: ["files/removed-when-nobody-reads-them"],
    tell: async () => {
      const script = await threeSegments({ platform: "windows" });
      const { store, disk } = script;
      const left = (): number => pathsOf(disk.image(), "segment").length - store.stats().segments.length;
      const snapshot = store.snapshot();
      await store.compact();
      must(left() > 0, "what the snapshot reads stays");
      for (const [key, value] of Object.entries(THREE)) must((await snapshot.get(key)) === value, "it can be read");
      snapshot.close();
      await store.compact();
      must(left() === 0, "what nobody reads any more goes");
    },
  },
];
