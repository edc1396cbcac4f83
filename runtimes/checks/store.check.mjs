/** A round trip through everything that a store does, on the machine's file system. */
import { HashlogError, json, open, repair, utf8, verify } from "@hashlog/engine";
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "./harness.mjs";
import { inDirectory } from "./machine.mjs";

/** @typedef {import("@hashlog/engine").Store<string, string, string>} Db */

/**
 * @param {string} sentence
 * @param {(db: Db, directory: string) => Promise<void>} body Given a store, which is closed when it has ended.
 */
function storeTest(sentence, body) {
  test(sentence, () =>
    inDirectory(async (directory) => {
      const db = await open(directory, { values: utf8, segmentBytesMax: 4096 });
      try {
        await body(db, directory);
      } finally {
        await db.close();
      }
    }),
  );
}

/**
 * @template T
 * @param {AsyncIterable<T>} iterable
 */
async function listOf(iterable) {
  const list = [];
  for await (const item of iterable) list.push(item);
  return list;
}

/** @param {Promise<unknown>} promise */
async function codeOf(promise) {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  );
  assert.ok(HashlogError.is(error), String(error));
  return error.code;
}

describe("a store", () => {
  storeTest("reads what was put, in every way, and knows what was deleted", async (db) => {
    await Promise.all([db.put("a", "1"), db.put("b", "2"), db.put("", "of the empty key"), db.put("empty", "")]);
    assert.deepEqual([await db.get("a"), db.getSync("b"), db.has("c")], ["1", "2", false]);
    assert.deepEqual(await db.getMany(["b", "c", "", "empty"]), ["2", undefined, "of the empty key", ""]);
    assert.deepEqual([await db.delete("a"), await db.delete("a"), await db.get("a")], [true, false, undefined]);
    const large = "large ".repeat(200_000);
    await db.put("large", large);
    assert.equal(await db.get("large"), large);
  });

  storeTest("does a batch whole, and a write with a condition or not at all", async (db) => {
    await db.batch([
      { type: "put", key: "a", value: "1" },
      { type: "put", key: "b", value: "2" },
      { type: "delete", key: "a" },
    ]);
    assert.deepEqual(await listOf(db.entries({ reverse: false })), [["b", "2"]]);
    assert.equal(await db.put("b", "3", { ifAbsent: true }), false);
    const entry = await db.getEntry("b");
    assert.equal(await db.put("b", "3", { ifVersion: Number(entry?.version) }), true);
    assert.equal(await db.put("b", "4", { ifVersion: Number(entry?.version) }), false);
    assert.equal(await db.get("b"), "3");
  });

  storeTest("hides a value whose time has passed", async (db) => {
    await db.put("a", "1", { expiresAtMs: Date.now() - 1 });
    await db.put("b", "2", { ttlMs: 3_600_000 });
    assert.deepEqual([db.has("a"), await db.get("a"), await db.get("b"), await db.count()], [false, undefined, "2", 1]);
  });

  storeTest("gives ranges in order, from both ends, with seeks and limits, and clears them", async (db) => {
    const names = Array.from({ length: 300 }, (_, index) => `key ${String(index).padStart(3, "0")}`);
    await db.batch(names.toReversed().map((key) => ({ type: "put", key, value: key })));
    assert.deepEqual(await listOf(db.keys({ gte: "key 100", lt: "key 200" })), names.slice(100, 200));
    const last = await listOf(db.values({ prefix: "key 2", reverse: true, limit: 3 }));
    assert.deepEqual(last, ["key 299", "key 298", "key 297"]);
    const keys = db.keys({ gte: "" });
    keys.seek("key 150x");
    assert.deepEqual(await keys.next(), { done: false, value: "key 151" });
    await keys.return();
    await db.clear({ gt: "key 009" });
    assert.deepEqual([await db.count(), await db.count({ lte: "key 004" })], [10, 5]);
  });

  storeTest("keeps a snapshot as it was made, over overwriting and merging", async (db) => {
    await db.put("a", "1");
    await db.put("b", "2");
    const snapshot = db.snapshot();
    await db.put("a", "3");
    await db.delete("b");
    await db.compact();
    assert.deepEqual([await snapshot.get("a"), snapshot.getSync("b"), await db.get("a")], ["1", "2", "3"]);
    assert.equal((await listOf(snapshot.entries())).length, 2);
    snapshot.close();
  });

  test("tells of its changes in order, from where a feed was left, over a reopening", () =>
    inDirectory(async (directory) => {
      let db = await open(directory, { values: utf8 });
      const feed = db.changes();
      const first = feed.next();
      await db.put("a", "1");
      const { value: change } = await first;
      assert.ok(change?.type === "put");
      assert.deepEqual([change.key, change.value], ["a", "1"]);
      await feed.return();
      await db.batch([
        { type: "put", key: "b", value: "2" },
        { type: "delete", key: "a" },
      ]);
      await db.close();
      db = await open(directory, { values: utf8 });
      const again = db.changes({ since: change.resume });
      const seen = [await again.next(), await again.next()];
      assert.deepEqual(
        seen.map(({ value }) => [value?.type, value?.key]),
        [
          ["put", "b"],
          ["delete", "a"],
        ],
      );
      await again.return();
      await db.close();
    }));

  storeTest("merges what is dead away, and is the same afterwards", async (db) => {
    for (let turn = 0; turn < 100; turn += 1) await db.put(`key ${turn % 7}`, `${turn} `.repeat(50));
    const before = db.stats();
    const { inputs } = await db.compact();
    assert.ok(inputs.length > 0);
    assert.ok(db.stats().fileBytes < before.fileBytes / 4);
    assert.deepEqual([db.stats().keys, await db.get("key 3")], [7, "94 ".repeat(50)]);
    assert.deepEqual((await db.verify()).findings, []);
  });

  storeTest(
    "backs itself up while it is written, again into the same place, and the backup is a store",
    async (db, directory) => {
      await db.put("a", "1");
      const target = join(directory, "backup");
      await Promise.all([db.backup(target), db.put("b", "2")]);
      await db.put("c", "3");
      await db.backup(target);
      const copy = await open(target, { values: utf8 });
      assert.deepEqual([await copy.get("a"), await copy.get("c"), (await copy.verify()).findings], ["1", "3", []]);
      await copy.close();
    },
  );

  test("opens again as it was closed, by its checkpoint, and with every policy", () =>
    inDirectory(async (directory) => {
      for (const [turn, sync] of /** @type {const} */ (["always", "never", { intervalMs: 5 }]).entries()) {
        /** @type {import("@hashlog/engine").Codec<{ turn: number }>} */
        const values = json();
        const db = await open(directory, { values, sync });
        await db.put(`key ${turn}`, { turn });
        await db.sync();
        await db.close();
        const again = await open(directory, { values });
        assert.deepEqual(await again.get(`key ${turn}`), { turn });
        assert.deepEqual([again.stats().open.clean, again.stats().open.road], [true, "checkpoint"]);
        await again.close();
      }
    }));

  storeTest("is read beside its writer by one that takes no lock, and follows it", async (db, directory) => {
    await db.put("a", "1");
    const reader = await open(directory, { values: utf8, readOnly: true });
    assert.deepEqual([reader.getSync("a"), reader.stats().writerAlive], ["1", true]);
    await db.put("a", "2");
    assert.equal(reader.getSync("a"), "1");
    assert.deepEqual([await reader.refresh(), await reader.get("a")], [true, "2"]);
    await db.compact();
    await reader.refresh();
    assert.equal(await reader.get("a"), "2");
    const follower = await open(directory, { values: utf8, readOnly: true, follow: true });
    const feed = follower.changes();
    const next = feed.next();
    await db.put("b", "3");
    assert.equal((await next).value?.key, "b");
    await feed.return();
    await Promise.all([reader.close(), follower.close()]);
  });

  test("that was damaged is told from one that was not, and is mended with a list of what is lost", () =>
    inDirectory(async (directory) => {
      const db = await open(directory, { values: utf8 });
      await db.put("ada", "Lovelace");
      await db.put("alan", "Turing");
      await db.compact();
      await db.checkpoint();
      const [segment] = db.stats().segments;
      await db.close();
      const path = join(directory, `hashlog-${String(segment?.segmentId).padStart(10, "0")}.segment`);
      const bytes = await readFile(path);
      const at = bytes.indexOf("Turing");
      bytes[at] ^= 1;
      await writeFile(path, bytes);
      const damaged = await open(directory, { values: utf8 });
      assert.equal(await codeOf(damaged.get("alan")), "HASHLOG_CORRUPT");
      assert.equal(await damaged.get("ada"), "Lovelace");
      await damaged.close();
      assert.equal((await verify(directory)).findings[0]?.subject, "segment");
      const { lost } = await repair(directory);
      assert.deepEqual(
        lost.map(({ key }) => new TextDecoder().decode(key)),
        ["alan"],
      );
      const mended = await open(directory, { values: utf8 });
      assert.deepEqual(await listOf(mended.keys()), ["ada"]);
      await mended.close();
    }));

  test("refuses with a code what it cannot do", () =>
    inDirectory(async (directory) => {
      assert.equal(await codeOf(open(join(directory, "no"), { createIfMissing: false })), "HASHLOG_NOT_FOUND");
      const db = await open(directory);
      assert.equal(await codeOf(db.put("key", "value", /** @type {any} */ ({ tll: 1 }))), "HASHLOG_INVALID_ARGUMENT");
      assert.equal(await codeOf(db.get(/** @type {any} */ (7))), "HASHLOG_INVALID_ARGUMENT");
      await db.close();
      assert.equal(await codeOf(db.get("key")), "HASHLOG_CLOSED");
    }));
});
