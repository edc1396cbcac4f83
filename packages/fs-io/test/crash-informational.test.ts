import { describe, expect, test } from "vitest";
import {
  crashPointAt,
  fate,
  FATE_KINDS,
  type Fates,
  imageAt,
  INFORMATIONAL_PROFILES,
  type Profile,
  PROFILES,
  SimulatedDisk,
  type SimulatedFileSystem,
} from "../src/testing/index.ts";
import { bytes, shown, write, writeDurably } from "./simulated-support.ts";

/** What is left when the power is cut now. */
function left(disk: SimulatedDisk, fates: Fates, profile: Profile): ReturnType<typeof shown> {
  return shown(imageAt(disk, disk.position, fates, profile));
}

function started(): { disk: SimulatedDisk; fs: SimulatedFileSystem } {
  const disk = new SimulatedDisk();
  return { disk, fs: disk.boot() };
}

const LOST = fate("lost");
const zeros = (length: number): number[] => Array.from({ length }, () => 0);

test("no informational profile is among those that everything is asked of", () => {
  expect(INFORMATIONAL_PROFILES.filter((profile) => PROFILES.includes(profile))).toEqual([]);
  expect(new Set([...PROFILES, ...INFORMATIONAL_PROFILES]).size).toBe(9);
});

test("an informational profile is free, but for its one thing", async () => {
  const { disk, fs } = started();
  await writeDurably(fs, "/a", bytes(700));
  await write(fs, "/b", bytes(10));
  const free = FATE_KINDS.filter((kind) => kind !== "astray" && kind !== "garbage");
  for (const kind of free) {
    for (const profile of INFORMATIONAL_PROFILES) {
      expect(left(disk, [0, fate(kind, 3)], profile)).toEqual(left(disk, [0, fate(kind, 3)], "free"));
      expect(left(disk, [fate(kind)], profile)).toEqual(left(disk, [fate(kind)], "free"));
    }
  }
});

describe("under hostile", () => {
  /** A replace right after its rename: the entry of `/m.new` is pending, and the rename. */
  async function renamed(): Promise<{ disk: SimulatedDisk; ordinal: number }> {
    const { disk, fs } = started();
    await fs.replace("/m", bytes(1, 1));
    await fs.replace("/m", bytes(1, 2));
    return { disk, ordinal: disk.position - 1 };
  }

  test("a rename may leave both names, or neither; under any other profile it is made or not made", async () => {
    const { disk, ordinal } = await renamed();
    const after = (number: number, profile: Profile): unknown => shown(imageAt(disk, ordinal, [0, number], profile));
    expect(after(0, "hostile")).toEqual({ "/m": [2] });
    expect(after(LOST, "hostile")).toEqual({ "/m": [1], "/m.new": [2] });
    expect(after(fate("torn-prefix"), "hostile")).toEqual({ "/m": [2], "/m.new": [2] });
    expect(after(fate("torn-suffix"), "hostile")).toEqual({});
    expect(after(fate("garbage"), "hostile")).toEqual({ "/m": [1], "/m.new": [2] });
    for (const profile of ["free", "neighbours", "astray", "ordered"] as const) {
      for (const kind of ["torn-prefix", "torn-suffix"] as const) {
        expect(after(fate(kind), profile)).toEqual({ "/m": [1], "/m.new": [2] });
      }
    }
  });

  test("both names are one file, and the crash is told in words", async () => {
    const { disk, ordinal } = await renamed();
    const image = imageAt(disk, ordinal, [0, fate("torn-prefix")], "hostile");
    expect(image.files.get("/m")).toBe(image.files.get("/m.new"));
    const point = crashPointAt(disk, ordinal);
    expect(point.describe([0, fate("torn-prefix")], "hostile")).toContain("both names        m.new renamed to /m");
    expect(point.describe([0, fate("torn-suffix")], "hostile")).toContain("neither name      m.new renamed to /m");
    expect(point.describe([0, fate("torn-prefix")], "free")).toContain("lost              m.new renamed to /m");
  });

  test("nothing else that happens to a name has parts", async () => {
    const { disk, fs } = started();
    await writeDurably(fs, "/a", bytes(1));
    await fs.link("/a", "/b");
    await fs.remove("/a");
    for (const kind of ["torn-prefix", "torn-suffix"] as const) {
      expect(left(disk, [fate(kind), fate(kind)], "hostile")).toEqual({ "/a": [1] });
    }
  });

  test("what was synced stays, and garbage stays within its append", async () => {
    const { disk, fs } = started();
    const file = await writeDurably(fs, "/a", bytes(4));
    file.append(bytes(2), 0, 2);
    expect((left(disk, [fate("garbage")], "hostile")["/a"] as number[]).slice(0, 4)).toEqual([1, 2, 3, 4]);
  });
});

describe("under neighbours", () => {
  async function appended(): Promise<SimulatedDisk> {
    const { disk, fs } = started();
    const file = await writeDurably(fs, "/a", bytes(600));
    file.append(bytes(4, 101), 0, 4);
    return disk;
  }

  test("garbage fills the whole sector, and what was synced in it is gone; the sector before it stays", async () => {
    const disk = await appended();
    const content = left(disk, [fate("garbage", 7)], "neighbours")["/a"] as number[];
    expect(content).toHaveLength(604);
    expect(content.slice(0, 512)).toEqual([...bytes(600)].slice(0, 512));
    const same = content.slice(512).filter((byte, index) => byte === bytes(600)[512 + index]);
    expect(same.length).toBeLessThan(8);
    expect((left(disk, [fate("garbage", 7)], "free")["/a"] as number[]).slice(0, 600)).toEqual([...bytes(600)]);
    const words = crashPointAt(disk, disk.position).describe([fate("garbage", 7)], "neighbours");
    expect(words).toContain("garbage sector 7  bytes 600..604 of /a");
  });

  test("the sector behind it stays, too", async () => {
    const { disk, fs } = started();
    const file = await writeDurably(fs, "/a", bytes(4));
    file.append(bytes(600, 5), 0, 600);
    const content = left(disk, [fate("garbage")], "neighbours")["/a"] as number[];
    expect(content.slice(0, 4)).not.toEqual([1, 2, 3, 4]);
    expect(content.slice(512)).toEqual([...bytes(604)].slice(512));
  });

  test("it does so also when the length of the append is lost, and nothing of the append shows", async () => {
    const disk = await appended();
    const content = left(disk, [fate("garbage", 7), LOST], "neighbours")["/a"] as number[];
    expect(content).toHaveLength(600);
    expect(content.slice(0, 512)).toEqual([...bytes(600)].slice(0, 512));
    expect(content.slice(512)).not.toEqual([...bytes(600)].slice(512));
  });

  test("no file's end is moved by it, and no other file is touched", async () => {
    const { disk, fs } = started();
    const file = await writeDurably(fs, "/a", bytes(4));
    await writeDurably(fs, "/b", bytes(20));
    file.append(bytes(4), 0, 4);
    const after = left(disk, [fate("garbage")], "neighbours");
    expect(after["/a"]).toHaveLength(8);
    expect((after["/a"] as number[]).slice(0, 4)).not.toEqual([1, 2, 3, 4]);
    expect(after["/b"]).toEqual([...bytes(20)]);
  });

  test("a sector of which nothing is in flight stays, and so does one whose append is lost or torn", async () => {
    const disk = await appended();
    for (const kind of ["lost", "torn-prefix", "torn-suffix", "stale"] as const) {
      expect((left(disk, [fate(kind)], "neighbours")["/a"] as number[]).slice(0, 600)).toEqual([...bytes(600)]);
    }
    const { disk: synced, fs } = started();
    await writeDurably(fs, "/a", bytes(10));
    expect(left(synced, [fate("garbage")], "neighbours")).toEqual({ "/a": [...bytes(10)] });
  });
});

describe("under astray", () => {
  /** Two durable files, and ten bytes in flight at the end of the first: their unit begins at byte 4 of its sector. */
  async function inFlight(): Promise<SimulatedDisk> {
    const { disk, fs } = started();
    const file = await writeDurably(fs, "/a", bytes(4));
    await writeDurably(fs, "/b", bytes(600, 50));
    file.append(bytes(10, 201), 0, 10);
    return disk;
  }

  test("a write lands on another file, at the same place of a sector, and its own place keeps what it had", async () => {
    const disk = await inFlight();
    // The files that hold bytes, in the order in which they were made, then their sectors: 1 is the first of /b, 3 the second.
    const hit = [...bytes(600, 50)];
    hit.splice(4, 10, ...bytes(10, 201));
    expect(left(disk, [fate("astray", 1)], "astray")).toEqual({ "/a": [1, 2, 3, 4, ...zeros(10)], "/b": hit });
    const second = [...bytes(600, 50)];
    second.splice(516, 10, ...bytes(10, 201));
    expect(left(disk, [fate("astray", 3), LOST], "astray")).toEqual({ "/a": [1, 2, 3, 4], "/b": second });
    const words = crashPointAt(disk, disk.position).describe([fate("astray", 3)], "astray");
    expect(words).toContain("gone astray 3     bytes 4..14 of /a");
  });

  test("it never makes a file longer, and its own place is no other place", async () => {
    const { disk, fs } = started();
    const file = await writeDurably(fs, "/a", bytes(4));
    await writeDurably(fs, "/b", bytes(6, 50));
    file.append(bytes(10, 201), 0, 10);
    expect(left(disk, [fate("astray", 1)], "astray")["/b"]).toEqual([50, 51, 52, 53, 201, 202]);
    expect(left(disk, [fate("astray", 0)], "astray")).toEqual(left(disk, [LOST], "free"));
  });

  test("it hits what is in flight as well, and the last to land stays", async () => {
    const { disk, fs } = started();
    const a = await writeDurably(fs, "/a", bytes(1));
    const b = await writeDurably(fs, "/b", bytes(1));
    a.append(bytes(2, 101), 0, 2);
    b.append(bytes(3, 201), 0, 3);
    expect(left(disk, [fate("astray", 1)], "astray")).toEqual({ "/a": [1, 0, 0], "/b": [1, 101, 102, 203] });
  });

  test("no other profile knows of it: the write is lost, and nothing else happens", async () => {
    const disk = await inFlight();
    for (const profile of ["free", "hostile", "neighbours"] as const) {
      expect(left(disk, [fate("astray", 1)], profile)).toEqual(left(disk, [LOST], "free"));
    }
  });
});
