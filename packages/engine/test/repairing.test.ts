import { open, repair, verify } from "@hashlog/engine";
import { checkpointFileName, hintFileName, MANIFEST_NAME, segmentFileName } from "@hashlog/format";
import { describe, expect, test } from "vitest";
import { atRest } from "./support/at-rest.ts";
import { snapshotOf } from "./support/directory-snapshot.ts";
import { manifestIn } from "./support/manifests.ts";
import { readFile, type StorePlace } from "./support/recount.ts";
import {
  allBut,
  closedStore,
  contentOf,
  FIRST_VALUE,
  FRAME_BYTES,
  FRAME_HEADER,
  namesOf,
  repaired,
  SECOND_VALUE,
} from "./support/repairing.ts";
import { copyStore, writeFile } from "./support/roads.ts";
import { flipAt, spoil } from "./support/spoil.ts";
import { filler, rejection, text } from "./support/values.ts";
import { memoryWorld, simulatedWorld } from "./support/worlds.ts";

test("a store that is whole stays as it is, byte for byte", async () => {
  const world = await memoryWorld();
  await closedStore(world);
  const before = await snapshotOf(world);
  const report = await repaired(world);
  expect(report).toMatchObject({ changed: false, findings: [], lost: [], mayBeLost: [], setAside: undefined, keys: 6 });
  expect(await snapshotOf(world)).toEqual(before);
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

  test("where all that is known to have been durable is saved, and nobody knows what lay behind it", async () => {
    const { world, killed } = await simulatedWorld();
    const db = await world.open();
    await db.put("key 0", filler(150, 0));
    // The manifest testifies the first write; what else does lies in what gets lost.
    await db.checkpoint();
    await db.put("key 1", filler(150, 1));
    await db.put("key 2", filler(150, 2));
    const place = killed();
    await spoil(place, segmentFileName(1), flipAt(FRAME_HEADER));
    const headerOnly = await repair(place.directory, { fileSystem: place.fileSystem, dryRun: true });
    expect(headerOnly).toMatchObject({ changed: true, recordsSaved: 1, mayBeLost: [], framesInPart: 0 });
    // The fence behind the first write, and all that follows.
    await spoil(place, segmentFileName(1), (bytes) => {
      bytes.fill(0, FRAME_BYTES);
    });
    const report = await repaired(place);
    expect(report).toMatchObject({ changed: true, lost: [], recordsSaved: 1, framesInPart: 0 });
    expect(report.mayBeLost).toMatchObject([
      { segmentId: 1, offset: 32, firstSequence: undefined, lastSequence: undefined, writes: undefined },
    ]);
    expect(await contentOf(place)).toEqual(allBut(1, 2, 3, 4, 5));
  });

  test("where the next segment tells that nothing lay behind what is saved", async () => {
    const { world, killed } = await simulatedWorld();
    const db = await world.open({ segmentBytesMax: 512 });
    for (let index = 0; index < 3; index += 1) await db.put(`key ${index}`, filler(150, index));
    const place = killed();
    const { segments } = manifestIn(await readFile(place.fileSystem, world.path(MANIFEST_NAME)));
    expect(segments).toMatchObject([{ state: "unsealed" }, { state: "unsealed", firstSequence: 3 }]);
    // The header of the second frame, and the fence at the end of the segment.
    await spoil(place, segmentFileName(segments[0]!.segmentId), (bytes) => {
      bytes.fill(0, FRAME_BYTES + FRAME_HEADER, FRAME_BYTES + FRAME_HEADER + 4).fill(0, 2 * FRAME_BYTES);
    });
    expect(await repaired(place)).toMatchObject({ changed: true, recordsSaved: 1, lost: [], mayBeLost: [] });
    expect(await contentOf(place)).toEqual(allBut(3, 4, 5));
  });

  test("an unfinished write at its end is left to the next opening", async () => {
    const place = await killedStore();
    await spoil(place, segmentFileName(1), (bytes) => Uint8Array.from([...bytes, ...bytes.subarray(32, 60)]));
    const before = await snapshotOf(place);
    expect(await repaired(place)).toMatchObject({ changed: false, tornTail: { segmentId: 1 } });
    expect(await snapshotOf(place)).toEqual(before);
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
  const before = await snapshotOf(world);
  const trial = await repair(world.directory, { fileSystem: world.fileSystem, dryRun: true });
  expect(await snapshotOf(world)).toEqual(before);
  const report = await repaired(world);
  expect({ ...trial, durationMs: 0 }).toEqual({ ...report, setAside: undefined, durationMs: 0 });
});
