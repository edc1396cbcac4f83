import { open, repair, verify, type RepairProgress, type RepairReport, type Store } from "@hashlog/engine";
import { BACKUP_MARK_NAME, checkpointFileName, hintFileName, MANIFEST_NAME, segmentFileName } from "@hashlog/format";
import { FsError, memoryFileSystem, type FileSystem } from "@hashlog/fs-io";
import { crashPointAt, SimulatedDisk } from "@hashlog/fs-io/testing";
import { describe, expect, test } from "vitest";
import { checkInvariants } from "./support/check-invariants.ts";
import { atRest } from "./support/at-rest.ts";
import { take } from "./support/feeds.ts";
import { manifestIn } from "./support/manifests.ts";
import { readFile, type StorePlace } from "./support/recount.ts";
import { copyStore, writeFile } from "./support/roads.ts";
import { filler, rejection, text, utf8Bytes } from "./support/values.ts";
import { memoryWorld, nodeWorld, simulatedWorld, World } from "./support/worlds.ts";

type TextStore = Store<string, Uint8Array, Uint8Array | string>;

const RECORD_BYTES = 18 + 5 + 150;

/** Three segments of two records each, the last one unsealed, closed: `key 0` to `key 5`. */
async function closedStore(world: World, more: (db: TextStore) => Promise<unknown> = async () => {}): Promise<void> {
  const db = await world.open({ segmentBytesMax: 512 });
  for (let index = 0; index < 6; index += 1) await db.put(`key ${index}`, filler(150, index));
  await more(db);
  await atRest(db);
  await db.close();
  world.leaveUnchecked();
}

async function spoil(place: StorePlace, name: string, change: (bytes: Uint8Array) => Uint8Array | void): Promise<void> {
  const path = place.fileSystem.join(place.directory, name);
  const bytes = Uint8Array.from(await readFile(place.fileSystem, path));
  await writeFile(place.fileSystem, path, change(bytes) ?? bytes);
}

const flipAt =
  (at: number) =>
  (bytes: Uint8Array): void => {
    bytes[at]! ^= 1;
  };

/** A record's frame, and the fence behind it. */
const FRAME_BYTES = 32 + RECORD_BYTES + 32;
/** The value of the second record of a segment of `closedStore`, the first one's, and the header of the first frame. */
const SECOND_VALUE = 32 + FRAME_BYTES + 32 + 40;
const FIRST_VALUE = 32 + 32 + 40;
const FRAME_HEADER = 32 + 10;

async function repaired(place: StorePlace): Promise<RepairReport> {
  return repair(place.directory, { fileSystem: place.fileSystem });
}

/** Opens the store, checks it, and gives all of it. */
async function contentOf({ fileSystem, directory }: StorePlace): Promise<Map<string, string>> {
  const db = await open(directory, { fileSystem, compaction: false });
  await checkInvariants(db as never, { fileSystem });
  const content = new Map<string, string>();
  for await (const [key, value] of db.entries()) content.set(key, Buffer.from(value).toString("latin1"));
  await db.close();
  expect((await verify(directory, { fileSystem })).findings).toEqual([]);
  return content;
}

function allBut(...missing: number[]): Map<string, string> {
  const all = [0, 1, 2, 3, 4, 5].filter((index) => !missing.includes(index));
  return new Map(all.map((index) => [`key ${index}`, Buffer.from(filler(150, index)).toString("latin1")]));
}

function namesOf({ lost }: RepairReport): (string | undefined)[] {
  return lost.map(({ key }) => text(key));
}

async function allFiles({ fileSystem, directory }: StorePlace): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const name of await fileSystem.list(directory)) {
    const path = fileSystem.join(directory, name);
    if ((await fileSystem.stat(path))?.kind !== "file" || name.includes("lock")) continue;
    files.set(name, Buffer.from(await readFile(fileSystem, path)).toString("hex"));
  }
  return files;
}

test("a store that is whole stays as it is, byte for byte", async () => {
  const world = await memoryWorld();
  await closedStore(world);
  const before = await allFiles(world);
  const report = await repaired(world);
  expect(report).toMatchObject({ changed: false, findings: [], lost: [], mayBeLost: [], setAside: undefined, keys: 6 });
  expect(await allFiles(world)).toEqual(before);
});

describe("of a damaged record", () => {
  test("the key is told by the hint, and is absent; everything else is there, and the file lies aside", async () => {
    const world = await memoryWorld();
    await closedStore(world);
    await spoil(world, segmentFileName(2), flipAt(SECOND_VALUE));
    const damaged = await readFile(world.fileSystem, world.path(segmentFileName(2)));
    const report = await repaired(world);
    expect(report).toMatchObject({ changed: true, mayBeLost: [], manifestRebuilt: false, keys: 5 });
    expect(report.lost).toMatchObject([{ version: 4, segmentId: 2, offset: 32 + FRAME_BYTES + 32 }]);
    expect(namesOf(report)).toEqual(["key 3"]);
    expect(report.setAside?.files.toSorted()).toEqual([hintFileName(2), segmentFileName(2)]);
    const aside = world.fileSystem.join(report.setAside!.directory, segmentFileName(2));
    expect(await readFile(world.fileSystem, aside)).toEqual(damaged);
    const list = await readFile(world.fileSystem, world.fileSystem.join(report.setAside!.directory, "report.json"));
    expect(JSON.parse(text(list)!)).toMatchObject({
      lost: [{ key: "key 3", keyBase64: "a2V5IDM=", version: 4, segmentId: 2 }],
      findings: [{ subject: "segment", segmentId: 2 }],
      mayBeLost: [],
    });
    expect(await contentOf(world)).toEqual(allBut(3));
    expect(await repaired(world)).toMatchObject({ changed: false, lost: [], keys: 5 });
  });

  test("an older value does not come back, and a newer one stays", async () => {
    const world = await memoryWorld();
    const db = await world.open({ segmentBytesMax: 512 });
    for (const [key, seed] of [
      ["old", 1],
      ["key", 2],
      ["key", 3],
      ["other", 4],
      ["new", 5],
      ["new", 6],
      ["new", 7],
      ["last", 8],
    ] as const) {
      await db.put(key, filler(150, seed));
    }
    await atRest(db);
    await db.close();
    world.leaveUnchecked();
    // "key" with its newest value, and "new" with one that was overwritten in the next segment.
    await spoil(world, segmentFileName(2), flipAt(FIRST_VALUE));
    await spoil(world, segmentFileName(3), flipAt(SECOND_VALUE));
    const report = await repaired(world);
    expect(namesOf(report)).toEqual(["key"]);
    const content = await contentOf(world);
    expect([...content.keys()].toSorted()).toEqual(["last", "new", "old", "other"]);
    expect(content.get("new")).toBe(Buffer.from(filler(150, 7)).toString("latin1"));
  });

  test("a key that had expired is no loss", async () => {
    const world = await memoryWorld();
    const db = await world.open({ segmentBytesMax: 512 });
    for (let index = 0; index < 6; index += 1) {
      await db.put(`key ${index}`, filler(150, index), index === 2 ? { ttlMs: 1000 } : {});
    }
    await atRest(db);
    await db.close();
    world.leaveUnchecked();
    await world.fileSystem.remove(world.path(segmentFileName(2)));
    const { fileSystem, directory, clock } = world;
    const trial = await repair(directory, { fileSystem, clock, dryRun: true });
    expect([namesOf(trial), trial.keys]).toEqual([["key 2", "key 3"], 4]);
    clock.advance(1000);
    const report = await repair(directory, { fileSystem, clock });
    expect([namesOf(report), report.keys]).toEqual([["key 3"], 4]);
  });

  test("a deletion that a hint knows is no loss", async () => {
    const world = await memoryWorld();
    await closedStore(world, async (db) => {
      await db.delete("key 0");
      await db.put("key 6", filler(150, 6));
      await db.put("key 7", filler(150, 7));
      await db.put("key 8", filler(150, 8));
    });
    await spoil(world, segmentFileName(4), flipAt(32 + 32 + 20));
    const report = await repaired(world);
    expect(report).toMatchObject({ changed: true, lost: [], mayBeLost: [] });
    expect((await contentOf(world)).has("key 0")).toBe(false);
  });

  test("without a hint nobody knows the key, and the list says where, and which writes", async () => {
    const world = await memoryWorld();
    await closedStore(world);
    await world.fileSystem.remove(world.path(hintFileName(2)));
    await spoil(world, segmentFileName(2), flipAt(SECOND_VALUE));
    const report = await repaired(world);
    expect(report).toMatchObject({ changed: true, lost: [], framesInPart: 0 });
    expect(report.mayBeLost).toMatchObject([
      { segmentId: 2, offset: 32 + FRAME_BYTES, firstSequence: 4, lastSequence: 4, writes: 1 },
    ]);
    expect(await contentOf(world)).toEqual(allBut(3));
  });
});

test("records in a frame of which the header is damaged, or another record, are saved", async () => {
  for (const at of [FRAME_HEADER, 32 + 32 + 10]) {
    const world = await memoryWorld();
    const db = await world.open();
    await db.batch(
      [0, 1, 2, 3, 4, 5].map((index) => ({ type: "put", key: `key ${index}`, value: filler(150, index) }) as const),
    );
    await db.compact();
    await atRest(db);
    await db.close();
    world.leaveUnchecked();
    const [segment] = manifestIn(await readFile(world.fileSystem, world.path(MANIFEST_NAME))).segments;
    await spoil(world, segmentFileName(segment!.segmentId), flipAt(at));
    const report = await repaired(world);
    const isHeader = at === FRAME_HEADER;
    expect(report).toMatchObject({ recordsSaved: isHeader ? 6 : 5, framesInPart: isHeader ? 0 : 1 });
    expect(report.lost).toHaveLength(isHeader ? 0 : 1);
    expect((await contentOf(world)).size).toBe(isHeader ? 6 : 5);
  }
});

describe("of a segment that is not there", () => {
  test("the hint tells all keys", async () => {
    const world = await memoryWorld();
    await closedStore(world);
    await world.fileSystem.remove(world.path(segmentFileName(2)));
    const report = await repaired(world);
    expect(namesOf(report)).toEqual(["key 2", "key 3"]);
    expect(report.mayBeLost).toEqual([]);
    expect(await contentOf(world)).toEqual(allBut(2, 3));
  });

  test("without a hint the list says which writes", async () => {
    const world = await memoryWorld();
    await closedStore(world);
    await world.fileSystem.remove(world.path(segmentFileName(2)));
    await world.fileSystem.remove(world.path(hintFileName(2)));
    const report = await repaired(world);
    expect(report.mayBeLost).toMatchObject([{ segmentId: 2, firstSequence: 3, lastSequence: 4, writes: 2 }]);
    expect(await contentOf(world)).toEqual(allBut(2, 3));
  });
});

test("a damaged header, and one of a version that does not exist, lose nothing", async () => {
  for (const at of [20, 8]) {
    const world = await memoryWorld();
    await closedStore(world);
    await spoil(world, segmentFileName(2), (bytes) => {
      bytes[at]! += 1;
    });
    expect(await repaired(world)).toMatchObject({ changed: true, lost: [], mayBeLost: [] });
    expect(await contentOf(world)).toEqual(allBut());
  }
});

test("damaged hints and checkpoints lie aside, and segments stay as they are", async () => {
  const world = await memoryWorld();
  await closedStore(world);
  await spoil(world, hintFileName(2), flipAt(60));
  await spoil(world, checkpointFileName(4), flipAt(60));
  const before = await readFile(world.fileSystem, world.path(segmentFileName(2)));
  const report = await repaired(world);
  expect(report).toMatchObject({ changed: true, lost: [], mayBeLost: [], keys: 6 });
  expect(report.setAside?.files.toSorted()).toEqual([hintFileName(2), checkpointFileName(4)]);
  expect(await readFile(world.fileSystem, world.path(segmentFileName(2)))).toEqual(before);
  expect(await contentOf(world)).toEqual(allBut());
});

describe("of a damaged log", () => {
  async function killedStore(): Promise<StorePlace> {
    const { world, killed } = await simulatedWorld();
    const db = await world.open();
    for (let index = 0; index < 6; index += 1) await db.put(`key ${index}`, filler(150, index));
    return killed();
  }

  test("what lies behind the damage is kept, and the list says which writes are gone", async () => {
    const place = await killedStore();
    await spoil(place, segmentFileName(1), flipAt(FIRST_VALUE));
    expect(await rejection(open(place.directory, { fileSystem: place.fileSystem }))).toMatchObject({
      code: "HASHLOG_CORRUPT",
    });
    const report = await repaired(place);
    expect(report).toMatchObject({ changed: true, lost: [], tornTail: undefined });
    expect(report.mayBeLost).toMatchObject([{ segmentId: 1, firstSequence: 1, lastSequence: 1, writes: 1 }]);
    expect(await contentOf(place)).toEqual(allBut(0));
  });

  test("where its end is missing that was durable", async () => {
    const place = await killedStore();
    // In front of the fence that testifies the last write; the frame before testifies the one before.
    await spoil(place, segmentFileName(1), (bytes) => bytes.slice(0, 32 + 3 * FRAME_BYTES + 10));
    const before = await verify(place.directory, { fileSystem: place.fileSystem });
    const report = await repaired(place);
    expect(report.findings).toEqual(before.findings);
    const content = await contentOf(place);
    expect([...content.keys()].every((key) => allBut().get(key) === content.get(key))).toBe(true);
  });

  test("an unfinished write at its end is left to the next opening", async () => {
    const place = await killedStore();
    await spoil(place, segmentFileName(1), (bytes) => Uint8Array.from([...bytes, ...bytes.subarray(32, 60)]));
    const before = await allFiles(place);
    expect(await repaired(place)).toMatchObject({ changed: false, tornTail: { segmentId: 1 } });
    expect(await allFiles(place)).toEqual(before);
    expect(await contentOf(place)).toEqual(allBut());
  });

  test("new writes do not get the sequences of those that are gone", async () => {
    const place = await killedStore();
    await spoil(place, segmentFileName(1), flipAt(FIRST_VALUE));
    await repaired(place);
    const db = await open(place.directory, { fileSystem: place.fileSystem });
    await db.put("new", "1");
    expect((await db.getEntry("new"))!.version).toBeGreaterThan(6);
    await db.close();
  });
});

describe("of a damaged manifest", () => {
  test("another is made of the segments that are there", async () => {
    const world = await memoryWorld();
    await closedStore(world);
    await spoil(world, MANIFEST_NAME, flipAt(60));
    const report = await repaired(world);
    expect(report).toMatchObject({ changed: true, manifestRebuilt: true, lost: [], mayBeLost: [], keys: 6 });
    expect(report.setAside?.files).toContain(MANIFEST_NAME);
    expect(await contentOf(world)).toEqual(allBut());
  });

  test("feeds begin anew with the state, and go on from there; whoever was further has to begin anew as well", async () => {
    const world = await memoryWorld();
    await closedStore(world);
    await world.fileSystem.remove(world.path(MANIFEST_NAME));
    await repaired(world);
    const db = await world.open();
    const feeds = [db.changes({ since: 0 }), db.changes()];
    const state = await take(feeds[0]!, 6);
    const { sequence } = db.stats();
    expect(state.at(-1)!.resume).toBe(sequence);
    feeds.push(db.changes({ since: sequence }));
    await db.put("new", "1");
    for (const feed of feeds) {
      expect(await take(feed, 1)).toMatchObject([{ key: "new", version: sequence + 1 }]);
      await feed.return();
    }
    for (const since of [1, 5, 6, 7]) {
      expect(await rejection(db.changes({ since }).next())).toMatchObject({ code: "HASHLOG_COMPACTED" });
    }
  });

  test("its replacement, which a crash left, takes its place", async () => {
    const world = await memoryWorld();
    await closedStore(world);
    const bytes = await readFile(world.fileSystem, world.path(MANIFEST_NAME));
    await spoil(world, MANIFEST_NAME, () => new Uint8Array(0));
    await writeFile(world.fileSystem, `${world.path(MANIFEST_NAME)}.new`, bytes);
    expect(await repaired(world)).toMatchObject({ changed: true, manifestRebuilt: false, keys: 6 });
    expect(await contentOf(world)).toEqual(allBut());
  });

  describe("its replacement, which a crash left, outlives a repair", () => {
    async function storeWithReplacement(): Promise<{ readonly disk: SimulatedDisk; readonly place: StorePlace }> {
      const made = new SimulatedDisk();
      const world = new World(made.boot(), "/store");
      await closedStore(world);
      const image = made.image();
      const path = world.path(MANIFEST_NAME);
      const disk = new SimulatedDisk({
        image: image.withFile(`${path}.new`, image.bytes(path)!).withFile(path, new Uint8Array(10)),
      });
      return { disk, place: { fileSystem: disk.boot(), directory: "/store" } };
    }

    test("that finds no room", async () => {
      const { place } = await storeWithReplacement();
      const { fileSystem, directory } = place;
      const failing = overridden(fileSystem, {
        replace: async (path: string) => {
          await fileSystem.remove(`${path}.new`);
          throw new FsError("FS_NO_SPACE", "it is meant to fail", { operation: "replace", path, outcome: "unchanged" });
        },
      });
      expect(await rejection(repair(directory, { fileSystem: failing }))).toMatchObject({ code: "HASHLOG_NO_SPACE" });
      expect(await repaired(place)).toMatchObject({ manifestRebuilt: false, keys: 6 });
      expect(await contentOf(place)).toEqual(allBut());
    });

    test("that is cut off at any step", async () => {
      const { disk, place } = await storeWithReplacement();
      await repaired(place);
      const steps = disk.position;
      expect(steps).toBeGreaterThan(10);
      for (let step = 0; step < steps; step += 1) {
        const point = crashPointAt(disk, step);
        for (const image of [point.image([], "kill"), point.image([])]) {
          const left = { fileSystem: new SimulatedDisk({ image }).boot(), directory: "/store" };
          expect(await repaired(left)).toMatchObject({ manifestRebuilt: false, keys: 6 });
          expect(await contentOf(left)).toEqual(allBut());
        }
      }
    });
  });

  test("one that is missing: a hint tells of a segment whose header is damaged", async () => {
    const world = await memoryWorld();
    await closedStore(world);
    await world.fileSystem.remove(world.path(MANIFEST_NAME));
    await spoil(world, segmentFileName(1), flipAt(20));
    expect(await repaired(world)).toMatchObject({ lost: [], mayBeLost: [], keys: 6 });
    expect(await contentOf(world)).toEqual(allBut());
  });

  test("one that is missing, and a segment that cannot be told without it", async () => {
    const world = await memoryWorld();
    await closedStore(world);
    await world.fileSystem.remove(world.path(MANIFEST_NAME));
    await world.fileSystem.remove(world.path(hintFileName(1)));
    await spoil(world, segmentFileName(1), flipAt(20));
    const report = await repaired(world);
    expect(report.setAside?.files).toEqual([segmentFileName(1)]);
    expect(report.mayBeLost).toMatchObject([{ segmentId: 1, offset: 0, firstSequence: undefined }]);
    expect(await contentOf(world)).toEqual(allBut(0, 1));
  });

  test("one that is missing: a hint tells of the end of a segment that is cut", async () => {
    const world = await memoryWorld();
    await closedStore(world);
    await world.fileSystem.remove(world.path(MANIFEST_NAME));
    await spoil(world, segmentFileName(2), (bytes) => bytes.slice(0, 32 + FRAME_BYTES));
    expect(namesOf(await repaired(world))).toEqual(["key 3"]);
    expect(await contentOf(world)).toEqual(allBut(3));
  });

  test("one that is missing: the hint of a segment that is missing as well tells its keys", async () => {
    const world = await memoryWorld();
    await closedStore(world);
    await world.fileSystem.remove(world.path(MANIFEST_NAME));
    await world.fileSystem.remove(world.path(segmentFileName(2)));
    const { findings } = await verify(world.directory, { fileSystem: world.fileSystem });
    expect(findings).toMatchObject([{ subject: "manifest" }, { subject: "segment", segmentId: 2, keys: 2 }]);
    const report = await repaired(world);
    expect(namesOf(report)).toEqual(["key 2", "key 3"]);
    expect(report.setAside?.files).toEqual([hintFileName(2)]);
    expect(await contentOf(world)).toEqual(allBut(2, 3));
  });

  test("one that is older than the files beside it is not believed", async () => {
    const world = await memoryWorld();
    let db = await world.open({ segmentBytesMax: 512 });
    await db.put("key 0", filler(150));
    await db.close();
    const older = await copyStore(world);
    db = await world.open({ segmentBytesMax: 512 });
    for (let index = 1; index < 6; index += 1) await db.put(`key ${index}`, filler(150, index));
    await db.close();
    world.leaveUnchecked();
    const bytes = await readFile(older.fileSystem, older.fileSystem.join(older.directory, MANIFEST_NAME));
    await spoil(world, MANIFEST_NAME, () => bytes);
    expect(await rejection(world.open())).toMatchObject({ code: "HASHLOG_CORRUPT" });
    expect(await repaired(world)).toMatchObject({ changed: true, manifestRebuilt: true, lost: [], keys: 6 });
    expect(await contentOf(world)).toEqual(allBut());
  });
});

test("a record that lies in two damaged segments, as after a merge that was cut off, is not lost if one of them gives it", async () => {
  const world = await memoryWorld();
  await closedStore(world);
  const before = await copyStore(world);
  const db = await world.open({ segmentBytesMax: 512 });
  await db.compact();
  await atRest(db);
  await db.close();
  const { segments } = manifestIn(await readFile(world.fileSystem, world.path(MANIFEST_NAME)));
  for (const name of [segmentFileName(1), hintFileName(1)]) {
    const bytes = await readFile(before.fileSystem, before.fileSystem.join(before.directory, name));
    await writeFile(world.fileSystem, world.path(name), bytes);
  }
  await world.fileSystem.remove(world.path(MANIFEST_NAME));
  await spoil(world, segmentFileName(1), flipAt(FIRST_VALUE));
  for (const { segmentId } of segments) {
    await world.fileSystem.remove(world.path(hintFileName(segmentId)));
    await spoil(world, segmentFileName(segmentId), flipAt(FRAME_HEADER));
  }
  expect(await repaired(world)).toMatchObject({ changed: true, lost: [], keys: 6 });
  expect(await contentOf(world)).toEqual(allBut());
});

test("a trial run says the same, and changes nothing", async () => {
  const world = await memoryWorld();
  await closedStore(world);
  await spoil(world, segmentFileName(2), flipAt(SECOND_VALUE));
  const before = await allFiles(world);
  const trial = await repair(world.directory, { fileSystem: world.fileSystem, dryRun: true });
  expect(await allFiles(world)).toEqual(before);
  const report = await repaired(world);
  expect({ ...trial, durationMs: 0 }).toEqual({ ...report, setAside: undefined, durationMs: 0 });
});

test("it tells how far it is, and where there are no links it copies what it sets aside", async () => {
  const world = await memoryWorld();
  await closedStore(world);
  await spoil(world, segmentFileName(2), flipAt(SECOND_VALUE));
  const damaged = await readFile(world.fileSystem, world.path(segmentFileName(2)));
  const told: RepairProgress[] = [];
  const report = await repair(world.directory, {
    fileSystem: withFailing(world.fileSystem, "link", "FS_NOT_SUPPORTED"),
    onProgress: (progress) => told.push(progress),
  });
  expect(told.map(({ phase }) => phase)).toEqual(["verify", "save"]);
  const aside = world.fileSystem.join(report.setAside!.directory, segmentFileName(2));
  expect(await readFile(world.fileSystem, aside)).toEqual(damaged);
  expect(await contentOf(world)).toEqual(allBut(3));
});

test("where there are no links, a file that the disk does not give is set aside as far as it does", async () => {
  const world = await memoryWorld();
  await closedStore(world);
  const path = world.path(segmentFileName(2));
  const linkless = withFailing(world.fileSystem, "link", "FS_NOT_SUPPORTED");
  const whole = await readFile(world.fileSystem, path);
  const fileSystem = overridden(linkless, {
    openRead: async (opened: string) => {
      const file = await linkless.openRead(opened);
      if (opened !== path) return file;
      return overridden(file, {
        read: () => Promise.reject(new FsError("FS_IO", "it is not given", { operation: "read", path })),
      });
    },
  });
  const report = await repair(world.directory, { fileSystem });
  expect(namesOf(report)).toEqual(["key 2", "key 3"]);
  const aside = world.fileSystem.join(report.setAside!.directory, segmentFileName(2));
  expect(await readFile(world.fileSystem, aside)).toEqual(new Uint8Array(whole.length));
  expect(await contentOf(world)).toEqual(allBut(2, 3));
});

test("where the disk does not even open a segment, what its hint tells is on the list", async () => {
  const world = await memoryWorld();
  await closedStore(world);
  const fileSystem = overridden(world.fileSystem, {
    openRead: (path: string) =>
      path === world.path(segmentFileName(2))
        ? Promise.reject(new FsError("FS_IO", "it is not given", { operation: "openRead", path }))
        : world.fileSystem.openRead(path),
  });
  const report = await repair(world.directory, { fileSystem });
  expect(namesOf(report)).toEqual(["key 2", "key 3"]);
  expect(report.setAside?.files).toContain(segmentFileName(2));
  expect(await contentOf(world)).toEqual(allBut(2, 3));
});

test("what the disk refuses once, and then gives, is no damage", async () => {
  const world = await memoryWorld();
  await closedStore(world);
  const refused = new Set<string>();
  const fileSystem = overridden(world.fileSystem, {
    openRead: (path: string) => {
      if (refused.has(path) || !/\.(segment|hint)$/.test(path)) return world.fileSystem.openRead(path);
      refused.add(path);
      return Promise.reject(new FsError("FS_IO", "not now", { operation: "openRead", path }));
    },
  });
  expect(await repair(world.directory, { fileSystem })).toMatchObject({ changed: false, findings: [], lost: [] });
  expect(refused.size).toBe(5);
});

test("a directory in the place of a segment is in nobody's way", async () => {
  const world = await nodeWorld();
  await closedStore(world);
  await world.fileSystem.remove(world.path(segmentFileName(2)));
  await world.fileSystem.makeDirectory(world.path(segmentFileName(2)));
  const report = await repaired(world);
  expect(namesOf(report)).toEqual(["key 2", "key 3"]);
  expect(report.setAside?.files).toEqual([hintFileName(2)]);
  const db = await world.open();
  expect(db.stats().keys).toBe(4);
  expect((await db.verify()).findings).toEqual([]);
});

describe("it rejects, and changes nothing,", () => {
  async function damagedWorld(): Promise<World> {
    const world = await memoryWorld();
    await closedStore(world);
    await spoil(world, segmentFileName(2), flipAt(SECOND_VALUE));
    return world;
  }

  test("while somebody has the store open for writing", async () => {
    const world = await memoryWorld();
    await world.open();
    expect(await rejection(repaired(world))).toMatchObject({ code: "HASHLOG_LOCKED" });
  });

  test("where there is no store, or a backup that was cut off", async () => {
    const fileSystem = memoryFileSystem();
    expect(await rejection(repair("/nothing", { fileSystem }))).toMatchObject({ code: "HASHLOG_NOT_FOUND" });
    await fileSystem.makeDirectory("/empty");
    expect(await rejection(repair("/empty", { fileSystem }))).toMatchObject({ code: "HASHLOG_NOT_FOUND" });
    await writeFile(fileSystem, fileSystem.join("/empty", BACKUP_MARK_NAME), utf8Bytes("x"));
    expect(await rejection(repair("/empty", { fileSystem }))).toMatchObject({ code: "HASHLOG_CORRUPT" });
  });

  test("a manifest of a later version", async () => {
    const world = await damagedWorld();
    await spoil(world, MANIFEST_NAME, (bytes) => {
      bytes[8] = 9;
    });
    const before = await allFiles(world);
    expect(await rejection(repaired(world))).toMatchObject({ code: "HASHLOG_VERSION" });
    expect(await allFiles(world)).toEqual(before);
  });

  test("a shared volume, unless that is allowed", async () => {
    const world = await damagedWorld();
    const fileSystem = new Proxy(world.fileSystem, {
      get: (target, name) =>
        name === "sharedVolume" ? () => Promise.resolve("nfs") : (Reflect.get(target, name, target) as unknown),
    });
    expect(await rejection(repair(world.directory, { fileSystem }))).toMatchObject({ code: "HASHLOG_NOT_SUPPORTED" });
    expect(await repair(world.directory, { fileSystem, allowSharedVolume: true })).toMatchObject({ changed: true });
  });

  test.each([
    ["an unknown option", { force: true }],
    ["an option of the wrong kind", { dryRun: "yes" }],
  ])("%s", async (_what, options) => {
    expect(await rejection(repair("/store", options as never))).toMatchObject({ code: "HASHLOG_INVALID_ARGUMENT" });
    expect(await rejection(repair("", {}))).toMatchObject({ code: "HASHLOG_INVALID_ARGUMENT" });
  });

  test("when it is cancelled", async () => {
    const world = await damagedWorld();
    const before = await allFiles(world);
    const { fileSystem, directory } = world;
    const signal = AbortSignal.abort("no");
    expect(await rejection(repair(directory, { fileSystem, signal }))).toMatchObject({ code: "HASHLOG_ABORTED" });
    const controller = new AbortController();
    const onProgress = ({ phase }: RepairProgress): void => {
      if (phase === "save") controller.abort();
    };
    const cancelled = repair(directory, { fileSystem, signal: controller.signal, onProgress });
    expect(await rejection(cancelled)).toMatchObject({ code: "HASHLOG_ABORTED" });
    expect(await allFiles(world)).toEqual(before);
  });

  test.each(["create", "makeDirectory", "syncDirectory", "link", "replace"] as const)(
    "where %s fails for want of room, and leaves nothing in the way",
    async (method) => {
      const world = await damagedWorld();
      const before = await allFiles(world);
      const fileSystem = withFailing(world.fileSystem, method, "FS_NO_SPACE");
      expect(await rejection(repair(world.directory, { fileSystem }))).toMatchObject({ code: "HASHLOG_NO_SPACE" });
      expect(await allFiles(world)).toEqual(before);
      expect(await repaired(world)).toMatchObject({ changed: true });
      expect(await contentOf(world)).toEqual(allBut(3));
    },
  );
});

test("where the outcome of the change is not known, nothing is removed that may be listed", async () => {
  const world = await memoryWorld();
  await closedStore(world);
  await spoil(world, segmentFileName(2), flipAt(SECOND_VALUE));
  const fileSystem = new Proxy(world.fileSystem, {
    get: (target, name) => {
      if (name !== "replace") return Reflect.get(target, name, target) as unknown;
      return async (path: string, bytes: Uint8Array) => {
        await target.replace(path, bytes);
        throw new FsError("FS_IO", "who knows", { operation: "replace", path, outcome: "unknown" });
      };
    },
  });
  expect(await rejection(repair(world.directory, { fileSystem }))).toMatchObject({ code: "HASHLOG_IO" });
  expect(await contentOf(world)).toEqual(allBut(3));
});

test("files that cannot be removed are left to the next opening", async () => {
  const world = await memoryWorld();
  await closedStore(world);
  await spoil(world, segmentFileName(2), flipAt(SECOND_VALUE));
  const fileSystem = withFailing(world.fileSystem, "remove", "FS_NO_SPACE");
  expect(await repair(world.directory, { fileSystem })).toMatchObject({ changed: true });
  expect((await allFiles(world)).has(segmentFileName(2))).toBe(true);
  expect(await contentOf(world)).toEqual(allBut(3));
  expect((await allFiles(world)).has(segmentFileName(2))).toBe(false);
});

/** The same with some methods of the test's. */
function overridden<T extends object>(original: T, methods: Partial<T>): T {
  return new Proxy(original, {
    get: (target, name) => {
      const own = (methods as Record<string | symbol, unknown>)[name];
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

/** A file system of which that method always fails so. */
function withFailing(
  fileSystem: FileSystem,
  method: keyof FileSystem,
  code: "FS_NO_SPACE" | "FS_NOT_SUPPORTED",
): FileSystem {
  return new Proxy(fileSystem, {
    get: (target, name) => {
      if (name !== method) return Reflect.get(target, name, target) as unknown;
      return (path: string) => {
        const details = { operation: method, path, outcome: "unchanged" as const };
        return Promise.reject(new FsError(code, "it is meant to fail", details));
      };
    },
  });
}
