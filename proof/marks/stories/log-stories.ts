import { open, utf8 } from "@hashlog/engine";
import { hashKeydir, IndexError, type Keydir } from "@hashlog/index";
import { SimulatedDisk, type FaultKind, type WaitingCall } from "@hashlog/fs-io/testing";
import { quiet, settled } from "../../world/quiet.ts";
import { long, Script } from "../../world/script.ts";
import { DIRECTORY } from "../../world/text-store.ts";
import { altered, must, mustFail, mustHold, THREE, threeSegments, type Story } from "./story.ts";

const SEGMENT = ".segment";

/** Lets waiting calls return, but for those that are `held`, until `done`. */
async function goOnUntil(
  disk: SimulatedDisk,
  done: () => boolean,
  held: (call: WaitingCall) => boolean = () => false,
): Promise<void> {
  for (let turn = 0; turn < 2000 && !done(); turn += 1) {
    const next = disk.waiting.findIndex((call) => !held(call));
    if (next >= 0) disk.release(next);
    await Promise.resolve();
  }
  must(done(), "it comes to that point");
}

/** As `goOnUntil`, until the promise is settled. */
async function goOnBut(
  disk: SimulatedDisk,
  promise: Promise<unknown>,
  held: (call: WaitingCall) => boolean,
): Promise<void> {
  let isSettled = false;
  const note = (): void => {
    isSettled = true;
  };
  promise.then(note, note);
  await goOnUntil(disk, () => isSettled, held);
}

/** A store whose next write fails so; then what is acknowledged survives, and what is not is not there. */
async function failWrite(operation: string, kind: FaultKind, nth: number = 0, path: string = SEGMENT): Promise<void> {
  for (const sync of ["always", "never"] as const) {
    const script = await threeSegments({ sync });
    script.disk.inject({ at: { operation, path, nth }, kind });
    const held: Record<string, string> = { ...THREE };
    for (const key of ["d", "e"]) {
      await script.store.put(key, long(key), { sync: true }).then(
        () => (held[key] = long(key)),
        () => undefined,
      );
    }
    must(script.disk.firedFaults === 1, `${operation} has failed`);
    await mustHold(script, held);
    await script.store.close().catch(() => undefined);
    await quiet();
    await script.open();
    for (const key of Object.keys(held)) must(script.store.getSync(key) === held[key], `${key} is there`);
  }
}

/** Of two edits that wait for each other the first fails. */
async function twoEditsAtOnce(): Promise<void> {
  for (let turns = 0; turns < 60; turns += 1) {
    const script = await threeSegments();
    script.disk.inject({ at: { operation: "replace.rename" }, kind: "EIO" });
    const checkpoint = script.store.checkpoint().catch(() => undefined);
    await script.turns(turns);
    await settled(Promise.all([checkpoint, script.store.put("d", long("4")).catch(() => undefined)]), "the edits");
    await mustHold(script, THREE);
  }
}

/** Writes, their segments and their syncs, when something of them fails. */
export const logStories: readonly Story[] = [
  {
    title: "an append, a sync or the fence after it fails: the write is refused, and what was acknowledged stays",
    marks: [
      "commit/append-failed",
      "commit/log-ended-by-a-failure",
      "segment/append-failed",
      "segment/sync-failed",
      "sync/failed",
      "sync/group-failed",
      "sync/fence-failed",
    ],
    tell: async () => {
      // Of each write: the new segment's header, the frame, the fence.
      for (const nth of [0, 1, 2]) {
        for (const kind of ["EIO", "ENOSPC"] as const) await failWrite("append", kind, nth);
      }
      for (const nth of [0, 1]) await failWrite("sync", "EIO", nth);
    },
  },
  {
    title: "a new segment cannot be made or listed: the write is refused, and the next one tries again",
    marks: [
      "rotation/segment-not-made",
      "rotation/segment-not-listed",
      "rotation/segment-begun",
      "commit/not-prepared",
      "commit/refused-and-log-goes-on",
      "log/unlisted-file-removed",
      "manifest/edit-changed-nothing",
      "manifest/not-readable-before-an-edit",
    ],
    tell: async () => {
      await failWrite("create", "EMFILE");
      await failWrite("syncDirectory", "EIO", 0, "");
      await failWrite("replace.write", "EIO", 0, "");
      await failWrite("read", "EIO", 0, ".manifest");
    },
  },
  {
    title: "an edit of the manifest whose outcome is not known disables writes, and takes nothing",
    marks: [
      "manifest/edit-of-unknown-outcome",
      "manifest/edit-after-failure",
      "commit/disabled-by-the-manifest",
      "commit/refused-while-disabled",
      "log/unlisted-file-stays",
      "checkpoint/refused-by-a-failed-log",
      "merge/refused-while-disabled",
    ],
    tell: async () => {
      const script = await threeSegments();
      script.disk.inject({ at: { operation: "replace.rename" }, kind: "EIO" });
      const { store } = script;
      await mustFail(store.put("d", long("4")), "HASHLOG_WRITES_DISABLED");
      await mustFail(store.put("d", "4"), "HASHLOG_WRITES_DISABLED");
      await mustFail(store.checkpoint(), "HASHLOG_WRITES_DISABLED");
      await mustFail(store.compact(), "HASHLOG_WRITES_DISABLED");
      await script.reopen();
      await mustHold(script, THREE);
      await twoEditsAtOnce();
    },
  },
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
      await goOnUntil(disk, () => disk.firedFaults > 0, isSync);
      disk.resume();
      await first;
      await mustFail(second, "HASHLOG_WRITES_DISABLED");
      await mustHold(script, { ...THREE, d: "4", e: "5" });
    },
  },
  {
    title: "a failure of the log while a segment is named for the last time disables what comes after",
    marks: ["checkpoint/failed-and-file-stays", "checkpoint/failed-and-file-removed", "close/checkpoint-failed"],
    tell: async () => {
      for (const [operation, path, code] of [
        ["replace.rename", "", "HASHLOG_WRITES_DISABLED"],
        ["append", ".checkpoint", "HASHLOG_IO"],
      ] as const) {
        const script = await threeSegments();
        script.disk.inject({ at: { operation, path }, kind: "EIO" });
        await mustFail(script.store.checkpoint(), code);
        script.disk.inject({ at: { operation: "append", path: ".checkpoint" }, kind: "EIO" });
        await script.store.close();
        await script.open();
        await mustHold(script, THREE);
      }
    },
  },
  {
    title: "after a full volume the log is brought to rest, and goes on when there is room",
    marks: ["resume/failed", "resume/resumed", "resume/acknowledged-not-readable-any-more"],
    tell: async () => {
      for (const failing of [undefined, "short", "EIO"] as const) {
        const script = await Script.begin({ sync: "never" });
        await script.store.put("a", "1");
        script.disk.inject({ at: { operation: "append", path: SEGMENT }, kind: "ENOSPC" });
        await mustFail(script.store.put("b", "2"), "HASHLOG_NO_SPACE");
        if (failing !== undefined) {
          script.disk.inject({ at: { operation: "read", path: SEGMENT }, kind: failing, keepBytes: 0 });
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
    title: "a sync that outlives a failure of the log and its resuming vouches for nothing",
    marks: ["sync/outlived-by-a-failure"],
    tell: async () => {
      const script = await Script.begin({ sync: "never" });
      const { store, disk } = script;
      await store.put("a", "1");
      disk.pause();
      const syncing = mustFail(store.sync(), "HASHLOG_NO_SPACE");
      const [held] = disk.waiting;
      must(held?.operation === "sync", "a sync is under way");
      disk.inject({ at: { operation: "append", path: SEGMENT }, kind: "ENOSPC" });
      await mustFail(store.put("b", "2"), "HASHLOG_NO_SPACE");
      const put = store.put("b", "3");
      await goOnBut(disk, put, ({ operation, path }) => operation === held.operation && path === held.path);
      disk.resume();
      await put;
      await syncing;
      await mustHold(script, { a: "1", b: "3" });
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
  {
    title: "a segment that was begun and never got anything leaves the store when the others are sealed",
    marks: ["seal/empty-segment-dropped"],
    tell: async () => {
      for (let nth = 1; nth < 8; nth += 1) {
        const script = await threeSegments({ sync: "never" });
        await script.store.sync();
        script.disk.inject({ at: { operation: "append", path: SEGMENT, nth }, kind: "EIO" });
        for (const key of ["d", "e", "f"]) await script.store.put(key, long(key)).catch(() => undefined);
        await quiet();
        const state = await script.state();
        script.disk.clearFaults();
        await script.killAndOpen();
        for (const [key, value] of Object.entries(state)) must(script.store.getSync(key) === value, `${key} is there`);
      }
    },
  },
  {
    title: "a sync that the interval asks for fails: writes are refused from then on",
    marks: ["sync/by-interval-failed"],
    tell: async () => {
      const script = await Script.begin({ sync: "interval" });
      await script.store.put("a", "1");
      script.disk.inject({ at: { operation: "sync", path: SEGMENT }, kind: "EIO" });
      script.clock.tick(1000);
      await quiet();
      await mustFail(script.store.put("b", "2"), "HASHLOG_WRITES_DISABLED");
      await mustHold(script, { a: "1" });
    },
  },
  {
    title: "a keydir that is full ends the log, and the write that it does not take is refused",
    marks: ["commit/not-applied"],
    tell: async () => {
      const disk = new SimulatedDisk();
      const store = await open(DIRECTORY, {
        fileSystem: disk.boot(),
        values: utf8,
        index: (options) => {
          const keydir = hashKeydir(options);
          let puts = 0;
          const put: Keydir["put"] = (...given) => {
            puts += 1;
            if (puts > 1) throw new IndexError("INDEX_FULL", "there is no room for another key");
            return keydir.put(...given);
          };
          return altered(keydir, { put });
        },
      });
      await store.put("a", "1");
      await mustFail(store.put("b", "2"), "HASHLOG_WRITES_DISABLED");
      must(store.getSync("a") === "1" && !store.has("b"), "only what was acknowledged is there");
      await store.close();
    },
  },
];
