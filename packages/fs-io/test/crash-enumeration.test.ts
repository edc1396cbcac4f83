import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  countFates,
  crashPointAt,
  enumerateFates,
  hashImage,
  legalImages,
  sampleFates,
  SeededRandom,
  SimulatedDisk,
  type CrashPoint,
  type EnumerationOptions,
  type SimulatedFileSystem,
} from "../src/testing/index.ts";
import { bytes, runScript, shown, write, writeDurably } from "./simulated-support.ts";

async function pointAfter(work: (fs: SimulatedFileSystem) => Promise<unknown>): Promise<CrashPoint> {
  const disk = new SimulatedDisk();
  await work(disk.boot());
  return crashPointAt(disk, disk.position);
}

function counts(point: CrashPoint, options?: EnumerationOptions): [fates: number, images: number] {
  expect([...enumerateFates(point, options)]).toHaveLength(countFates(point, options));
  return [countFates(point, options), [...legalImages(point, options)].length];
}

describe("the crashes after one unsynced file of ten bytes", () => {
  const point = (): Promise<CrashPoint> => pointAfter((fs) => write(fs, "/a", bytes(10)));

  // Its entry has 2 ways, its bytes 6, its length 3 (whole, none, 5); most of the 36 leave what others leave, too.
  // Images: none; empty; of 10 bytes: whole, zeros (lost, and stale as there is no other place), 5 + zeros,
  // zeros + 5, garbage; of 5 bytes: the first five (whole, torn-prefix), zeros (lost, torn-suffix, stale), garbage.
  test("are 10, and leave 10 images, if all is free", async () => {
    expect(counts(await point())).toEqual([10, 10]);
  });

  // none; empty; of 10 bytes: whole and zeros.
  test("are 4, and leave 4 images, if units are whole or lost", async () => {
    expect(counts(await point(), { kinds: ["lost"] })).toEqual([4, 4]);
  });

  // One queue: whole, or cut at its entry, or its bytes (lost or torn); the length says what the bytes say.
  test("are 4, and leave 4 images, in their order", async () => {
    expect(counts(await point(), { profile: "prefix" })).toEqual([4, 4]);
    expect([...legalImages(await point(), { profile: "prefix" })].map(shown)).toEqual([
      { "/a": [...bytes(10)] },
      {},
      { "/a": [] },
      { "/a": [1, 2, 3, 4, 5] },
    ]);
  });

  // Without the entry 1; with it whole, lost or torn.
  test("are 4, and leave 4 images, if files keep their order", async () => {
    expect(counts(await point(), { profile: "ordered" })).toEqual([4, 4]);
    expect(counts(await point(), { profile: "files-ordered" })).toEqual([4, 4]);
  });

  test("are one where nothing is open", async () => {
    expect(counts(await point(), { profile: "kill" })).toEqual([1, 1]);
    expect(counts(await point(), { profile: "drop-all" })).toEqual([1, 1]);
    expect([...legalImages(await point(), { profile: "drop-all" })].map(shown)).toEqual([{}]);
  });
});

describe("the crashes after", () => {
  test("two appends to a durable file are 7, and leave 7 images, if units are whole or lost", async () => {
    // Lengths 1 (lost twice), 2 and 3, by the last length that is kept. Of length 2, its second byte or 0; of length 3,
    // each of the last two bytes or 0: 1 + 2 + 4.
    const point = await pointAfter(async (fs) => {
      const file = await writeDurably(fs, "/a", bytes(1, 1));
      file.append(bytes(1, 2), 0, 1);
      file.append(bytes(1, 3), 0, 1);
    });
    expect(counts(point, { kinds: ["lost"] })).toEqual([7, 7]);
  });

  test("an append over three sectors are 1 + 8, and leave as many images, if units are whole or lost", async () => {
    const point = await pointAfter(async (fs) => {
      const file = await writeDurably(fs, "/a", bytes(500));
      file.append(bytes(600), 0, 600);
    });
    expect(counts(point, { kinds: ["lost"] })).toEqual([9, 9]);
  });

  test("three entries in two directories are 6, and leave 6 images", async () => {
    // /d and what is in it, or not: with /d, /d/a or not; without it, /d/a cannot be seen. Times /b or not.
    const point = await pointAfter(async (fs) => {
      await fs.makeDirectory("/d");
      await (await fs.create("/d/a")).sync();
      await fs.create("/b");
    });
    expect(counts(point)).toEqual([6, 6]);
  });

  test("a single byte are 4, as it cannot be torn, and leave 4 images", async () => {
    // The byte, zero in its place (lost, and stale as there is no other place), or garbage; or the file as it was.
    const point = await pointAfter(async (fs) => (await writeDurably(fs, "/a", bytes(1))).append(bytes(1), 0, 1));
    expect(counts(point)).toEqual([4, 4]);
    expect(counts(point, { profile: "ordered" })).toEqual([2, 2]);
    // Where damage reaches out of its unit all are gone through: 4 of the byte, and 3 of the length.
    expect(countFates(point, { profile: "neighbours" })).toBe(12);
  });

  test("a sync that covers everything are one", async () => {
    expect(counts(await pointAfter((fs) => writeDurably(fs, "/a", bytes(10))))).toEqual([1, 1]);
  });

  test("a failed sync are those of what it may have written", async () => {
    const disk = new SimulatedDisk({ faults: [{ at: { operation: "sync", nth: 1 }, kind: "EIO" }] });
    const file = await writeDurably(disk.boot(), "/a", bytes(1, 1));
    file.append(bytes(1, 2), 0, 1);
    await file.sync().catch(() => {});
    const point = crashPointAt(disk, disk.position);
    expect(counts(point, { kinds: ["lost"] })).toEqual([3, 3]);
    expect(counts(point, { kinds: ["lost"], profile: "ordered" })).toEqual([2, 2]);
  });
});

describe("of very many things in flight", () => {
  test("up to 16 sectors of a file are told apart, and of more all fates count", async () => {
    const appended = (sectors: number): Promise<CrashPoint> =>
      pointAfter(async (fs) =>
        (await writeDurably(fs, "/a", bytes(512))).append(bytes(512 * sectors), 0, 512 * sectors),
      );
    // The steps, a page each, end after 7, 15 and 16 sectors; so many show when the length of that step is the last kept.
    expect(countFates(await appended(16), { kinds: ["lost"] })).toBe(2 ** 16 + 2 ** 15 + 2 ** 7 + 1);
    expect(countFates(await appended(17), { kinds: ["lost"] })).toBe(2 ** (17 + 3));
  });

  test("up to 64 sets of names are told apart, and of more all fates count", async () => {
    const created = (names: number): Promise<CrashPoint> =>
      pointAfter(async (fs) => {
        for (let i = 0; i < names; i++) await fs.create(`/${i}`);
        for (let i = 0; i < names; i++) await fs.remove(`/${i}`);
      });
    // Of each name: made and removed, or removed, or neither, which is nothing; or made only.
    expect(counts(await created(3), { profile: "free" })).toEqual([8, 8]);
    expect(counts(await created(4), { profile: "free" })).toEqual([256, 16]);
    expect(counts(await created(4), { profile: "ordered" })).toEqual([8, 8]);
  });
});

test("more crashes than the limit are an error, not a selection", async () => {
  const point = await pointAfter((fs) => write(fs, "/a", bytes(10)));
  const tooMany = expect.objectContaining({ code: "FS_INVALID_ARGUMENT" });
  expect(() => [...enumerateFates(point, { limit: 9 })]).toThrow(tooMany);
  expect(() => [...legalImages(point, { limit: 9 })]).toThrow(tooMany);
  expect([...enumerateFates(point, { limit: 10 })]).toHaveLength(10);
});

const step = fc.tuple(fc.nat(8), fc.nat(3), fc.nat(6));

test("each profile's images are among those of the profiles after it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 5 }), async (script) => {
      const disk = new SimulatedDisk();
      await runScript(disk, script);
      const point = crashPointAt(disk, disk.position);
      // Of the kinds that all of them know; every append is within one sector, so that all are torn alike.
      const kinds = ["lost", "torn-prefix"] as const;
      if (countFates(point, { kinds }) > 3000) return;
      const profiles = (["drop-all", "prefix", "ordered", "files-ordered", "free"] as const).map(
        (profile) => new Set([...legalImages(point, { profile, kinds })].map(hashImage)),
      );
      for (let i = 1; i < profiles.length; i++) {
        for (const hash of profiles[i - 1]) expect(profiles[i].has(hash)).toBe(true);
      }
    }),
    { numRuns: 200 },
  );
});

test("sampled crashes are of those that can be, of many kinds, and the same for the same seed", async () => {
  const point = await pointAfter(async (fs) => {
    await write(fs, "/a", bytes(3));
    await write(fs, "/b", bytes(3));
  });
  for (const profile of ["prefix", "ordered"] as const) {
    const legal = new Set([...legalImages(point, { profile })].map(hashImage));
    const sample = (seed: number): string[] => {
      const random = new SeededRandom(seed);
      return Array.from({ length: 300 }, () => sampleFates(point, random, { profile, kinds: ["lost"] })).map((fates) =>
        hashImage(point.image(fates, profile)),
      );
    };
    for (const hash of sample(1)) expect(legal.has(hash)).toBe(true);
    expect(new Set(sample(1)).size).toBeGreaterThanOrEqual(3);
    expect(sample(2)).toEqual(sample(2));
    expect(sample(2)).not.toEqual(sample(3));
  }
  const random = new SeededRandom(7);
  const free = Array.from({ length: 1000 }, () => hashImage(point.image(sampleFates(point, random))));
  expect(new Set(free).size).toBeGreaterThan(50);
});

test("where nothing is in flight, the only sample loses nothing", async () => {
  const point = await pointAfter((fs) => fs.list("/"));
  expect(sampleFates(point, new SeededRandom(1))).toEqual([]);
});
