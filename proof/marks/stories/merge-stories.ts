import { open, utf8, type HashlogError } from "@hashlog/engine";
import { systemClock, type Clock } from "@hashlog/fs-io";
import { hashKeydir, type Keydir, type KeydirFactory } from "@hashlog/index";
import { SimulatedDisk, type FaultKind } from "@hashlog/fs-io/testing";
import { quiet, settled } from "../../world/quiet.ts";
import { long, Script } from "../../world/script.ts";
import { DIRECTORY } from "../../world/text-store.ts";
import { VirtualClock } from "../../world/virtual-clock.ts";
import { altered } from "../../../test/support/altered.ts";
import {
  changed,
  closedDisk,
  flipped,
  misreading,
  must,
  mustFail,
  mustHold,
  on,
  pathsOf,
  THREE,
  threeSegments,
  type Story,
} from "./story.ts";

/** A merge with that failure; then everything is there, also after a power cut and another merge. Resolves to whether it failed. */
async function mergeFails(operation: string, kind: FaultKind, path: string, nth: number): Promise<boolean> {
  const script = await threeSegments();
  await script.store.delete("b");
  await script.store.compact();
  await script.store.put("b", long("5"));
  await script.store.put("c", "6");
  await quiet();
  const state = await script.state();
  script.disk.inject({ at: { operation, path, nth }, kind, keepBytes: 0 });
  const failed = await script.store.compact().then(
    () => false,
    () => true,
  );
  // Where the merge has fewer such calls, none of the others is to fail.
  script.disk.clearFaults();
  await mustHold(script, state);
  await script.cutPowerAndOpen("drop-all");
  await mustHold(script, state);
  await script.store.compact();
  await script.cutPowerAndOpen("drop-all");
  await mustHold(script, state);
  return failed;
}

/** Merges that fail, stop, lose a race, or meet damage; and checkpoints beside them. */
export const mergeStories: readonly Story[] = [
  {
    title: "a merge that fails at any of its calls changes nothing that can be read",
    marks: [
      "merge/failed",
      "merge/failed-before-publishing",
      "merge/output-abandoned",
      "merge/output-header-not-written",
      "merge/not-published-and-outputs-removed",
      "merge/publishing-unknown-and-outputs-stay",
      "merge/output-damaged",
    ],
    tell: async () => {
      // The header of the output, and its first frame.
      for (const nth of [1, 2]) must(await mergeFails("append", "EIO", ".segment", nth), `append ${nth} fails it`);
      for (const operation of ["create", "syncDirectory", "replace.write", "replace.rename"]) {
        must(await mergeFails(operation, "EIO", "", 0), `the first ${operation} fails it`);
        // There may be no second one.
        await mergeFails(operation, "EIO", "", 1);
      }
      let damaged = 0;
      for (let nth = 0; nth < 12; nth += 1) if (await mergeFails("read", "short", ".segment", nth)) damaged += 1;
      must(damaged > 0, "an output that does not read back fails the merge");
    },
  },
  {
    title: "a merge of a few of many keys looks each up, and one of most knows what lives from a walk over the keydir",
    marks: ["merge/keys-looked-up-one-by-one", "merge/record-known-to-be-live"],
    tell: async () => {
      const script = await threeSegments();
      for (const key of ["d", "e", "f", "g"]) await script.store.put(key, long(key));
      await script.store.delete("a");
      const state = await script.state();
      const [first] = script.store.stats().segments;
      await script.store.compact({ segments: [first!.segmentId] });
      await mustHold(script, state);
      await script.store.compact();
      await mustHold(script, state);
      await script.cutPowerAndOpen("drop-all");
      await mustHold(script, state);
    },
  },
  {
    title: "an input with a damaged frame or record leaves the merge, and is in the report",
    marks: ["merge/frame-damaged", "merge/record-damaged", "merge/record-malformed", "merge/damaged-input-left-out"],
    tell: async () => {
      const image = await closedDisk();
      const path = pathsOf(image, "segment")[0]!;
      // In the frame's header, in the record's value, and in the length of its key.
      for (const at of [40, 200, 77]) {
        const script = on(changed(image, path, flipped(at)));
        await script.open();
        const { leftOut } = await script.store.compact();
        must(leftOut.length === 1, `byte ${at} is found`);
        for (const key of ["b", "c"]) must(script.store.getSync(key) === THREE[key], `${key} is there`);
      }
    },
  },
  {
    title: "a merge can be cancelled as long as it has published nothing",
    marks: ["merge/aborted"],
    tell: async () => {
      const script = await threeSegments();
      const controller = new AbortController();
      const onProgress = ({ phase }: { phase: string }): void => {
        if (phase === "sync") controller.abort();
      };
      await mustFail(script.store.compact({ signal: controller.signal, onProgress }), "HASHLOG_ABORTED");
      await mustHold(script, THREE);
    },
  },
  {
    title: "what is written while a merge runs stands, and is durable before it retires anything",
    marks: [
      "merge/swing-lost-to-a-newer-write",
      "merge/expired-key-written-meanwhile",
      "merge/expired-key-dropped",
      "merge/log-synced-before-publishing",
      "merge/published",
      "merge/retired",
      "merge/checkpoint-dropped-with-the-inputs",
      "merge/input-closed-by-its-last-reader",
    ],
    tell: async () => {
      const script = await Script.begin({ sync: "never", segments: 0 });
      const { store } = script;
      for (const [key, value] of Object.entries(THREE)) await store.put(key, value);
      for (const key of ["x", "y"]) await store.put(key, "soon gone", { ttlMs: 10 });
      await store.checkpoint();
      script.clock.tick(20);
      const before = store.entries();
      let begun: Promise<unknown> | undefined;
      let written: Promise<unknown> | undefined;
      const onProgress = ({ phase }: { phase: string }): void => {
        if (phase === "copy") begun ??= store.put("w", "4");
        if (phase === "sync") written ??= Promise.all([store.put("a", "4"), store.put("x", "5")]);
      };
      const report = await store.compact({ onProgress });
      await Promise.all([begun, written]);
      must(report.superseded === 1 && report.expiredDropped === 1, "one key was written, and one dropped");
      let entries = 0;
      for await (const _entry of before) entries += 1;
      must(entries === 3, "an iterator sees what there was");
      await script.cutPowerAndOpen("drop-all");
      for (const [key, value] of Object.entries(THREE)) {
        if (key !== "a") must(script.store.getSync(key) === value, `${key} is there`);
      }
      must(script.store.has("a"), "a is there");
    },
  },
  {
    title: "of an expired record that an older segment outside needs, a tombstone is left, and its key goes",
    marks: ["merge/expired-record-buried"],
    tell: async () => {
      const script = await Script.begin({ segments: 0 });
      await script.store.put("a", long("old"));
      for (const key of ["b", "c"]) await script.store.put(key, long(key));
      await script.store.put("a", long("short"), { ttlMs: 10 });
      await script.store.put("d", long("4"));
      await script.close();
      const image = script.disk.image();
      // The old segment leaves the merge, as it reads wrong for once. The first reads are those of the opening.
      const oldest = pathsOf(image, "segment")[0]!;
      let buried = 0;
      for (let nth = 1; nth < 5; nth += 1) {
        const again = on(image);
        again.clock.tick(20);
        await again.open(misreading(again.disk.boot(), oldest, nth));
        const report = await again.store.compact();
        buried += report.recordsBuried;
        must(!again.store.has("a"), "what has expired is not there");
        await again.killAndOpen();
        must(!again.store.has("a"), "nor is what was older");
        for (const key of ["b", "c"]) must(again.store.getSync(key) === long(key), `${key} is there`);
      }
      must(buried > 0, "a merge without the old segment buries it");
    },
  },
  {
    title:
      "a merge that cannot read the keys of what had expired, when its inputs are retired, drops them all the same",
    marks: ["merge/expired-keys-dropped-by-a-walk"],
    tell: async () => {
      let failedAtTheEnd = 0;
      for (let nth = 0; nth < 12; nth += 1) {
        const script = await threeSegments();
        for (const key of ["x", "y"]) await script.store.put(key, long(key), { ttlMs: 10 });
        script.clock.tick(20);
        script.disk.inject({ at: { operation: "read", path: ".segment", nth }, kind: "EIO", keepBytes: 0 });
        const failed = await script.store.compact().then(
          () => false,
          () => true,
        );
        script.disk.clearFaults();
        const { keys, segments } = script.store.stats();
        if (failed && keys === 3) {
          failedAtTheEnd += 1;
          must(pathsOf(script.disk.image(), "segment").length === segments.length, "the inputs are gone");
        }
        await mustHold(script, THREE);
        await script.store.put("x", "6");
        await script.store.compact();
        await script.cutPowerAndOpen("drop-all");
        await mustHold(script, { ...THREE, x: "6" });
      }
      must(failedAtTheEnd > 0, "one of them fails when it has retired its inputs");
    },
  },
  {
    title: "a merge that has no memory for dropping what had expired leaves it to the next",
    marks: ["merge/expired-keys-not-dropped", "merge/expired-keys-told-from-others"],
    tell: async () => {
      const disk = new SimulatedDisk();
      const clock = new VirtualClock();
      let isShort = true;
      const index = (...given: Parameters<KeydirFactory>): Keydir => {
        const keydir = hashKeydir(...given);
        const deleteIfAt: Keydir["deleteIfAt"] = (...args) => {
          if (isShort) throw new RangeError("Array buffer allocation failed");
          return keydir.deleteIfAt(...args);
        };
        return altered(keydir, { deleteIfAt });
      };
      const store = await open(DIRECTORY, { fileSystem: disk.boot(), clock, index, values: utf8, compaction: false });
      await store.put("a", "1");
      await store.put("x", "2", { ttlMs: 10 });
      clock.tick(20);
      await mustFail(store.compact(), "HASHLOG_IO");
      must(store.getSync("a") === "1" && !store.has("x"), "only what has not expired is there");
      isShort = false;
      await store.compact();
      must(store.stats().keys === 1, "the key of what had expired is gone");
      must(pathsOf(disk.image(), "segment").length === store.stats().segments.length, "the inputs are gone");
      await store.close();
    },
  },
  {
    title:
      "on a full volume a merge finds room in the reserve, and is refused where it would rest on what is not durable",
    marks: ["reserve/lent", "resume/tried-for-a-merge", "resume/not-synced", "merge/refused-while-full"],
    tell: async () => {
      for (const sync of ["always", "never"] as const) {
        const script = await Script.begin({ sync, segments: 0 });
        script.disk.capacityBytes = script.disk.usedBytes + 6000;
        let writes = 0;
        const put = (): Promise<boolean> =>
          script.store.put("k", long(String(writes))).then(
            () => true,
            () => false,
          );
        while (await put()) writes += 1;
        must((await script.store.compact()).bytesFreed > 4000, "the garbage is gone");
        must(script.store.getSync("k") === long(String(writes - 1)), "the last one is there");
      }
      const script = await Script.begin({ sync: "never" });
      await script.store.put("a", "1");
      script.disk.inject({ at: { operation: "append", path: ".segment" }, kind: "ENOSPC" });
      // What was written can neither be synced nor be copied.
      script.disk.inject({ at: { operation: "sync", path: ".segment" }, kind: "ENOSPC" });
      script.disk.inject({ at: { operation: "create" }, kind: "ENOSPC", sticky: true });
      await mustFail(script.store.put("b", "2"), "HASHLOG_NO_SPACE");
      await mustFail(script.store.compact(), "HASHLOG_NO_SPACE");
      script.disk.clearFaults();
      await script.store.compact();
      await mustHold(script, { a: "1" });
    },
  },
  {
    title: "a checkpoint is not named when the log fails before the edit that would name it, and says of what",
    marks: ["checkpoint/log-failed-meanwhile"],
    tell: async () => {
      let failed = 0;
      for (let turns = 0; turns < 60; turns += 1) {
        const script = await threeSegments({ segments: 2 });
        script.disk.inject({ at: { operation: "append", path: ".segment" }, kind: "EIO" });
        const checkpoint = settled(script.store.checkpoint(), "a checkpoint").then(
          () => "written",
          (error: HashlogError) => error.code,
        );
        await script.turns(turns);
        await mustFail(script.store.put("d", "4"), "HASHLOG_WRITES_DISABLED");
        const outcome = await checkpoint;
        must(outcome === "written" || outcome === "HASHLOG_WRITES_DISABLED", `${outcome} is a fitting outcome`);
        if (outcome !== "written") failed += 1;
        await script.close();
        await script.open();
        await mustHold(script, THREE);
      }
      must(failed > 0, "some checkpoint failed");
    },
  },
  {
    title: "a checkpoint is not named when the log has resumed elsewhere while it was written",
    marks: ["checkpoint/log-resumed-meanwhile", "checkpoint/named", "checkpoint/current-already"],
    tell: async () => {
      const disk = new SimulatedDisk();
      let slices = 0;
      const clock: Clock = {
        ...systemClock,
        yield: async () => {
          slices += 1;
          if (slices !== 1) return;
          disk.inject({ at: { operation: "append", path: ".segment" }, kind: "ENOSPC" });
          await mustFail(store.put("refused", "1"), "HASHLOG_NO_SPACE");
          await store.put("b", "1");
        },
      };
      const store = await open(DIRECTORY, { fileSystem: disk.boot(), sync: "never", values: utf8, clock });
      for (let index = 0; index < 50; index += 1) await store.put(`k${index}`, String(index));
      await mustFail(store.checkpoint(), "HASHLOG_NO_SPACE");
      await store.checkpoint();
      await store.checkpoint();
      must(store.stats().checkpoints === 1, "the second one was current already");
      await store.close();
    },
  },
];
