import {
  decodeManifest,
  FRAME_HEADER_BYTES,
  KEY_BYTES_MAX,
  MANIFEST_NAME,
  type Place,
  placeOf,
  sealFrame,
  SEGMENT_HEADER_BYTES,
  segmentFileName,
} from "@hashlog/format";
import { bytes } from "@hashlog/engine";
import { describe, expect, test } from "vitest";
import { all, filler, isSame, text, utf8Bytes } from "./support/values.ts";
import { FILE_SYSTEMS, memoryWorld } from "./support/worlds.ts";
import { readFile, readManifest, recount } from "./support/recount.ts";

describe.each(FILE_SYSTEMS)("on $name", ({ newWorld }) => {
  test("keys and values of every length from none at all to the longest are ordinary", async () => {
    const world = await newWorld();
    let db = await world.open<Uint8Array, Uint8Array>({ keys: bytes });
    const lengths = [0, 1, 2, 255, 256, 65_534, KEY_BYTES_MAX];
    for (const keyBytes of lengths) {
      for (const valueBytes of [0, 1, 1000]) {
        const key = filler(keyBytes, valueBytes);
        await db.put(key, filler(valueBytes, keyBytes));
        expect(await db.get(key)).toEqual(filler(valueBytes, keyBytes));
        expect(db.getSync(key)).toEqual(filler(valueBytes, keyBytes));
      }
    }
    const keys = db.stats().keys;
    // The empty key was put three times.
    expect(keys).toBe(lengths.length * 3 - 2);
    db = await world.reopen(db);
    await db.compact();
    db = await world.reopen(db);
    expect(db.stats().keys).toBe(keys);
    expect(await db.get(new Uint8Array(0))).toEqual(filler(1000));
    expect(await db.delete(new Uint8Array(0))).toBe(true);
    expect(await db.get(new Uint8Array(0))).toBe(undefined);
  });

  test("an empty value is a value, not a missing one", async () => {
    const world = await newWorld();
    const db = await world.open();
    await db.put("key", "");
    expect(await db.get("key")).toEqual(new Uint8Array(0));
    expect(db.has("key")).toBe(true);
    expect(await all(db.values())).toEqual([new Uint8Array(0)]);
    expect(await db.delete("key")).toBe(true);
  });

  test("names that mean something to JavaScript are keys like any other", async () => {
    const world = await newWorld();
    let db = await world.open();
    const keys = [
      "__proto__",
      "constructor",
      "prototype",
      "toString",
      "hasOwnProperty",
      "valueOf",
      "",
      "undefined",
      "null",
    ];
    expect(keys.filter((key) => db.has(key))).toEqual([]);
    expect(await db.getMany(keys)).toEqual(keys.map(() => undefined));
    for (const key of keys) await db.put(key, `value of ${key}`);
    db = await world.reopen(db);
    expect((await db.getMany(keys)).map(text)).toEqual(keys.map((key) => `value of ${key}`));
    expect((await all(db.keys())).sort()).toEqual([...keys].sort());
    for (const key of keys) expect(await db.delete(key)).toBe(true);
  });

  test("texts are told apart by their code points, whatever they look like", async () => {
    const world = await newWorld();
    let db = await world.open();
    const keys = ["é", "e\u0301", "\u{1f680}", "\u{1f680}\u{fe0f}", "\ufffd", "\0", "a\0", "a", "日本語", "ﬁ", "fi"];
    for (const [index, key] of keys.entries()) await db.put(key, String(index));
    db = await world.reopen(db);
    expect((await db.getMany(keys)).map(text)).toEqual(keys.map((_, index) => String(index)));
    expect((await all(db.keys())).sort()).toEqual([...keys].sort());
  });

  test("a value longer than a segment may be is ordinary", async () => {
    const world = await newWorld();
    let db = await world.open({ segmentBytesMax: 512 });
    await db.put("small", "1");
    await db.put("large", filler(300_000));
    await db.put("small", "2");
    expect(db.stats().segments.length).toBe(3);
    db = await world.reopen(db);
    expect(isSame(await db.get("large"), filler(300_000))).toBe(true);
    await db.compact();
    db = await world.reopen(db);
    expect(isSame(db.getSync("large"), filler(300_000))).toBe(true);
    expect(text(db.getSync("small"))).toBe("2");
  });
});

test("values that look like the store's own bytes are values and nothing else", async () => {
  const world = await memoryWorld();
  let db = await world.open({ segmentBytesMax: 2048 });
  await db.put("a", filler(900));
  await db.put("b", filler(900));
  await db.checkpoint();
  // Every magic and every structure there is, whole frames with valid checksums and whole files among them.
  const contents = new Map<string, Uint8Array>();
  for (const name of await world.fileSystem.list(world.directory)) {
    const content = await readFile(world.fileSystem, world.path(name));
    contents.set(name, content.slice(0, 100_000));
    contents.set(`${name}, from the first frame on`, content.slice(SEGMENT_HEADER_BYTES, 5000));
    contents.set(
      `${name}, the header of a frame`,
      content.slice(SEGMENT_HEADER_BYTES, SEGMENT_HEADER_BYTES + FRAME_HEADER_BYTES),
    );
    contents.set(`${name}, its magic`, content.slice(0, 8));
  }
  for (const [name, content] of contents) await db.put(name, content);
  const check = (): void => {
    for (const [name, content] of contents) expect({ name, value: db.getSync(name) }).toEqual({ name, value: content });
  };
  check();
  db = await world.reopen(db);
  check();
  await db.compact();
  db = await world.reopen(db);
  check();
});

test("a value that is a valid frame for the very place where it lies is not taken for one", async () => {
  const world = await memoryWorld();
  const db = await world.open();
  await db.put("first", "1");
  const manifest = await readManifest(world);
  const [segment] = manifest.segments;
  const path = world.path(segmentFileName(segment!.segmentId));
  // The value of the next put begins here: a frame, the fence behind it, the next frame's and its record's header, the key.
  const at = (await readFile(world.fileSystem, path)).length + FRAME_HEADER_BYTES + 18 + 4;
  const forged = forgeFence(placeOf(segment!.identity), at, 1_000_000);
  await db.put("evil", forged);
  const { newest } = await recount(world);
  expect(newest.get("evil")![0]!.offset + 18 + 4).toBe(at);
  await db.put("after", utf8Bytes("1"));
  const again = await world.reopen(db);
  expect(again.getSync("evil")).toEqual(forged);
  expect(again.stats()).toMatchObject({ keys: 3, floor: 3 });
  expect(decodeManifest(await readFile(world.fileSystem, world.path(MANIFEST_NAME))).kind).toBe("ok");
});

/** A frame without a record that testifies to `floor`, for that place in the file. */
function forgeFence(place: Place, offset: number, floor: number): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES);
  const header = { recordCount: 0, firstSequence: 3, floor, acknowledgedWhenSynced: false, sparse: false };
  sealFrame(frame, 0, frame.length, header, place, offset);
  return frame;
}
