import { open, utf8 } from "@hashlog/engine";
import { hashKeydir, IndexError, type Keydir } from "@hashlog/index";
import { SimulatedDisk, type FaultKind } from "@hashlog/fs-io/testing";
import { quiet, settled } from "../../world/quiet.ts";
import { long, Script } from "../../world/script.ts";
import { DIRECTORY } from "../../world/text-store.ts";
import { altered } from "../../../test/support/altered.ts";
import { must, mustFail, mustHold, THREE, threeSegments, type Story } from "./story.ts";

const SEGMENT = ".segment";

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
      "files/not-made",
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
    title: "a checkpoint that fails is told of, and done without, also by a store that closes",
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
