import { SEGMENT_HEADER_BYTES } from "@hashlog/format";
import type { Fault } from "@hashlog/fs-io/testing";
import { quiet } from "../../world/quiet.ts";
import { long, Script } from "../../world/script.ts";
import {
  changed,
  closedDisk,
  must,
  mustFail,
  mustHold,
  mustRefuse,
  misreading,
  on,
  pathsOf,
  THREE,
  threeSegments,
  without,
  type Story,
} from "./story.ts";

const SEGMENT = ".segment";

/** A store whose process died with writes that nothing testifies, in several segments. */
async function killedWithATail(): Promise<Script> {
  const script = await Script.begin({ sync: "never", segments: 0 });
  const first = script.disk.position;
  await script.store.put("a", THREE["a"]!, { sync: true });
  for (const key of ["b", "c"]) await script.store.put(key, THREE[key]!);
  // Of what comes in the background nothing has happened yet.
  must(script.disk.position > first, "it was written");
  script.disk.kill();
  return script;
}

/** Opens it with that failure, and again without. */
async function openWith(fault: Fault): Promise<"failed" | "opened"> {
  const script = await killedWithATail();
  script.disk.inject(fault);
  const outcome = await script.open().then(
    () => "opened" as const,
    () => "failed" as const,
  );
  script.disk.kill();
  script.disk.clearFaults();
  await script.open();
  // A file that seems to end early may cost what nothing testifies.
  if (fault.kind === "short") must(script.store.getSync("a") === THREE["a"], "what is durable is there");
  else await mustHold(script, THREE);
  return outcome;
}

/** What an opening does after a crash, and what it does when that fails. */
export const recoveryStories: readonly Story[] = [
  {
    title: "what was testified to be durable and is not there is damage, wherever the log breaks off",
    marks: [
      "recovery/testified-corruption-refused",
      "recovery/end-of-log-missing",
      "recovery/segment-begins-elsewhere",
      "recovery/frame-beyond-the-tear",
    ],
    tell: async () => {
      const script = await threeSegments();
      await script.store.put("d", "4");
      // States the floor in the manifest.
      await script.store.checkpoint();
      const image = script.disk.image();
      const active = pathsOf(image, "segment").at(-1)!;
      const cut = changed(image, active, (bytes) => bytes.subarray(0, SEGMENT_HEADER_BYTES));
      await mustRefuse(cut, "HASHLOG_CORRUPT");
      await mustRefuse(
        changed(image, active, (bytes) => bytes.fill(0, SEGMENT_HEADER_BYTES, SEGMENT_HEADER_BYTES + 8)),
        "HASHLOG_CORRUPT",
      );
      await tearBetweenSegments();
    },
  },
  {
    title: "a tail that nothing testifies is appended again, and every crash on the way leaves it",
    marks: ["recovery/not-closed-clean", "rescue/installed", "rescue/frame-copied", "rescue/segment-begun"],
    tell: async () => {
      const script = await killedWithATail();
      await script.open();
      must(script.store.stats().open.writesRescued > 0, "something was rescued");
      await script.cutPowerAndOpen("drop-all");
      await mustHold(script, THREE);
    },
  },
  {
    title: "of a segment that is durable up to its middle the rest is appended again, whether alive or dead",
    marks: ["recovery/floor-inside-an-extent", "rescue/dead-record-copied"],
    tell: async () => {
      const script = await Script.begin({ sync: "never" });
      await script.store.put("a", "1");
      // Appended behind what the sync covers, and before the fence that says so.
      const synced = script.store.sync();
      for (const value of ["2", "3"]) await script.store.put("b", value);
      await synced;
      await script.store.put("c", "4", { ttlMs: 1000 });
      await script.killAndOpen();
      must(script.store.stats().open.writesRescued === 3, "three were rescued");
      await script.cutPowerAndOpen("drop-all");
      await mustHold(script, { a: "1", b: "3", c: "4" });
    },
  },
  {
    title: "a replay begins behind what the checkpoint holds, in the middle of a segment that was sealed since",
    marks: ["load/replay-from-inside-a-segment", "load/covered-by-checkpoint"],
    tell: async () => {
      const script = await Script.begin({ segments: 0 });
      await script.store.put("x", long("0"));
      await script.store.put("y", long("0"));
      await script.store.delete("y");
      await script.store.checkpoint();
      await script.store.put("y", "1");
      await script.store.put("z", long("2"));
      await quiet();
      await script.killAndOpen();
      must(script.store.stats().open.road === "checkpoint", "the checkpoint was used");
      await mustHold(script, { x: long("0"), y: "1", z: long("2") });
    },
  },
  {
    title: "a recovery that fails leaves everything to the next one",
    marks: ["recovery/failed", "open/abandoned", "rescue/abandoned", "rescue/edit-failed", "segment/not-made"],
    tell: async () => {
      let failed = 0;
      for (const [operation, kind] of [
        ["read", "short"],
        ["append", "EIO"],
        ["sync", "EIO"],
        ["replace.write", "EIO"],
      ] as const) {
        for (let nth = 0; nth < 16; nth += 1) {
          const path = operation === "replace.write" ? "" : SEGMENT;
          if ((await openWith({ at: { operation, path, nth }, kind, keepBytes: 0 })) === "failed") failed += 1;
        }
      }
      must(failed > 10, `${failed} openings that failed are many`);
    },
  },
  {
    title: "a tail that reads otherwise when it is copied, or afterwards, is not taken for copied",
    marks: ["rescue/tail-not-readable-any-more", "rescue/copy-not-readable"],
    tell: async () => {
      let failed = 0;
      for (let nth = 0; nth < 16; nth += 1) {
        const script = await killedWithATail();
        const isOpen = await script.open(misreading(script.disk.boot(), SEGMENT, nth)).then(
          () => true,
          () => false,
        );
        const expected = isOpen ? await script.state().catch(() => script.state()) : THREE;
        must(expected["a"] === THREE["a"], "what is durable is there");
        script.disk.kill();
        await script.open();
        await mustHold(script, expected);
        failed += isOpen ? 0 : 1;
      }
      must(failed > 3, `${failed} openings that failed are several`);
    },
  },
  {
    title: "on a full volume a store opens and shows everything, and recovers when there is room",
    marks: ["recovery/put-off-for-want-of-room", "resume/resumed", "reserve/not-made"],
    tell: async () => {
      const image = without(await closedDisk(), "reserve");
      const script = on(image, {
        capacityBytes: [...image.files.values()].reduce((sum, { bytes }) => sum + bytes.length, 0),
      });
      await script.open();
      await mustHold(script, THREE);
      await mustFail(script.store.put("d", "4"), "HASHLOG_NO_SPACE");
      script.disk.capacityBytes = Infinity;
      script.disk.inject({ at: { operation: "create", path: ".reserve" }, kind: "EIO" });
      await script.store.put("d", "4");
      await script.cutPowerAndOpen("drop-all");
      await mustHold(script, { ...THREE, d: "4" });
    },
  },
];

/** Of a log that has two unsealed segments, the first is cut off behind its header. */
async function tearBetweenSegments(): Promise<void> {
  const whole = await threeSegments();
  for (let ordinal = whole.disk.position; ordinal > 0; ordinal -= 1) {
    const script = whole.forkAt(ordinal);
    const unsealed = script.manifest.segments.filter(({ state }) => state === "unsealed");
    if (unsealed.length < 2 || script.manifest.floor === 0) continue;
    const image = script.disk.image();
    const first = pathsOf(image, "segment").find((path) =>
      path.includes(String(unsealed[0]!.segmentId).padStart(10, "0")),
    )!;
    await mustRefuse(
      changed(image, first, (bytes) => bytes.subarray(0, SEGMENT_HEADER_BYTES)),
      "HASHLOG_CORRUPT",
    );
    return;
  }
  throw new Error("there were never two unsealed segments");
}
