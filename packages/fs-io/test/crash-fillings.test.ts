import { describe, expect, test } from "vitest";
import {
  crashPointAt,
  DiskImage,
  EARLIER_LIVES,
  fate,
  fateDetail,
  fateKind,
  hashImage,
  imageAt,
  minimiseFates,
  PROFILES,
  sampleFates,
  SeededRandom,
  SimulatedDisk,
  tornFate,
  type CrashKinds,
} from "../src/testing/index.ts";
import { bytes, write, writeDurably } from "./simulated-support.ts";

/** What lies on the disk where a unit did not reach it: other bytes than zeros. */

/** /b, of 600 durable bytes from 101 on; and 600 bytes of /a from 1 on, of which the length alone is durable. */
async function twoFiles(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  const fs = disk.boot();
  await writeDurably(fs, "/b", bytes(600, 101));
  await write(fs, "/a", bytes(600));
  await fs.syncDirectory("/");
  return disk;
}

/** The first sector of /a after that. */
async function left(first: number, profile: "free" | "ordered" = "free"): Promise<number[]> {
  const disk = await twoFiles();
  return [...imageAt(disk, disk.position, [first], profile).bytes("/a")!.subarray(0, 512)];
}

const NEW = [...bytes(512)];
const OLD = [...bytes(512, 101)];

describe("a sector that was written in part", () => {
  test("has the old bytes of another file in the other part", async () => {
    expect(await left(tornFate("torn-prefix", 100, fate("stale")))).toEqual([...NEW.slice(0, 100), ...OLD.slice(100)]);
    expect(await left(tornFate("torn-suffix", 100, fate("stale")))).toEqual([...OLD.slice(0, 100), ...NEW.slice(100)]);
  });

  test("has garbage there, the same as a sector that is all garbage", async () => {
    const garbage = await left(fate("garbage", 5));
    expect(garbage).not.toEqual(await left(fate("lost")));
    const torn = await left(tornFate("torn-prefix", 100, fate("garbage", 5)));
    expect(torn).toEqual([...NEW.slice(0, 100), ...garbage.slice(100)]);
    expect(torn).not.toEqual(await left(tornFate("torn-prefix", 100, fate("garbage", 6))));
  });

  test("has zeros there, where nothing else is said or what is said leaves nothing", async () => {
    const zeros = [...NEW.slice(0, 100), ...Array.from({ length: 412 }, () => 0)];
    for (const rest of [fate("intact"), fate("lost"), fate("astray"), fate("torn-prefix")]) {
      expect(await left(tornFate("torn-prefix", 100, rest))).toEqual(zeros);
    }
    expect(await left(fate("torn-prefix", 100))).toEqual(zeros);
  });

  test("is torn in its middle, where no place is said", async () => {
    expect(await left(tornFate("torn-prefix", 0, fate("stale")))).toEqual([...NEW.slice(0, 256), ...OLD.slice(256)]);
  });

  test("shows nothing of it under a profile in which no byte is seen that was not written", async () => {
    const disk = await twoFiles();
    const torn = [tornFate("torn-prefix", 100, fate("stale"))];
    expect([...imageAt(disk, disk.position, torn, "ordered").bytes("/a")!]).toEqual(NEW.slice(0, 100));
  });
});

describe("an image", () => {
  /** The power was cut when /a was written and synced but had no name yet, /b was there, and /c had been removed. */
  async function afterCut(): Promise<DiskImage> {
    const disk = new SimulatedDisk();
    const fs = disk.boot();
    await writeDurably(fs, "/b", bytes(3, 10));
    await (await writeDurably(fs, "/c", bytes(3, 20))).close();
    await fs.remove("/c");
    await fs.syncDirectory("/");
    await (await write(fs, "/a", bytes(3, 30))).sync();
    return disk.powerCut([], "drop-all");
  }

  test("remembers what files held that it does not hold, newest first", async () => {
    const image = await afterCut();
    expect([...image.files.keys()]).toEqual(["/b"]);
    expect(image.residue.map((file) => [...file.bytes])).toEqual([[...bytes(3, 30)], [...bytes(3, 20)]]);
  });

  test("is the same image with and without it", async () => {
    const image = await afterCut();
    expect(hashImage(image)).toBe(hashImage(DiskImage.of({ "/b": bytes(3, 10) })));
  });

  test("keeps it through JSON, and when a file of it is changed", async () => {
    const image = await afterCut();
    const copy = DiskImage.fromJSON(JSON.parse(JSON.stringify(image)));
    const changed = [copy, image.withFile("/d", bytes(1)), image.withoutFile("/b")];
    for (const { residue } of changed) {
      expect(residue.map((file) => [...file.bytes]).slice(0, 2)).toEqual([[...bytes(3, 30)], [...bytes(3, 20)]]);
    }
  });

  test("remembers earlier lives behind the last one, and no more than 32 files in all", async () => {
    let image = await afterCut();
    for (let life = 0; life < 40; life++) {
      const disk = new SimulatedDisk({ image });
      await write(disk.boot(), "/lost", bytes(2, 100 + life));
      image = disk.powerCut([], "drop-all");
      if (life === 0) {
        expect(image.residue.map((file) => file.bytes[0])).toEqual([100, 30, 20]);
      }
    }
    const newest = Array.from({ length: 31 }, (_, back) => 139 - back);
    expect(image.residue.map((file) => file.bytes[0])).toEqual(newest);
  });

  test("of a disk where nothing was lost remembers nothing", async () => {
    const disk = new SimulatedDisk();
    await writeDurably(disk.boot(), "/a", bytes(3));
    expect(disk.powerCut([], "drop-all").residue).toEqual([]);
    expect(new DiskImage().residue).toEqual([]);
  });
});

describe("stale bytes", () => {
  /** A life in which a file of 600 bytes from 101 on is removed, and one in which /a is appended to. */
  async function secondLife(): Promise<SimulatedDisk> {
    const first = new SimulatedDisk();
    const fs = first.boot();
    await writeDurably(fs, "/old", bytes(600, 101));
    await writeDurably(fs, "/a", bytes(10));
    await fs.remove("/old");
    await fs.syncDirectory("/");
    const disk = new SimulatedDisk({ image: first.powerCut([], "drop-all") });
    const file = await disk.boot().openAppend("/a");
    file.append(bytes(20, 50), 0, 20);
    return disk;
  }

  function appended(disk: SimulatedDisk, number: number): number[] {
    return [...imageAt(disk, disk.position, [number]).bytes("/a")!.subarray(10)];
  }

  test("are of files that an earlier life had, in the same place of a sector", async () => {
    const disk = await secondLife();
    expect(appended(disk, fate("stale", EARLIER_LIVES))).toEqual([...bytes(600, 101).subarray(10, 30)]);
    expect(appended(disk, fate("stale", EARLIER_LIVES + 1))).toEqual([...bytes(600, 101).subarray(522, 542)]);
    const torn = tornFate("torn-prefix", 5, fate("stale", EARLIER_LIVES));
    expect(appended(disk, torn)).toEqual([...bytes(5, 50), ...bytes(600, 101).subarray(15, 30)]);
  });

  test("with smaller numbers are of this life alone, as ever", async () => {
    const disk = await secondLife();
    for (let detail = 0; detail < 20; detail++) {
      expect(appended(disk, fate("stale", detail))).toEqual(Array.from({ length: 20 }, () => 0));
    }
  });

  test("are of this life where there was no other one", async () => {
    const disk = await twoFiles();
    const image = imageAt(disk, disk.position, [fate("stale", EARLIER_LIVES)]);
    expect([...image.bytes("/a")!.subarray(0, 512)]).toEqual(OLD);
  });

  test("come back after a cut in the same disk's life, and at the crash points before it are what they were", async () => {
    const disk = new SimulatedDisk();
    await write(disk.boot(), "/old", bytes(10, 101));
    disk.powerCut([], "drop-all");
    const fs = disk.boot();
    await write(fs, "/a", bytes(10));
    await fs.syncDirectory("/");
    const number = fate("stale", EARLIER_LIVES);
    expect([...imageAt(disk, disk.position, [number]).bytes("/a")!]).toEqual([...bytes(10, 101)]);
    expect([...imageAt(disk, 2, [0, number]).bytes("/old")!]).toEqual(Array.from({ length: 10 }, () => 0));
  });
});

describe("fates by chance", () => {
  async function drawn(kinds: CrashKinds): Promise<number[]> {
    const disk = await twoFiles();
    const random = new SeededRandom(1);
    const fates = Array.from({ length: 2000 }, () => sampleFates(crashPointAt(disk, disk.position), random, kinds));
    return fates.flat();
  }

  test("have torn sectors filled with everything that there is, and stale bytes of every life", async () => {
    const numbers = await drawn({ profile: "free" });
    const rests = numbers.filter((number) => fateKind(number).startsWith("torn")).map(restKind);
    expect(new Set(rests)).toEqual(new Set(["intact", "garbage", "stale"]));
    const lives = numbers
      .filter((number) => fateKind(number) === "stale")
      .map((number) => fateDetail(number) >= EARLIER_LIVES);
    expect(new Set(lives)).toEqual(new Set([true, false]));
  });

  test("keep to the kinds that are asked for, and to those of the profile", async () => {
    for (const kinds of [
      { kinds: ["torn-prefix", "lost"] },
      ...PROFILES.slice(1, -1).map((profile) => ({ profile })),
    ]) {
      const numbers = await drawn(kinds as CrashKinds);
      expect(new Set(numbers.filter((number) => fateKind(number).startsWith("torn")).map(restKind))).not.toContain(
        "stale",
      );
    }
    const rests = (await drawn({ kinds: ["torn-prefix", "garbage"] })).map(restKind);
    expect(rests).toContain("garbage");
    expect(rests).not.toContain("stale");
  });

  test("become simpler where it does not matter what lies there", async () => {
    const found = [tornFate("torn-prefix", 7, fate("stale", 3)), fate("stale", EARLIER_LIVES + 4)];
    const isTorn = async (fates: readonly number[]): Promise<boolean> => fateKind(fates[0] ?? 0) === "torn-prefix";
    expect(await minimiseFates(found, isTorn)).toEqual([fate("torn-prefix", 7)]);
    const isStale = async (fates: readonly number[]): Promise<boolean> => fateKind(fates[1] ?? 0) === "stale";
    expect(await minimiseFates(found, isStale)).toEqual([0, fate("stale", 4)]);
  });

  function restKind(number: number): string {
    return fateKind(Math.floor(fateDetail(number) / EARLIER_LIVES));
  }
});
