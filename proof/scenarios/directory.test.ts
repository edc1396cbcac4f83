import { SimulatedDisk, type DiskImage } from "@hashlog/fs-io/testing";
import { describe, expect, test } from "vitest";
import { quiet } from "../world/quiet.ts";
import { codeOf, Script, stepsThat } from "../world/script.ts";
import { DIRECTORY } from "../world/text-store.ts";

/** Stories about a directory: its making, what must never be removed from it, and who may write in it. */

const PROFILES = ["kill", "drop-all", "prefix", "ordered", "free"] as const;

function without(image: DiskImage, ending: string): DiskImage {
  return [...image.files.keys()]
    .filter((path) => path.endsWith(ending))
    .reduce((rest, path) => rest.withoutFile(path), image);
}

async function aClosedStore(): Promise<DiskImage> {
  const script = await Script.begin({ segments: 0 });
  await script.store.put("a", "1".repeat(450));
  await script.store.put("b", "2".repeat(450));
  // The hint of what was sealed is written in the background.
  await quiet();
  await script.close();
  return script.disk.powerCut();
}

describe("a directory without its manifest", () => {
  test.each([["manifest"], ["hint"], ["segment"], ["checkpoint"]])(
    "is refused as damaged and left as it is, also without its %s files",
    async (kind) => {
      const image = without(await aClosedStore(), ".manifest");
      const disk = new SimulatedDisk({ image: without(image, `.${kind}`) });
      const before = disk.image().toJSON();
      expect(await codeOf(new Script(disk).open())).toBe("HASHLOG_CORRUPT");
      expect(disk.image().toJSON()).toEqual(before);
    },
  );

  test("is refused also when only a checkpoint, or only a hint, or only a segment is left", async () => {
    for (const kept of [".hint", ".segment", ".checkpoint"]) {
      const closed = await aClosedStore();
      const others = [...closed.files.keys()].filter((path) => !path.endsWith(kept));
      const image = others.reduce((rest, path) => rest.withoutFile(path), closed);
      expect(await codeOf(new Script(new SimulatedDisk({ image })).open())).toBe("HASHLOG_CORRUPT");
    }
  });
});

test("files with names that are not the store's own are never touched, however similar", async () => {
  const foreign = [
    "notes.txt",
    "hashlog",
    "hashlog.txt",
    "hashlog-1.segment",
    "hashlog-00000000001.segment",
    "hashlog-0000000009.segment.bak",
    "my-hashlog-0000000009.segment",
    "hashlog.manifest.old",
    "HASHLOG-0000000009.SEGMENT",
  ].map((name) => `${DIRECTORY}/${name}`);
  const image = foreign.reduce((all, path) => all.withFile(path, new Uint8Array([1, 2, 3])), await aClosedStore());
  const script = new Script(new SimulatedDisk({ image }), { segments: 0 });
  await script.open();
  await script.store.compact();
  await script.store.put("c", "3");
  await script.killAndOpen();
  await script.close();
  const after = script.disk.image();
  expect(foreign.map((path) => [...(after.bytes(path) ?? [])])).toEqual(foreign.map(() => [1, 2, 3]));
});

describe("the making of a store", () => {
  test("may crash at any step, and the next opening makes it", async () => {
    const first = new Script(new SimulatedDisk());
    await first.open();
    for (let ordinal = 0; ordinal <= first.disk.position; ordinal += 1) {
      for (const profile of PROFILES) {
        const again = first.crashAt(ordinal, profile);
        await again.open();
        expect(await again.state()).toEqual({});
        await again.store.put("a", "1");
        await again.cutPowerAndOpen("drop-all");
        expect(await again.state()).toEqual({ a: "1" });
      }
    }
  });

  test("leads to a store that a power cut cannot take as a whole, once something is acknowledged", async () => {
    const script = new Script(new SimulatedDisk());
    await script.open();
    await script.store.put("a", "1");
    await script.cutPowerAndOpen("drop-all");
    expect(await script.state()).toEqual({ a: "1" });
  });

  test("survives a kill between making a directory and syncing the one above it", async () => {
    const first = new Script(new SimulatedDisk());
    await first.open();
    for (const ending of ["/data", "/data/store"]) {
      for (const ordinal of stepsThat(first.disk, "link", ending)) {
        const killed = first.forkAt(ordinal);
        await killed.open();
        await killed.store.put("a", "1");
        await killed.cutPowerAndOpen("drop-all");
        expect(await killed.state()).toEqual({ a: "1" });
      }
    }
  });

  test("survives a kill between its manifest and whatever comes next", async () => {
    const first = new Script(new SimulatedDisk());
    await first.open();
    for (const ordinal of stepsThat(first.disk, "rename", ".manifest")) {
      for (const later of [ordinal, ordinal + 1, ordinal + 2]) {
        const killed = first.forkAt(later);
        await killed.open();
        await killed.store.put("a", "1");
        await killed.cutPowerAndOpen("drop-all");
        expect(await killed.state()).toEqual({ a: "1" });
      }
    }
  });
});

describe("the lock", () => {
  test("keeps a second writer out, in the same process and in another", async () => {
    const disk = new SimulatedDisk();
    const [process, another] = [disk.boot(), disk.boot()];
    const script = new Script(disk);
    await script.open(process);
    await script.store.put("a", "1");
    const other = new Script(disk);
    for (const fileSystem of [process, another]) expect(await codeOf(other.open(fileSystem))).toBe("HASHLOG_LOCKED");
    expect(await script.state()).toEqual({ a: "1" });
    await script.close();
    await other.open(another);
    expect(await other.state()).toEqual({ a: "1" });
  });

  test("is not in the way when its holder was killed", async () => {
    const script = await Script.begin();
    await script.store.put("a", "1");
    await script.killAndOpen();
    expect(await script.state()).toEqual({ a: "1" });
  });

  test("is free again after an opening that failed", async () => {
    const image = await aClosedStore();
    const manifest = [...image.files.keys()].find((path) => path.endsWith(".manifest"))!;
    const disk = new SimulatedDisk({ image: image.withFile(manifest, new Uint8Array(200)) });
    for (let attempt = 0; attempt < 2; attempt += 1) {
      expect(await codeOf(new Script(disk).open())).toBe("HASHLOG_CORRUPT");
    }
  });
});
