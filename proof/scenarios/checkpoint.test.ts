import { checkpointFileName } from "@hashlog/format";
import { SimulatedDisk } from "@hashlog/fs-io/testing";
import { describe, expect, test } from "vitest";
import { quiet, settled } from "../world/quiet.ts";
import { removeCaches } from "../cases/spoil-caches.ts";
import { long, Script, stepsThat } from "../world/script.ts";
import { DIRECTORY } from "../world/text-store.ts";

/** Stories about checkpoints that are right by their checksum, and must not be wrong by their content. */

test("a checkpoint never runs ahead of what is durable of the log", async () => {
  for (let turns = 0; turns < 24; turns += 3) {
    const script = await Script.begin({ sync: "never" });
    await script.store.put("a", "1", { sync: true });
    await script.store.put("a", "2");
    const begun = script.disk.position;
    const checkpointing = script.store.checkpoint();
    await script.turns(turns);
    await script.store.put("b", "3");
    await settled(checkpointing, "the checkpoint");
    const renamed = stepsThat(script.disk, "rename", ".manifest").filter((ordinal) => ordinal > begun);
    expect(renamed.length).toBeGreaterThan(0);
    for (const ordinal of [begun, ...renamed.flatMap((step) => [step, step + 1]), script.disk.position]) {
      const crashed = script.crashAt(ordinal, "drop-all");
      await crashed.open();
      const shown = await crashed.state();
      await crashed.store.put("c", "4", { sync: true });
      await crashed.reopen();
      expect(await crashed.state()).toEqual({ ...shown, c: "4" });
      expect(crashed.store.stats().open.road).toBe("checkpoint");
      crashed.disk.kill();
      await removeCaches(crashed.disk.boot(), "both");
      await crashed.open();
      expect(await crashed.state()).toEqual({ ...shown, c: "4" });
    }
  }
});

test("a checkpoint that is asked for while a merge runs holds no place that the merge takes away", async () => {
  for (let turns = 0; turns < 60; turns += 3) {
    const script = await Script.begin({ segments: 0 });
    await script.store.put("a", long("1"));
    await script.store.put("b", long("2"));
    await script.store.put("a", long("3"));
    const merging = script.store.compact();
    await script.turns(turns);
    const checkpointing = script.store.checkpoint();
    const written = script.store.put("c", "4");
    await settled(Promise.all([merging, checkpointing, written]), "the merge");
    await script.killAndOpen();
    expect(script.store.stats().open.road).toBe("checkpoint");
    expect(await script.state()).toEqual({ a: long("3"), b: long("2"), c: "4" });
  }
});

test("the checkpoint of a copy of the store that went another way is not taken for its own", async () => {
  const origin = await Script.begin();
  await origin.store.put("a", "1");
  await origin.close();
  const image = origin.disk.powerCut();
  const [left, right] = [new Script(new SimulatedDisk({ image })), new Script(new SimulatedDisk({ image }))];
  await left.open();
  await left.store.put("a", "left");
  await left.close();
  await right.open();
  await right.store.put("b", "right");
  await right.close();
  const name = checkpointFileName(left.manifest.checkpoint!.id);
  expect(checkpointFileName(right.manifest.checkpoint!.id)).toBe(name);
  const path = `${DIRECTORY}/${name}`;
  const mixed = left.disk.image().withFile(path, right.disk.image().bytes(path)!);
  const script = new Script(new SimulatedDisk({ image: mixed }));
  await script.open();
  expect(script.store.stats().open.road).not.toBe("checkpoint");
  expect(await script.state()).toEqual({ a: "left" });
});

describe("the checkpoint that the manifest names", () => {
  test("is kept by the next writer, also after a kill, and used", async () => {
    const script = await Script.begin();
    await script.store.put("a", "1");
    await script.store.checkpoint();
    for (let opening = 0; opening < 3; opening += 1) {
      await script.killAndOpen();
      expect(script.store.stats().open.road).toBe("checkpoint");
      expect(await script.state()).toEqual({ a: "1" });
    }
  });

  test("does not bring a key back whose tombstone a merge has swallowed", async () => {
    const script = await Script.begin();
    await script.store.put("a", "1");
    await script.store.put("b", "2");
    await script.store.checkpoint();
    await script.store.delete("a");
    const begun = script.disk.position;
    await script.store.compact();
    await quiet();
    expect(script.store.stats().tombstones).toBe(0);
    for (let ordinal = begun; ordinal <= script.disk.position; ordinal += 1) {
      for (const profile of ["kill", "drop-all", "ordered", "free"] as const) {
        const crashed = script.crashAt(ordinal, profile);
        await crashed.open();
        expect(await crashed.state()).toEqual({ b: "2" });
      }
    }
  });
});
