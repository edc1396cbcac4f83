/** What leans on the runtime more than on the disk: garbage collection, threads, streams, channels, errors, transfers. */
import { HashlogError, open, utf8 } from "@hashlog/engine";
import { workerMerge } from "@hashlog/engine/worker";
import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { inspect } from "node:util";
import { describe, test } from "./harness.mjs";
import { inDirectory } from "./machine.mjs";

/** @param {() => boolean} isDone */
async function collectingGarbageUntil(isDone) {
  const host = /** @type {any} */ (globalThis);
  const collect = host.Bun === undefined ? host.gc : () => host.Bun.gc(true);
  for (let turn = 0; turn < 1000 && !isDone(); turn += 1) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.ok(isDone());
}

/** @param {number} byte */
const filled = (byte) => new Uint8Array(100).fill(byte);

describe("the runtime", () => {
  test("closes iterators and snapshots that nobody holds any more, when it collects garbage", () =>
    inDirectory(async (directory) => {
      const db = await open(directory);
      for (let turn = 0; turn < 10; turn += 1) await db.put(`key ${turn}`, "value");
      const forget = async () => {
        for (let turn = 0; turn < 20; turn += 1) {
          await db.entries().next();
          db.snapshot();
        }
      };
      await forget();
      assert.ok(db.stats().iterators + db.stats().snapshots > 0);
      // The last ones may be held by what the engine keeps of the last call for long; nobody is harmed by them.
      await collectingGarbageUntil(() => db.stats().iterators + db.stats().snapshots <= 2);
      await db.close();
    }));

  test("merges in a thread of its own", () =>
    inDirectory(async (directory) => {
      const compaction = { executor: workerMerge() };
      const db = await open(directory, { values: utf8, segmentBytesMax: 4096, compaction });
      for (let turn = 0; turn < 200; turn += 1) await db.put(`key ${turn % 7}`, `${turn} `.repeat(50));
      assert.ok((await db.compact()).inputs.length > 0);
      assert.deepEqual([db.stats().keys, await db.get("key 3")], [7, "199 ".repeat(50)]);
      assert.equal(db.stats().failures.count, 0);
      assert.deepEqual((await db.verify()).findings, []);
      await db.close();
    }));

  test("writes an export to a stream and reads it back, by streams of Node and by those of the web", () =>
    inDirectory(async (directory) => {
      const from = await open(join(directory, "from"), { values: utf8 });
      for (let turn = 0; turn < 500; turn += 1) await from.put(`key ${turn}`, `é ${turn}`);
      const file = join(directory, "export.ndjson");
      assert.equal((await from.exportTo(createWriteStream(file), { end: true })).entries, 500);
      const to = await open(join(directory, "to"), { values: utf8 });
      assert.equal((await to.importFrom(createReadStream(file))).entries, 500);
      assert.deepEqual([await to.count(), await to.get("key 77")], [500, "é 77"]);
      await to.clear();
      const { readable, writable } = new TransformStream();
      await Promise.all([from.exportTo(writable, { end: true }), to.importFrom(readable)]);
      assert.deepEqual([await to.count(), await to.get("key 78")], [500, "é 78"]);
      await Promise.all([from.close(), to.close()]);
    }));

  test("tells those who listen of what is done", () =>
    inDirectory(async (directory) => {
      const db = await open(directory);
      /** @type {unknown[]} */
      const heard = [];
      /** @param {any} trace */
      const listener = ({ key, valueBytes }) => heard.push([key, valueBytes]);
      subscribe("tracing:hashlog.put:asyncEnd", listener);
      await db.put("ada", "1815");
      unsubscribe("tracing:hashlog.put:asyncEnd", listener);
      await db.put("grace", "1906");
      assert.deepEqual(heard, [["ada", 4]]);
      await db.close();
    }));

  test("makes errors that have the fields which are documented, and no others", () => {
    const error = new HashlogError("HASHLOG_LOCKED", "it is open", { path: "/a" });
    assert.deepEqual([error.line, error.cause, error.holder], [undefined, undefined, undefined]);
    assert.deepEqual(Object.keys(error).toSorted(), ["code", "name", "path"]);
    const ofImport = new HashlogError("HASHLOG_CORRUPT", "a line is wrong", { line: 3 });
    assert.ok(inspect(ofImport).includes("line: 3"), inspect(ofImport));
    assert.ok(ofImport instanceof Error && HashlogError.is(ofImport));
  });

  test("lets nobody take a value's bytes away with another's", () =>
    inDirectory(async (directory) => {
      const db = await open(directory);
      await db.put("a", filled(1));
      await db.put("b", filled(2));
      const [a, b] = [await db.get("a"), db.getSync("b")];
      assert.ok(a instanceof Uint8Array && b instanceof Uint8Array);
      try {
        structuredClone(a.buffer, { transfer: [/** @type {ArrayBuffer} */ (a.buffer)] });
      } catch {
        // Refused, where the two share a buffer.
      }
      assert.deepEqual([b, await db.get("a"), await db.get("b")], [filled(2), filled(1), filled(2)]);
      await db.close();
    }));

  test("opens a store by a relative path, and stays there when the process goes elsewhere", () =>
    inDirectory(async (directory) => {
      const before = process.cwd();
      await mkdir(join(directory, "elsewhere"));
      process.chdir(directory);
      try {
        const db = await open("store", { values: utf8, segmentBytesMax: 512 });
        await db.put("a", "1");
        process.chdir("elsewhere");
        for (let turn = 0; turn < 10; turn += 1) await db.put("b", "x".repeat(200));
        await db.close();
      } finally {
        process.chdir(before);
      }
      const again = await open(join(directory, "store"), { values: utf8 });
      assert.equal(await again.get("a"), "1");
      await again.close();
    }));

  test("cancels by a signal, with the signal's reason", () =>
    inDirectory(async (directory) => {
      const db = await open(directory, { segmentBytesMax: 512 });
      for (let turn = 0; turn < 10; turn += 1) await db.put("a", "x".repeat(200));
      const reason = new Error("enough");
      const error = await db.compact({ signal: AbortSignal.abort(reason) }).catch((thrown) => thrown);
      assert.deepEqual([error.code, error.cause], ["HASHLOG_ABORTED", reason]);
      await db.close();
    }));

  test("closes a store that goes out of scope by its asynchronous disposer", () =>
    inDirectory(async (directory) => {
      const db = await open(directory);
      await /** @type {any} */ (db)[/** @type {any} */ (Symbol).asyncDispose]();
      const again = await open(directory);
      await again.close();
    }));
});
