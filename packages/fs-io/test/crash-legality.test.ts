import { describe, expect, test } from "vitest";
import {
  crashPointAt,
  fate,
  FATE_KINDS,
  imageAt,
  SimulatedDisk,
  type Fates,
  type Profile,
} from "../src/testing/index.ts";
import { bytes, read, shown, write, writeDurably } from "./simulated-support.ts";

const CONTENT = bytes(10);
const ALL = [...CONTENT];

async function started(): Promise<{ disk: SimulatedDisk; fs: ReturnType<SimulatedDisk["boot"]> }> {
  const disk = new SimulatedDisk();
  return { disk, fs: disk.boot() };
}

/** What is left when the power is cut now. */
function left(disk: SimulatedDisk, fates: Fates = [], profile: Profile = "free"): ReturnType<typeof shown> {
  return shown(imageAt(disk, disk.position, fates, profile));
}

const LOST = fate("lost");

describe("what was not synced", () => {
  test("is whole when the fates are benign", async () => {
    const { disk, fs } = await started();
    await write(fs, "/a", CONTENT);
    expect(left(disk)).toEqual({ "/a": ALL });
  });

  test("is lost with everything else that was not synced under drop-all", async () => {
    const { disk, fs } = await started();
    const file = await writeDurably(fs, "/a", CONTENT);
    file.append(CONTENT, 0, 10);
    await write(fs, "/b", CONTENT);
    await fs.remove("/a");
    expect(left(disk, [], "drop-all")).toEqual({ "/a": ALL });
  });

  test("is there when only the process dies", async () => {
    const { disk, fs } = await started();
    await write(fs, "/a", CONTENT);
    expect(left(disk, [LOST, LOST, LOST], "kill")).toEqual({ "/a": ALL });
  });

  test("loses its entry although the file was synced", async () => {
    const { disk, fs } = await started();
    const file = await write(fs, "/a", CONTENT);
    await file.sync();
    expect(crashPointAt(disk, disk.position).units.map((unit) => unit.kind)).toEqual(["entry"]);
    expect(left(disk, [LOST])).toEqual({});
    expect(left(disk, [])).toEqual({ "/a": ALL });
  });

  test("is a file without bytes, with some of them, or with zeros, when only its directory was synced", async () => {
    const { disk, fs } = await started();
    await write(fs, "/a", CONTENT);
    await fs.syncDirectory("/");
    const bytesThenLength = crashPointAt(disk, disk.position).units.map((unit) => unit.kind);
    expect(bytesThenLength).toEqual(["bytes", "length"]);
    expect(left(disk, [0, LOST])).toEqual({ "/a": [] });
    expect(left(disk, [0, fate("torn-prefix")])).toEqual({ "/a": ALL.slice(0, 5) });
    expect(left(disk, [0, fate("torn-prefix", 3)])).toEqual({ "/a": ALL.slice(0, 3) });
    expect(left(disk, [LOST, 0])).toEqual({ "/a": Array.from({ length: 10 }, () => 0) });
    expect(left(disk, [LOST, fate("torn-prefix")])).toEqual({ "/a": [0, 0, 0, 0, 0] });
  });

  test("is torn at any byte, from either end", async () => {
    const { disk, fs } = await started();
    await write(fs, "/a", CONTENT);
    await fs.syncDirectory("/");
    expect(left(disk, [fate("torn-prefix")])).toEqual({ "/a": [1, 2, 3, 4, 5, 0, 0, 0, 0, 0] });
    expect(left(disk, [fate("torn-prefix", 1)])).toEqual({ "/a": [1, 0, 0, 0, 0, 0, 0, 0, 0, 0] });
    expect(left(disk, [fate("torn-suffix")])).toEqual({ "/a": [0, 0, 0, 0, 0, 6, 7, 8, 9, 10] });
    expect(left(disk, [fate("torn-suffix", 9)])).toEqual({ "/a": [0, 0, 0, 0, 0, 0, 0, 0, 0, 10] });
  });

  test("turns into garbage, the same for the same detail and another for another", async () => {
    const { disk, fs } = await started();
    await write(fs, "/a", CONTENT);
    await fs.syncDirectory("/");
    const garbage = left(disk, [fate("garbage")])["/a"];
    expect(garbage).toHaveLength(10);
    expect(garbage).not.toEqual(ALL);
    expect(left(disk, [fate("garbage")])["/a"]).toEqual(garbage);
    expect(left(disk, [fate("garbage", 1)])["/a"]).not.toEqual(garbage);
  });

  test("turns into what stood at the same place of a sector of this or another file", async () => {
    const { disk, fs } = await started();
    const other = await writeDurably(fs, "/other", bytes(10, 101));
    other.append(bytes(600, 50), 0, 600);
    await other.sync();
    await write(fs, "/a", CONTENT);
    await fs.syncDirectory("/");
    expect(left(disk, [fate("stale")])["/a"]).toEqual([...bytes(10, 101)]);
    const secondSector = left(disk, [fate("stale", 2)])["/a"];
    expect(secondSector).toEqual([...bytes(10, 50 + 502)]);
    expect(left(disk, [fate("stale", 1)])["/a"]).toEqual(Array.from({ length: 10 }, () => 0));
  });

  test("is reordered inside a file: a later sector stays and an earlier one does not", async () => {
    const { disk, fs } = await started();
    await write(fs, "/a", bytes(1100));
    await fs.syncDirectory("/");
    const image = imageAt(disk, disk.position, [LOST, 0, 0, 0]);
    const content = image.bytes("/a")!;
    expect(content.subarray(0, 512).every((byte) => byte === 0)).toBe(true);
    expect([...content.subarray(512)]).toEqual([...bytes(1100)].slice(512));
  });

  test("is reordered between appends to one file, inside one sector too", async () => {
    const { disk, fs } = await started();
    const file = await write(fs, "/a", bytes(2, 1));
    file.append(bytes(2, 3), 0, 2);
    await fs.syncDirectory("/");
    expect(left(disk, [LOST, LOST, 0, 0])).toEqual({ "/a": [0, 0, 3, 4] });
    expect(left(disk, [0, 0, LOST, LOST])).toEqual({ "/a": [1, 2] });
  });

  test("is reordered between files: the later one stays and the earlier one does not", async () => {
    const { disk, fs } = await started();
    await write(fs, "/first", CONTENT);
    await write(fs, "/second", CONTENT);
    expect(left(disk, [LOST])).toEqual({ "/second": ALL });
    expect(left(disk, [0, 0, 0, LOST])).toEqual({ "/first": ALL });
  });

  test("is cut in the order in which it was issued, at any byte, under prefix", async () => {
    const { disk, fs } = await started();
    await write(fs, "/first", CONTENT);
    await write(fs, "/second", CONTENT);
    expect(left(disk, [LOST], "prefix")).toEqual({});
    expect(left(disk, [0, LOST], "prefix")).toEqual({ "/first": [] });
    expect(left(disk, [0, fate("torn-prefix", 3)], "prefix")).toEqual({ "/first": [1, 2, 3] });
    expect(left(disk, [0, 0, 0, LOST], "prefix")).toEqual({ "/first": ALL });
    expect(left(disk, [0, 0, 0, 0, fate("garbage")], "prefix")).toEqual({ "/first": ALL, "/second": [] });
  });

  test("keeps its order within each file and among directory operations, and only there, under ordered", async () => {
    const { disk, fs } = await started();
    const first = await write(fs, "/first", bytes(2, 1));
    await write(fs, "/second", CONTENT);
    first.append(bytes(2, 3), 0, 2);
    // entry first, bytes, length; entry second, bytes, length; bytes, length
    expect(left(disk, [LOST], "ordered")).toEqual({});
    expect(left(disk, [0, 0, 0, LOST], "ordered")).toEqual({ "/first": [1, 2, 3, 4] });
    expect(left(disk, [0, LOST], "ordered")).toEqual({ "/first": [], "/second": ALL });
    expect(left(disk, [0, 0, 0, 0, 0, 0, fate("torn-prefix")], "ordered")).toEqual({
      "/first": [1, 2, 3],
      "/second": ALL,
    });
  });
});

describe("under files-ordered", () => {
  test("each file keeps its order, torn only at its end", async () => {
    const { disk, fs } = await started();
    const file = await writeDurably(fs, "/a", bytes(2, 1));
    file.append(bytes(2, 3), 0, 2);
    file.append(bytes(2, 5), 0, 2);
    const profile = "files-ordered";
    expect(left(disk, [], profile)).toEqual({ "/a": [1, 2, 3, 4, 5, 6] });
    expect(left(disk, [LOST], profile)).toEqual({ "/a": [1, 2] });
    expect(left(disk, [0, 0, fate("torn-prefix")], profile)).toEqual({ "/a": [1, 2, 3, 4, 5] });
    for (const kind of ["garbage", "stale", "torn-suffix", "astray"] as const) {
      expect(left(disk, [fate(kind)], profile)).toEqual({ "/a": [1, 2] });
    }
  });

  test("the second of two names may be kept and the first lost, in one directory as in two", async () => {
    const { disk, fs } = await started();
    await fs.create("/a");
    await fs.create("/b");
    expect(left(disk, [LOST], "files-ordered")).toEqual({ "/b": [] });
    expect(left(disk, [LOST], "ordered")).toEqual({});
  });

  test("a removal may be kept and the name that was made before it lost", async () => {
    const { disk, fs } = await started();
    await writeDurably(fs, "/old", bytes(1, 1));
    const file = await write(fs, "/new", bytes(1, 2));
    await file.sync();
    await fs.remove("/old");
    expect(left(disk, [LOST], "files-ordered")).toEqual({});
    expect(left(disk, [LOST], "ordered")).toEqual({ "/old": [1] });
  });

  test("what a failed sync covered is gone whatever the fates are, as under the milder ones", async () => {
    const { disk, fs } = await started();
    const file = await writeDurably(fs, "/a", bytes(1, 1));
    disk.inject({ at: { operation: "sync" }, kind: "EIO" });
    file.append(bytes(2, 2), 0, 2);
    await file.sync().catch(() => {});
    for (const profile of ["prefix", "ordered", "files-ordered"] as const) {
      for (const kind of FATE_KINDS) expect(left(disk, [fate(kind)], profile)).toEqual({ "/a": [1, 0, 0] });
    }
    for (const kind of FATE_KINDS) expect(left(disk, [fate(kind)], "drop-all")).toEqual({ "/a": [1] });
    expect(left(disk, [LOST])).toEqual({ "/a": [1, 2, 3] });
    expect(left(disk, [fate("torn-prefix")])).toEqual({ "/a": [1, 2, 0] });
    // The next sync makes the length durable, and not the bytes.
    await file.sync();
    for (const kind of FATE_KINDS) expect(left(disk, [fate(kind)], "drop-all")).toEqual({ "/a": [1, 0, 0] });
  });
});

describe("what was synced", () => {
  test("stays, whatever the fates are", async () => {
    const { disk, fs } = await started();
    await writeDurably(fs, "/a", CONTENT);
    expect(crashPointAt(disk, disk.position).units).toEqual([]);
    for (const number of [LOST, fate("garbage"), fate("torn-suffix")]) {
      expect(
        left(
          disk,
          Array.from({ length: 9 }, () => number),
        ),
      ).toEqual({ "/a": ALL });
    }
  });

  test("stays when more is appended to the same sector and lost, torn or garbled", async () => {
    const { disk, fs } = await started();
    const file = await writeDurably(fs, "/a", CONTENT);
    file.append(CONTENT, 0, 10);
    for (const kind of FATE_KINDS) {
      expect((left(disk, [fate(kind)])["/a"] as number[]).slice(0, 10)).toEqual(ALL);
    }
  });

  test("does not include what was appended while the sync ran", async () => {
    const { disk, fs } = await started();
    const file = await writeDurably(fs, "/a", bytes(2, 1));
    file.append(bytes(2, 3), 0, 2);
    const syncing = file.sync();
    file.append(bytes(2, 5), 0, 2);
    await syncing;
    expect(left(disk, [], "drop-all")).toEqual({ "/a": [1, 2, 3, 4] });
    await file.sync();
    expect(left(disk, [], "drop-all")).toEqual({ "/a": [1, 2, 3, 4, 5, 6] });
  });

  test("does not include the entry that was made while the directory's sync ran", async () => {
    const { disk, fs } = await started();
    await fs.create("/a");
    await Promise.all([fs.create("/b"), fs.syncDirectory("/")]);
    expect(left(disk, [], "drop-all")).toEqual({ "/a": [] });
  });

  test("can be any part of what the sync covers when the crash comes before the sync returns", async () => {
    const { disk, fs } = await started();
    const file = await writeDurably(fs, "/a", bytes(2, 1));
    file.append(bytes(2, 3), 0, 2);
    disk.pause();
    void file.sync();
    expect(left(disk, [LOST])).toEqual({ "/a": [1, 2, 0, 0] });
    expect(left(disk, [0, LOST])).toEqual({ "/a": [1, 2] });
  });

  test("is one file only: another file's sync covers nothing of it", async () => {
    const { disk, fs } = await started();
    await writeDurably(fs, "/a", CONTENT);
    const other = await fs.openAppend("/a");
    const file = await writeDurably(fs, "/b", CONTENT);
    other.append(CONTENT, 0, 10);
    await file.sync();
    expect(left(disk, [], "drop-all")).toEqual({ "/a": ALL, "/b": ALL });
  });

  test("is shared by all handles of a file", async () => {
    const { disk, fs } = await started();
    const file = await writeDurably(fs, "/a", bytes(2, 1));
    file.append(bytes(2, 3), 0, 2);
    await (await fs.openAppend("/a")).sync();
    expect(left(disk, [], "drop-all")).toEqual({ "/a": [1, 2, 3, 4] });
  });
});

describe("entries of directories", () => {
  test("come back when the removal was not synced, and stay away when it was", async () => {
    const { disk, fs } = await started();
    await writeDurably(fs, "/a", CONTENT);
    await fs.remove("/a");
    expect(left(disk, [LOST])).toEqual({ "/a": ALL });
    await fs.syncDirectory("/");
    expect(left(disk, [LOST])).toEqual({});
  });

  test("of a directory that is lost are lost with it, though they were synced", async () => {
    const { disk, fs } = await started();
    await fs.makeDirectory("/d");
    await writeDurably(fs, "/d/a", CONTENT);
    expect(left(disk, [LOST])).toEqual({});
    expect(left(disk)).toEqual({ "/d": "directory", "/d/a": ALL });
    await fs.syncDirectory("/");
    expect(left(disk, [LOST])).toEqual({ "/d": "directory", "/d/a": ALL });
  });

  test("of two directories are synced apart", async () => {
    const { disk, fs } = await started();
    await fs.makeDirectory("/d");
    await fs.syncDirectory("/");
    await fs.create("/a");
    await fs.create("/d/a");
    await fs.syncDirectory("/d");
    expect(left(disk, [], "drop-all")).toEqual({ "/d": "directory", "/d/a": [] });
  });

  test("that are made and removed again in one run can be lost each by itself", async () => {
    const { disk, fs } = await started();
    await writeDurably(fs, "/a", bytes(1, 1));
    await fs.remove("/a");
    const second = await write(fs, "/a", bytes(1, 2));
    await second.sync();
    await fs.remove("/a");
    expect(left(disk, [0, 0, 0])).toEqual({});
    expect(left(disk, [0, 0, LOST])).toEqual({ "/a": [2] });
    expect(left(disk, [LOST, 0, LOST])).toEqual({ "/a": [2] });
    expect(left(disk, [LOST, LOST, LOST])).toEqual({ "/a": [1] });
    expect(left(disk, [0, LOST, LOST])).toEqual({});
  });

  test("keep their order under ordered, whichever directories they are in", async () => {
    const { disk, fs } = await started();
    await fs.makeDirectory("/d");
    await fs.syncDirectory("/");
    await fs.create("/a");
    await fs.create("/d/a");
    expect(left(disk, [LOST], "ordered")).toEqual({ "/d": "directory" });
    expect(left(disk, [0, LOST], "ordered")).toEqual({ "/d": "directory", "/a": [] });
    expect(left(disk, [LOST], "free")).toEqual({ "/d": "directory", "/d/a": [] });
  });

  test("that are links lead to one damaged file as well", async () => {
    const { disk, fs } = await started();
    await write(fs, "/a", bytes(4));
    await fs.link("/a", "/b");
    const image = disk.powerCut([0, fate("torn-prefix")]);
    expect(shown(image)).toEqual({ "/a": [1, 2, 0, 0], "/b": [1, 2, 0, 0] });
    expect(image.files.get("/a")).toBe(image.files.get("/b"));
  });

  test("that are links lead to one file, whichever of them is left", async () => {
    const { disk, fs } = await started();
    await writeDurably(fs, "/a", bytes(2, 1));
    await fs.link("/a", "/b");
    await fs.remove("/a");
    expect(left(disk, [0, LOST])).toEqual({ "/a": [1, 2], "/b": [1, 2] });
    const image = disk.powerCut([0, LOST]);
    expect(image.files.get("/a")).toBe(image.files.get("/b"));
    const again = disk.boot();
    (await again.openAppend("/a")).append(bytes(1, 3), 0, 1);
    expect([...(await read(again, "/b"))]).toEqual([1, 2, 3]);
  });
});

describe("replace", () => {
  test("passes through every state that a crash may leave, and no other", async () => {
    const { disk, fs } = await started();
    await fs.replace("/m", bytes(2, 1));
    const before = disk.position;
    await fs.replace("/m", bytes(2, 7));
    const states = new Set<string>();
    for (let ordinal = before; ordinal <= disk.position; ordinal++) {
      const { pendingCount } = crashPointAt(disk, ordinal);
      for (let mask = 0; mask < 2 ** pendingCount; mask++) {
        const fates = Array.from({ length: pendingCount }, (_, bit) => (mask >> bit) & 1);
        const { "/m": content } = shown(imageAt(disk, ordinal, fates));
        states.add(String(content));
      }
    }
    expect([...states].sort()).toEqual(["1,2", "7,8"]);
    expect(left(disk, [], "drop-all")).toEqual({ "/m": [7, 8] });
  });

  test("leaves an empty file if a program renames without a sync, as the rename may be durable first", async () => {
    const { disk, fs } = await started();
    await write(fs, "/m.new", CONTENT);
    await fs.link("/m.new", "/m");
    await fs.remove("/m.new");
    await fs.syncDirectory("/");
    expect(left(disk, [0, LOST])).toEqual({ "/m": [] });
    expect(left(disk, [LOST, LOST], "ordered")).toEqual({ "/m": [] });
  });

  test("is one step for the names: a crash never leaves both, or neither", async () => {
    const { disk, fs } = await started();
    await fs.replace("/m", bytes(1, 1));
    await fs.replace("/m", bytes(1, 2));
    const renamed = disk.position - 1;
    expect(shown(imageAt(disk, renamed, []))).toEqual({ "/m": [2] });
    expect(shown(imageAt(disk, renamed, [0, LOST]))).toEqual({ "/m": [1], "/m.new": [2] });
    expect(shown(imageAt(disk, renamed, [LOST, LOST]))).toEqual({ "/m": [1] });
    expect(shown(imageAt(disk, renamed, [LOST]))).toEqual({ "/m": [2] });
  });
});
