import { SimulatedDisk, type DiskImage } from "@hashlog/fs-io/testing";
import { afterEach, describe, expect, test, vi } from "vitest";
import { PropertyViolation } from "../properties/property.ts";
import { Script } from "../world/script.ts";
import { BEGINNING } from "../world/virtual-clock.ts";
import * as world from "../world/text-store.ts";
import { readAlone, readCrashed } from "./recover.ts";

const SHAPE = { sync: "always", segments: 0 } as const;
const LATER = BEGINNING + 1000;

/** A closed store with one key that expires, and one that no case has. */
async function storeWithMore(): Promise<DiskImage> {
  const script = await Script.begin();
  await script.store.put("a", "1.", { ttlMs: 50 });
  await script.store.put("no key of a case", "2.");
  await script.close();
  return script.disk.image();
}

async function readTwice(image: DiskImage): Promise<ReadonlyMap<string, string>> {
  const time = { nowMs: LATER, latestMs: LATER };
  return readCrashed(new SimulatedDisk({ image }), SHAPE, time, { depth: 0, readsFirst: true });
}

describe("reading what a crash left", () => {
  afterEach(() => void vi.restoreAllMocks());

  test("leaves out what has expired, and finds what nobody has asked for", async () => {
    expect([...(await readTwice(await storeWithMore()))]).toEqual([["no key of a case", "2."]]);
  });

  test("may find no store to be read where the writer makes one", async () => {
    expect([...(await readTwice(new SimulatedDisk().image()))]).toEqual([]);
  });

  test("is a violation where a read fails, of whoever", async () => {
    const script = await Script.begin();
    await script.store.put("a", "the value of a");
    // Sealed, and covered by the checkpoint of the close: nobody reads it when the store is opened.
    await script.store.compact();
    await script.close();
    const image = script.disk.image();
    const path = [...image.files.keys()].find((one) => one.endsWith(".segment"))!;
    const bytes = image.bytes(path)!;
    const damaged = image.withFile(path, bytes.with(Buffer.from(bytes).indexOf("the value of a"), 0));
    const time = { nowMs: LATER, latestMs: LATER };
    for (const readsFirst of [false, true]) {
      const reading = readCrashed(new SimulatedDisk({ image: damaged }), SHAPE, time, { depth: 0, readsFirst });
      await expect(reading).rejects.toThrow(
        /P14 .*reading after a crash failed: the record at offset \d+ of .* is damaged/,
      );
    }
  });

  test("is a violation where the writer shows something else than was shown to one who only reads", async () => {
    const image = await storeWithMore();
    const older = new SimulatedDisk({ image: await world.emptyStore() });
    const open = world.openTextReader;
    vi.spyOn(world, "openTextReader").mockImplementation((_, ...rest) => open(older.boot(), ...rest));
    await expect(readTwice(image)).rejects.toThrow(PropertyViolation);
    await expect(readTwice(image)).rejects.toThrow(/P7 .*holds .*and showed nothing to one who only reads/);
  });

  test("leaves the disk as it was where somebody only reads", async () => {
    const disk = new SimulatedDisk({ image: await storeWithMore() });
    await readAlone(disk, SHAPE, LATER);
    expect(disk.position).toBe(0);
  });
});
