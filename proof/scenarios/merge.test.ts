import { SimulatedDisk, type DiskImage, type PendingUnit } from "@hashlog/fs-io/testing";
import { describe, expect, test } from "vitest";
import { quiet, settled } from "../world/quiet.ts";
import { removeCaches } from "../cases/spoil-caches.ts";
import { codeOf, long, of, Script, stepsThat } from "../world/script.ts";
import { DIRECTORY } from "../world/text-store.ts";

/** Stories about merges, the hints they rest on, and what a crash must not bring back or take away because of them. */

const POWER_CUTS = ["drop-all", "prefix", "ordered", "free"] as const;

async function withoutCaches(script: Script): Promise<void> {
  script.disk.kill();
  await removeCaches(script.disk.boot(), "both");
  await script.open();
}

describe("an overwrite that is visible and not durable", () => {
  test.each(["put", "delete"] as const)(
    "makes nothing dead for a merge: when a power cut takes the %s, the old value is back",
    async (work) => {
      let taken = 0;
      for (let turns = 0; turns < 200; turns += 8) {
        const script = await Script.begin({ sync: "never", segments: 0 });
        for (let write = 0; write < 6; write += 1) await script.store.put(`other${write % 3}`, long(String(write)));
        await script.store.put("k", "old", { sync: true });
        const begun = script.disk.position;
        const merging = script.store.compact();
        await script.turns(turns);
        // A segment must have begun before the merge comes to k, for the write to be visible by then and not durable.
        await script.store.put("x", "1");
        await (work === "put" ? script.store.put("k", "new") : script.store.delete("k"));
        await settled(merging, "the merge");
        // The last thing that a merge does is a checkpoint, whose sync of the log would hide what went wrong before.
        const removed = stepsThat(script.disk, "unlink", ".segment").filter((ordinal) => ordinal > begun);
        for (const ordinal of [removed[0]!, removed.at(-1)!, removed.at(-1)! + 1, script.disk.position]) {
          const crashed = script.crashAt(ordinal, "drop-all");
          await crashed.open();
          const value = crashed.store.getSync("k");
          expect(["old", work === "put" ? "new" : undefined]).toContain(value);
          if (value !== "old") taken += 1;
        }
      }
      expect(taken).toBeGreaterThan(25);
    },
  );

  test("is not in the hint of the segment that holds the old value", async () => {
    const script = await Script.begin({ sync: "never", segments: 0 });
    await script.store.put("k", long("old"));
    await script.store.put("filler", long("1"));
    await quiet();
    await script.store.put("k", long("new", 10));
    const hint = stepsThat(script.disk, "append", ".hint");
    expect(hint.length).toBeGreaterThan(0);
    // The hint is there, and the segment with the overwrite holds nothing.
    const crashed = script.crashAt(script.disk.position, "free", of(".segment"));
    await removeCaches(crashed.disk.boot(), "checkpoint");
    await crashed.open();
    expect(crashed.store.stats().open.road).toBe("hints");
    expect(await crashed.state()).toEqual({ k: long("old"), filler: long("1") });
  });
});

describe("a merge with an input that is damaged", () => {
  async function damagedStore(): Promise<DiskImage> {
    const script = await Script.begin({ segments: 0 });
    await script.store.put("k", "old");
    await script.store.put("r", long("rotten", 300));
    await script.store.put("other", long("1"));
    await script.store.delete("k");
    await script.store.put("more", long("2"));
    await quiet();
    await script.close();
    const image = script.disk.powerCut();
    const path = `${DIRECTORY}/hashlog-0000000002.segment`;
    const bytes = image.bytes(path)!.slice();
    bytes[350] = bytes[350]! ^ 1;
    return image.withFile(path, bytes);
  }

  test("leaves that input where it is, and the tombstones that shield its records", async () => {
    const script = new Script(new SimulatedDisk({ image: await damagedStore() }), { segments: 0 });
    await script.open();
    const report = await script.store.compact();
    expect(report.leftOut.map(({ segmentId }) => segmentId)).toEqual([2]);
    expect(script.manifest.segments.map(({ segmentId }) => segmentId)).toContain(2);
    expect(script.store.getSync("k")).toBe(undefined);
    expect(await codeOf(script.store.get("r"))).toBe("HASHLOG_CORRUPT");
    expect(script.store.getSync("other")).toBe(long("1"));
  });

  test("does not bring a deleted key back when the store is opened again, by whatever caches are left", async () => {
    const script = new Script(new SimulatedDisk({ image: await damagedStore() }), { segments: 0 });
    await script.open();
    await script.store.compact();
    await script.close();
    script.disk.kill();
    await removeCaches(script.disk.boot(), "checkpoint");
    await script.open();
    expect(script.store.getSync("k")).toBe(undefined);
    expect(await codeOf(script.store.get("r"))).toBe("HASHLOG_CORRUPT");
    await script.close();
    script.disk.kill();
    await removeCaches(script.disk.boot(), "both");
    // Nothing ties the damage to a key now: the older value of k must not be served for want of its tombstone.
    expect(await codeOf(script.open())).toBe("HASHLOG_CORRUPT");
  });
});

describe("a record that has expired", () => {
  test("still hides an older one in a segment that a merge has to leave out", async () => {
    const first = await Script.begin({ segments: 0 });
    await first.store.put("k", "old");
    await first.store.put("r", long("rotten", 300));
    await first.store.put("k", "short", { ttlMs: 10 });
    await first.store.put("filler", long("1"));
    await quiet();
    await first.close();
    const path = `${DIRECTORY}/hashlog-0000000002.segment`;
    const bytes = first.disk.image().bytes(path)!.slice();
    bytes[350] = bytes[350]! ^ 1;
    const image = first.disk.powerCut().withFile(path, bytes);

    const script = new Script(new SimulatedDisk({ image }), { segments: 0 });
    script.clock.tick(20);
    await script.open();
    expect((await script.store.compact()).leftOut.map(({ segmentId }) => segmentId)).toEqual([2]);
    expect(script.store.getSync("k")).toBe(undefined);
    // The hint of the damaged segment has the older value, and nothing but the expired record stands against it.
    await script.close();
    await removeCaches(script.disk.boot(), "checkpoint");
    await script.open();
    expect(script.store.stats().open.road).toBe("hints");
    expect(script.store.getSync("k")).toBe(undefined);
    expect(await codeOf(script.store.get("r"))).toBe("HASHLOG_CORRUPT");
  });

  test("does not uncover an older one when a merge drops it, by whatever road the store is opened again", async () => {
    const script = await Script.begin({ segments: 0 });
    await script.store.put("k", "old");
    await script.store.put("filler", long("1"));
    await script.store.put("k", "short", { ttlMs: 10 });
    await script.store.put("filler", long("2"));
    script.clock.tick(20);
    const before = script.disk.position;
    await script.store.compact();
    const after = script.disk.position;
    for (let ordinal = before; ordinal <= after; ordinal += 1) {
      for (const profile of ["kill", "drop-all", "ordered"] as const) {
        const crashed = script.crashAt(ordinal, profile);
        await crashed.open();
        crashed.clock.tick(20);
        expect(crashed.store.getSync("k")).toBe(undefined);
        await withoutCaches(crashed);
        expect(crashed.store.getSync("k")).toBe(undefined);
      }
    }
  });

  test("does not uncover an older one when the clock is set back either", async () => {
    const script = await Script.begin({ segments: 0 });
    await script.store.put("k", "old");
    await script.store.put("k", "short", { ttlMs: 10 });
    script.clock.tick(20);
    await script.store.compact();
    await script.close();
    script.clock.tick(-20);
    await script.open();
    expect(["short", undefined]).toContain(script.store.getSync("k"));
    await withoutCaches(script);
    expect(["short", undefined]).toContain(script.store.getSync("k"));
  });
});

describe("a merge that is cut off", () => {
  async function merged(): Promise<{ script: Script; begun: number }> {
    const script = await Script.begin({ segments: 0 });
    await script.store.put("a", long("1"));
    await script.store.put("b", long("2"));
    await script.store.put("a", long("3"));
    await script.store.delete("b");
    await quiet();
    const begun = script.disk.position;
    await script.store.compact();
    await quiet();
    return { script, begun };
  }

  test("between replacing the manifest and syncing the directory: the next opening removes nothing that may come back", async () => {
    const { script } = await merged();
    const renamed = stepsThat(script.disk, "rename", ".manifest");
    expect(renamed.length).toBeGreaterThan(2);
    for (const ordinal of renamed) {
      const killed = script.forkAt(ordinal);
      await killed.open();
      const shown = await killed.state();
      await quiet();
      // Every removal has reached the disk, and of the other entries nothing that was not synced.
      const isRemoval = (unit: PendingUnit): boolean => unit.logged.operation.kind === "unlink";
      for (const lost of [(unit: PendingUnit) => !isRemoval(unit), () => false, () => true]) {
        const crashed = killed.crashAt(killed.disk.position, "free", lost);
        await crashed.open();
        expect(await crashed.state()).toEqual(shown);
      }
    }
  });

  test("leaves the same store at every step, and no litter behind the next opening", async () => {
    const { script, begun } = await merged();
    for (let ordinal = begun; ordinal <= script.disk.position; ordinal += 1) {
      for (const profile of POWER_CUTS) {
        const crashed = script.crashAt(ordinal, profile);
        await crashed.open();
        expect(await crashed.state()).toEqual({ a: long("3") });
        const listed = crashed.manifest.segments.map(({ segmentId }) => segmentId);
        const files = [...crashed.disk.image().files.keys()].filter((path) => path.endsWith(".segment"));
        expect(files.map((path) => Number(path.slice(-18, -8))).sort((a, b) => a - b)).toEqual(
          listed.sort((a, b) => a - b),
        );
      }
    }
  });
});

test("a merge that drops the highest records of the log leaves a log that goes on behind them", async () => {
  const script = await Script.begin();
  await script.store.put("a", "1");
  await script.store.put("b", "2");
  await script.store.delete("b");
  await script.store.compact();
  await script.store.put("c", "3");
  await script.killAndOpen();
  expect(await script.state()).toEqual({ a: "1", c: "3" });
  await script.store.compact();
  await script.store.delete("a");
  await script.store.delete("c");
  await script.store.compact();
  expect(script.store.stats().totalBytes).toBe(0);
  await script.cutPowerAndOpen("drop-all");
  expect(await script.state()).toEqual({});
  await script.store.put("d", "4");
  await withoutCaches(script);
  expect(await script.state()).toEqual({ d: "4" });
});

test("a merge says from where on the log is complete, so that nobody takes it for the whole story", async () => {
  const script = await Script.begin();
  await script.store.put("a", "1");
  await script.store.put("a", "2");
  expect(script.manifest.logCompleteFrom).toBe(1);
  await script.store.compact();
  expect(script.manifest.logCompleteFrom).toBe(script.store.stats().sequence + 1);
  const complete = script.manifest.logCompleteFrom;
  await script.store.put("b", "3");
  await script.cutPowerAndOpen("drop-all");
  expect(script.manifest.logCompleteFrom).toBe(complete);
});
