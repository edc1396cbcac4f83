import type { HashlogErrorCode } from "@hashlog/engine";
import { SimulatedDisk, type WaitingCall } from "@hashlog/fs-io/testing";
import { quiet, settled } from "../../world/quiet.ts";
import { long, Script } from "../../world/script.ts";
import { emptyStore } from "../../world/text-store.ts";
import { goOnBut, goOnUntil, misreading, must, mustFail, mustHold, THREE, threeSegments, type Story } from "./story.ts";

const SEGMENT = ".segment";

/**
 * A store whose disk is held still, with a sync of the log under way that will end so, and an append that has found no room
 * meanwhile. `syncing` resolves when the sync is refused with that code; `isHeld` tells its call.
 */
async function fullWhileASyncRuns(fails: boolean, code: HashlogErrorCode): Promise<FullWhileSyncing> {
  const script = await Script.begin({ sync: "never" });
  const { store, disk } = script;
  await store.put("a", "1");
  disk.pause();
  if (fails) disk.inject({ at: { operation: "sync", path: SEGMENT }, kind: "EIO" });
  const syncing = mustFail(store.sync(), code);
  const [held] = disk.waiting;
  must(held?.operation === "sync", "a sync is under way");
  disk.inject({ at: { operation: "append", path: SEGMENT }, kind: "ENOSPC" });
  await mustFail(store.put("b", "2"), "HASHLOG_NO_SPACE");
  const isHeld = ({ operation, path }: WaitingCall): boolean => operation === held.operation && path === held.path;
  return { script, syncing, isHeld };
}

interface FullWhileSyncing {
  readonly script: Script;
  readonly syncing: Promise<void>;
  readonly isHeld: (call: WaitingCall) => boolean;
}

/** Syncs that are held back while other things happen, and what comes after a full volume. */
export const syncStories: readonly Story[] = [
  {
    title: "a write that waits for a sync is refused when an edit fails meanwhile, and holds nobody up",
    marks: ["commit/disabled-by-the-manifest"],
    tell: async () => {
      const script = await threeSegments();
      const { store, disk } = script;
      // Begins a segment; the one before is being sealed when the next write comes, whose sync is held back.
      await store.put("d", "4");
      disk.pause();
      disk.inject({ at: { operation: "replace.rename" }, kind: "EIO" });
      const first = store.put("e", "5");
      const isSync = ({ operation, path }: WaitingCall): boolean => operation === "sync" && path.endsWith(SEGMENT);
      await goOnUntil(disk, () => disk.waiting.some(isSync), isSync);
      const second = store.put("f", "6");
      await goOnUntil(disk, () => disk.firedFaults > 0 && disk.waiting.every(isSync), isSync);
      await script.turns(20);
      disk.resume();
      await first;
      await mustFail(second, "HASHLOG_WRITES_DISABLED");
      await mustHold(script, { ...THREE, d: "4", e: "5" });
    },
  },
  {
    title: "after a full volume the log is brought to rest, and goes on when there is room",
    marks: [
      ...["resume/failed", "resume/resumed", "resume/synced-in-its-place"],
      "resume/acknowledged-not-readable-any-more",
    ],
    tell: async () => {
      for (const failing of [undefined, "EIO", "misread"] as const) {
        const script = new Script(new SimulatedDisk({ image: await emptyStore() }), { sync: "never" });
        const fileSystem = script.disk.boot();
        await script.open(failing === "misread" ? misreading(fileSystem, SEGMENT, 0) : fileSystem);
        await script.store.put("a", "1");
        script.disk.inject({ at: { operation: "append", path: SEGMENT }, kind: "ENOSPC" });
        if (failing === "misread") script.disk.inject({ at: { operation: "sync", path: SEGMENT }, kind: "ENOSPC" });
        await mustFail(script.store.put("b", "2"), "HASHLOG_NO_SPACE");
        if (failing !== undefined) {
          if (failing === "EIO") script.disk.inject({ at: { operation: "read", path: SEGMENT }, kind: failing });
          await mustFail(script.store.put("b", "3"), "HASHLOG_WRITES_DISABLED");
          await mustHold(script, { a: "1" });
          continue;
        }
        await script.store.put("b", "3");
        await script.cutPowerAndOpen("drop-all");
        must(script.store.getSync("a") === "1", "what was brought to rest is durable");
      }
    },
  },
  {
    title:
      "a sync that outlives a failure of the log and its resuming vouches for nothing, and its own failure is late",
    marks: ["sync/outlived-by-a-failure"],
    tell: async () => {
      for (const fails of [false, true]) {
        const { script, syncing, isHeld } = await fullWhileASyncRuns(fails, "HASHLOG_NO_SPACE");
        const { store, disk } = script;
        const put = store.put("b", "3");
        await goOnBut(disk, put, isHeld);
        disk.resume();
        await put;
        await syncing;
        await mustHold(script, { a: "1", b: "3" });
        await store.put("c", "4");
      }
    },
  },
  {
    title: "a sync that fails before the log has resumed after a full volume ends it until the store is opened again",
    marks: ["resume/log-failed-meanwhile"],
    tell: async () => {
      for (const resuming of [false, true]) {
        const { script, syncing, isHeld } = await fullWhileASyncRuns(true, "HASHLOG_WRITES_DISABLED");
        const { store, disk } = script;
        if (resuming) {
          const refused = mustFail(store.put("b", "3"), "HASHLOG_WRITES_DISABLED");
          const isEdit = ({ operation }: WaitingCall): boolean => operation === "replace.rename";
          await goOnUntil(
            disk,
            () => disk.waiting.some(isEdit),
            (call) => isEdit(call) || isHeld(call),
          );
          disk.release(disk.waiting.findIndex(isHeld));
          await script.turns(20);
          must(disk.waiting.some(isEdit), "the log has not resumed yet");
          disk.resume();
          await refused;
        }
        disk.resume();
        await syncing;
        await quiet();
        await mustFail(store.put("b", "4"), "HASHLOG_WRITES_DISABLED");
        await mustHold(script, { a: "1" });
        await store.close();
        await script.open();
        await mustHold(script, { a: "1" });
      }
    },
  },
  {
    title: "while a disk is slow to sync what was ended, no more than a few segments wait for it",
    marks: ["rotation/waits-for-sealing", "seal/waits-for-a-sync", "seal/sealed"],
    tell: async () => {
      const script = await Script.begin({ sync: "never", segments: 0 });
      const { store, disk } = script;
      await store.put("k0", long("0"));
      const first = script.manifest.segments[0]!.segmentId;
      const isFirst = ({ operation, path }: { operation: string; path: string }): boolean =>
        operation === "sync" && path.includes(String(first).padStart(10, "0"));
      disk.pause();
      for (let write = 1; write < 4; write += 1) {
        const put = store.put(`k${write}`, long(String(write)));
        await goOnBut(disk, put, isFirst);
      }
      const waiting = store.put("k4", long("4"));
      for (let turn = 0; turn < 200; turn += 1) {
        const next = disk.waiting.findIndex((call) => !isFirst(call));
        if (next >= 0) disk.release(next);
        await Promise.resolve();
      }
      must(store.stats().pendingWrites === 1, "the fifth segment is not begun");
      disk.resume();
      await settled(waiting, "the write that waits");
      await quiet();
      must(script.manifest.segments.filter(({ state }) => state === "sealed").length === 4, "four are sealed");
    },
  },
];
