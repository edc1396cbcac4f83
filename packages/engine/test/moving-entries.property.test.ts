import { bytes, open, type Store } from "@hashlog/engine";
import { memoryFileSystem } from "@hashlog/fs-io";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { FakeClock } from "./support/fake-clock.ts";
import { exported } from "./support/moving.ts";

type ByteStore = Store<Uint8Array, Uint8Array, Uint8Array | string>;

/** Bytes of which much is text, and much is nearly text. */
const content = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.string({ unit: "grapheme", maxLength: 20 }).map((text) => new TextEncoder().encode(text)),
  fc
    .array(
      fc.constantFrom(
        ...["\0", "\n", "\r", '"', "\\", "\u0085", "\u2028", "\ufeff", "__proto__", "😀", "/"].map((text) =>
          Buffer.from(text),
        ),
        ...["eda080", "edb080", "ff", "c080", "f4908080", "c2", "e282"].map((hex) => Buffer.from(hex, "hex")),
      ),
      { maxLength: 6 },
    )
    .map((parts) => new Uint8Array(Buffer.concat(parts))),
);

const entries = fc.uniqueArray(
  fc.record({
    key: content,
    value: fc.oneof(
      content,
      fc.integer({ min: 60_000, max: 70_000 }).map((length) => new Uint8Array(length).fill(length)),
    ),
    expiresInMs: fc.option(fc.integer({ min: 1, max: 1000 }), { nil: undefined }),
  }),
  { selector: ({ key }) => Buffer.from(key).toString("hex"), maxLength: 30 },
);

/** How a file may come out of other hands. */
const given = fc.record({
  entries,
  lineEnd: fc.constantFrom("\n", "\r\n", "\n\n"),
  mark: fc.boolean(),
  cuts: fc.array(fc.nat({ max: 300 }), { maxLength: 50 }),
  ifExists: fc.constantFrom("overwrite", "skip", "fail"),
  range: fc.constantFrom({}, { reverse: true }),
});

function newStore(clock: FakeClock): Promise<ByteStore> {
  return open("/store", { fileSystem: memoryFileSystem(), clock, keys: bytes, values: bytes, sync: "never" });
}

/** All there is, with the times of expiry. */
async function contentOf(db: ByteStore): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const [key, value] of db.entries({ reverse: false })) {
    const { expiresAtMs } = (await db.getEntry(key))!;
    found.push([Buffer.from(key).toString("hex"), Buffer.from(value).toString("base64"), expiresAtMs]);
  }
  return found;
}

function* cutAt(whole: Uint8Array, lengths: readonly number[]): Iterable<Uint8Array> {
  let at = 0;
  for (const length of lengths) {
    yield whole.subarray(at, at + length);
    at += length;
  }
  yield whole.subarray(at);
}

test("whatever a store holds, an export and an import of it make an equal one, however the file was cut, and its lines ended", async () => {
  await fc.assert(
    fc.asyncProperty(given, async ({ entries: list, lineEnd, mark, cuts, ifExists, range }) => {
      const clock = new FakeClock();
      const from = await newStore(clock);
      const to = await newStore(clock);
      for (const { key, value, expiresInMs } of list) {
        await from.put(key, value, expiresInMs === undefined ? {} : { ttlMs: expiresInMs });
      }
      const file = await exported(from, range);
      for (const line of file.toString("utf8").trimEnd().split("\n")) JSON.parse(line);
      const changed = Buffer.from(`${mark ? "\ufeff" : ""}${file.toString("utf8").replaceAll("\n", lineEnd)}`);
      const report = await to.importFrom(cutAt(changed, cuts), { ifExists: ifExists as "skip" });
      expect(report).toMatchObject({ entries: list.length, skipped: 0, expired: 0, bytes: changed.length });
      expect(await contentOf(to)).toEqual(await contentOf(from));
      await from.close();
      await to.close();
    }),
    { numRuns: 200 },
  );
}, 120_000);

test("wherever a file is cut off, that is told, and what came before is there", async () => {
  const clock = new FakeClock();
  const from = await newStore(clock);
  for (const key of ["a", "b\u00e9", "c\ud83d\ude00"]) await from.put(Buffer.from(key), Uint8Array.of(0xff, 1));
  const file = await exported(from, { reverse: false });
  const ends = [...file.entries()].flatMap(([at, byte]) => (byte === 0x0a ? [at] : []));
  for (let length = 0; length < file.length - 1; length += 1) {
    const to = await newStore(clock);
    const failure: unknown = await to.importFrom([file.subarray(0, length)]).then(
      () => "no failure",
      (error: unknown) => error,
    );
    // A line counts when it is whole, with or without its end; the first one is no entry, and neither is the last.
    const whole = ends.slice(0, -1).filter((end) => end <= length).length;
    expect({ length, failure }).toMatchObject({
      failure: { code: "HASHLOG_INVALID_ARGUMENT", entriesDone: Math.max(0, whole - 1) },
    });
    expect(to.stats().keys).toBe(Math.max(0, whole - 1));
    await to.close();
  }
  await from.close();
});
