import { describe, expect, test } from "vitest";
import {
  crashPointAt,
  diskAt,
  DiskImage,
  EARLIER_LIVES,
  fate,
  hashImage,
  imageAt,
  imageHash,
  INFORMATIONAL_PROFILES,
  PROFILES,
  sampleFates,
  SeededRandom,
  SimulatedDisk,
  tornFate,
  type Fault,
} from "../src/testing/index.ts";
import { bytes, read, shown, write, writeDurably } from "./simulated-support.ts";

const LOST = fate("lost");

describe("a crash point", () => {
  test("shows the disk as it was then, in whatever order points are visited", async () => {
    const disk = new SimulatedDisk();
    const fs = disk.boot();
    const file = await writeDurably(fs, "/a", bytes(1));
    file.append(bytes(1, 2), 0, 1);
    await file.sync();
    await fs.remove("/a");
    await fs.syncDirectory("/");
    const at = (ordinal: number): unknown[] => {
      const point = crashPointAt(disk, ordinal);
      return [shown(point.image()), point.durableBytes("/a"), point.isEntryDurable("/a"), point.pendingCount];
    };
    const forward = Array.from({ length: disk.position + 1 }, (_, ordinal) => at(ordinal));
    expect(forward).toEqual([
      [{}, 0, false, 0],
      [{ "/a": [] }, 0, false, 1],
      [{ "/a": [1] }, 0, false, 3],
      [{ "/a": [1] }, 0, false, 1],
      [{ "/a": [1] }, 1, true, 0],
      [{ "/a": [1, 2] }, 1, true, 2],
      [{ "/a": [1, 2] }, 2, true, 0],
      [{}, 0, false, 1],
      [{}, 0, false, 0],
    ]);
    const backward = Array.from({ length: disk.position + 1 }, (_, i) => at(disk.position - i));
    expect(backward.reverse()).toEqual(forward);
  });

  test("tells the hash of an image without making it: that which the image has, whatever the profile and the fates", async () => {
    const disk = new SimulatedDisk();
    const fs = disk.boot();
    await fs.makeDirectory("/d");
    const file = await write(fs, "/d/a", bytes(700, 1));
    await fs.link("/d/a", "/d/b");
    await file.sync();
    file.append(bytes(700, 2), 0, 700);
    await fs.replace("/m", bytes(9));
    await fs.replace("/m", bytes(5));
    await fs.remove("/d/b");
    const random = new SeededRandom(7);
    const hashes = new Set<string>();
    for (let ordinal = 0; ordinal <= disk.position; ordinal += 1) {
      const point = crashPointAt(disk, ordinal);
      for (const profile of [...PROFILES, ...INFORMATIONAL_PROFILES]) {
        for (const fates of [[], ...Array.from({ length: 5 }, () => sampleFates(point, random, { profile }))]) {
          const image = point.image(fates, profile);
          // As it is made from nothing but what the image holds.
          const copy = DiskImage.fromJSON(JSON.parse(JSON.stringify(image)));
          expect({ ...point.imageHash(fates, profile) }).toEqual({ ...imageHash(copy) });
          hashes.add(hashImage(copy));
        }
      }
    }
    expect(hashes.size).toBeGreaterThan(100);
  });

  test("refuses to tell the hash of fates that are none", () => {
    const point = crashPointAt(new SimulatedDisk(), 0);
    expect(() => point.imageHash([-1])).toThrow(expect.objectContaining({ code: "FS_INVALID_ARGUMENT" }));
  });

  test("keeps its meaning while the disk goes on", async () => {
    const disk = new SimulatedDisk();
    const file = await writeDurably(disk.boot(), "/a", bytes(2));
    const point = crashPointAt(disk, disk.position);
    file.append(bytes(300), 0, 300);
    await file.sync();
    expect([shown(point.image()), point.durableBytes("/a")]).toEqual([{ "/a": [1, 2] }, 2]);
  });

  test("can lie before, at and after a power cut of the same disk", async () => {
    const disk = new SimulatedDisk();
    await write(disk.boot(), "/a", bytes(2));
    const cut = disk.position;
    disk.powerCut([0, fate("garbage", 3)]);
    const after = shown(disk.image());
    await write(disk.boot(), "/b", bytes(2, 5));
    disk.powerCut([], "drop-all");
    expect(shown(imageAt(disk, cut))).toEqual({ "/a": [1, 2] });
    expect(shown(imageAt(disk, cut + 1))).toEqual(after);
    expect(shown(imageAt(disk, cut + 3))).toEqual({ ...after, "/b": [5, 6] });
    expect(shown(imageAt(disk, disk.position))).toEqual(after);
  });

  test("derives the same image again, however many and however large ones came between", async () => {
    const disk = new SimulatedDisk();
    const fs = disk.boot();
    const file = await writeDurably(fs, "/a", new Uint8Array(1024 * 1024).fill(7));
    file.append(bytes(10), 0, 10);
    const point = crashPointAt(disk, disk.position);
    const ends = (): unknown[] =>
      [1, 2, 3, 4, 5, 6].map((detail) => [
        ...point
          .image([fate("garbage", detail)])
          .bytes("/a")!
          .subarray(-10),
      ]);
    const first = ends();
    expect(new Set(first.map(String)).size).toBe(6);
    expect(ends()).toEqual(first);
    expect(point.image().bytes("/a")!.subarray(-10)).toEqual(bytes(10));
  });

  test("that the disk has not come to is refused, and so are numbers that are no fates", async () => {
    const disk = new SimulatedDisk();
    await write(disk.boot(), "/a", bytes(2));
    const refusal = expect.objectContaining({ code: "FS_INVALID_ARGUMENT" });
    for (const ordinal of [-1, 3, 0.5, Number.NaN]) expect(() => crashPointAt(disk, ordinal)).toThrow(refusal);
    expect(() => imageAt(disk, 2, [-1])).toThrow(refusal);
  });

  test("tells in words what becomes of everything in flight", async () => {
    const disk = new SimulatedDisk();
    const fs = disk.boot();
    const file = await writeDurably(fs, "/a", bytes(4));
    disk.inject({ at: { operation: "sync" }, kind: "EIO" });
    file.append(bytes(2), 0, 2);
    await file.sync().catch(() => {});
    file.append(bytes(700), 0, 700);
    await fs.create("/b");
    await fs.link("/b", "/c");
    await fs.remove("/b");
    await file.sync();
    disk.stopAt(disk.position + 4);
    void fs.replace("/m", bytes(9));
    await disk.stopped;
    const point = crashPointAt(disk, disk.position);
    expect(point.describe([0, LOST, LOST, LOST, LOST, LOST])).toBe(
      [
        "lost by its sync  bytes 4..6 of /a",
        "durable           length 6 of /a",
        "durable           bytes 6..512 of /a",
        "durable           bytes 512..706 of /a",
        "durable           length 706 of /a",
        "lost              /b created",
        "lost              /c linked",
        "lost              /b removed",
        "lost              /m.new created",
        "lost              m.new renamed to /m",
      ].join("\n"),
    );
    const torn = new SimulatedDisk();
    await write(torn.boot(), "/a", bytes(1500));
    const fates = [0, fate("torn-prefix"), fate("torn-suffix", 500), fate("garbage", 3), fate("torn-prefix", 700)];
    expect(crashPointAt(torn, 2).describe(fates)).toBe(
      [
        "kept              /a created",
        "first 256         bytes 0..512 of /a",
        "last 12           bytes 512..1024 of /a",
        "garbage 3         bytes 1024..1500 of /a",
        "only 700          length 1500 of /a",
      ].join("\n"),
    );
    expect(crashPointAt(torn, 2).describe([0, fate("stale", 4)])).toContain("stale bytes 4     bytes 0..512 of /a");
    expect(crashPointAt(torn, 0).describe()).toBe("nothing was in flight");
  });

  test("names what it was filled with where it was not written", async () => {
    const disk = new SimulatedDisk();
    await write(disk.boot(), "/a", bytes(1500));
    const fates = [
      0,
      tornFate("torn-prefix", 4, fate("garbage", 7)),
      tornFate("torn-suffix", 500, fate("stale", 2)),
      fate("stale", EARLIER_LIVES + 9),
    ];
    expect(crashPointAt(disk, 2).describe(fates)).toBe(
      [
        "kept              /a created",
        "first 4, garbage 7  bytes 0..512 of /a",
        "last 12, stale bytes 2  bytes 512..1024 of /a",
        "earlier bytes 9   bytes 1024..1500 of /a",
        "kept              length 1500 of /a",
      ].join("\n"),
    );
  });

  test("says of a kill, which takes nothing, after which step it came", async () => {
    const faults: Fault[] = [
      { at: { operation: "sync", nth: 1 }, kind: "EIO" },
      { at: { operation: "sync", nth: 2 }, kind: "EIO", failedSync: "reverted" },
      { at: { operation: "sync", nth: 3 }, kind: "EIO", failedSync: "late" },
    ];
    const disk = new SimulatedDisk({ faults });
    const fs = disk.boot();
    await fs.makeDirectory("/d");
    const file = await write(fs, "/a", bytes(10));
    await file.sync();
    file.append(bytes(5), 0, 5);
    await file.sync().catch(() => undefined);
    disk.evict();
    for (let i = 0; i < 2; i++) await file.sync().catch(() => undefined);
    await fs.link("/a", "/b");
    await fs.remove("/b");
    await fs.replace("/m", bytes(1));
    disk.powerCut();
    const words = Array.from({ length: disk.position + 1 }, (_, at) => crashPointAt(disk, at).describe([], "kill"));
    expect(words[0]).toBe(
      "the process was killed before its first step; everything it handed to the operating system is there",
    );
    const steps = words.slice(1).map((text) => /right after this step: (.*); everything/.exec(text)?.[1]);
    expect(steps).toEqual([
      "make the directory /d",
      "create /a",
      "append 10 bytes to /a at 0",
      "sync /a",
      "append 5 bytes to /a at 10",
      "sync /a fails; what it covers is in the cache alone from now on",
      "drop /a from the cache",
      "sync /a fails; the file holds what was durable of it, and nothing else",
      "sync /a fails with EIO, which only the file's next sync tells",
      "link /b to a file that has a name already",
      "remove /b",
      "create /m.new",
      "append 1 bytes to /m.new at 0",
      "sync /m.new",
      "rename /m.new to /m",
      "sync /",
      "the power is cut",
    ]);
  });
});

describe("diskAt", () => {
  test("goes on after a kill at that point: what was in flight still is", async () => {
    const disk = new SimulatedDisk();
    const file = await writeDurably(disk.boot(), "/a", bytes(2));
    file.append(bytes(2, 3), 0, 2);
    const killed = diskAt(disk, disk.position);
    const fs = killed.boot();
    expect([...(await read(fs, "/a"))]).toEqual([1, 2, 3, 4]);
    expect(killed.durableBytes("/a")).toBe(2);
    expect(shown(imageAt(killed, killed.position, [], "drop-all"))).toEqual({ "/a": [1, 2] });
    await (await fs.openAppend("/a")).sync();
    expect(killed.position).toBe(disk.position + 1);
    expect(shown(killed.powerCut([], "drop-all"))).toEqual({ "/a": [1, 2, 3, 4] });
  });

  test("is a disk of its own: neither sees what the other goes on to do", async () => {
    const disk = new SimulatedDisk();
    const file = await writeDurably(disk.boot(), "/a", bytes(2));
    const at = disk.position;
    const killed = diskAt(disk, at, { capacityBytes: 5 });
    file.append(bytes(2, 3), 0, 2);
    const other = await killed.boot().openAppend("/a");
    other.append(bytes(2, 7), 0, 2);
    expect(shown(disk.image())).toEqual({ "/a": [1, 2, 3, 4] });
    expect(shown(killed.image())).toEqual({ "/a": [1, 2, 7, 8] });
    expect(() => other.append(bytes(2), 0, 2)).toThrow(expect.objectContaining({ code: "FS_NO_SPACE" }));
    expect(shown(imageAt(disk, at))).toEqual({ "/a": [1, 2] });
    expect(shown(imageAt(killed, at))).toEqual({ "/a": [1, 2] });
  });

  test("knows nothing of what the other went on to write, however alike the lengths", async () => {
    const disk = new SimulatedDisk();
    const file = await writeDurably(disk.boot(), "/a", bytes(1));
    const at = disk.position;
    file.append(bytes(3, 2), 0, 3);
    await writeDurably(disk.boot(), "/b", bytes(4));
    disk.powerCut();
    const killed = diskAt(disk, at);
    const again = await killed.boot().openAppend("/a");
    again.append(bytes(3, 7), 0, 3);
    for (const name of ["/c", "/d", "/e", "/f"]) await write(killed.boot(), name, bytes(4, 9));
    const [all, others] = [
      [1, 7, 8, 9],
      [9, 10, 11, 12],
    ];
    expect(shown(killed.image())).toEqual({ "/a": all, "/c": others, "/d": others, "/e": others, "/f": others });
  });

  test("keeps what a failed sync left to the cache: killed, opened, synced, and gone with the power", async () => {
    const disk = new SimulatedDisk({ faults: [{ at: { operation: "sync", nth: 1 }, kind: "EIO" }] });
    const file = await writeDurably(disk.boot(), "/a", bytes(1));
    file.append(bytes(1, 2), 0, 1);
    await file.sync().catch(() => {});
    const killed = diskAt(disk, disk.position);
    const again = await killed.boot().openAppend("/a");
    await again.sync();
    const target = new Uint8Array(2);
    expect(again.readSync(target, 0, 2, 0)).toBe(2);
    expect([...target]).toEqual([1, 2]);
    expect(shown(killed.powerCut())).toEqual({ "/a": [1, 0] });
  });
});
