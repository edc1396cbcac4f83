/** A store has one writer, also among processes, and one that has died keeps nobody out. */
import { HashlogError, open } from "@hashlog/engine";
import assert from "node:assert/strict";
import { hostname } from "node:os";
import { describe, test } from "./harness.mjs";
import { inDirectory, isDeno, isWindows, OtherProcess } from "./machine.mjs";

/**
 * @param {string} directory
 * @param {string | undefined} holder
 */
async function refused(directory, holder) {
  const error = await open(directory).catch((reason) => reason);
  assert.ok(HashlogError.is(error), String(error));
  assert.deepEqual([error.code, error.path, error.holder], ["HASHLOG_LOCKED", directory, holder]);
}

/** @param {string} directory */
async function letIn(directory) {
  const db = await open(directory);
  await db.put("key", "value");
  await db.close();
}

describe("the lock", () => {
  test("a second process is refused while the first lives, is told who that is, and let in when it was killed", () =>
    inDirectory(async (directory) => {
      const holder = new OtherProcess("holder.mjs", directory, "live");
      assert.deepEqual(await holder.says(1), ["held"]);
      await refused(directory, `process ${holder.processId} on ${hostname()}`);
      await refused(directory, `process ${holder.processId} on ${hostname()}`);
      await holder.kill();
      await letIn(directory);
    }));

  test("a process that comes while this one writes is refused, and let in after the close", () =>
    inDirectory(async (directory) => {
      const db = await open(directory);
      const refusedOne = new OtherProcess("holder.mjs", directory, "leave");
      assert.deepEqual(await refusedOne.says(1), ["HASHLOG_LOCKED"]);
      assert.equal(await refusedOne.end(), 0);
      await db.close();
      const next = new OtherProcess("holder.mjs", directory, "live");
      assert.deepEqual(await next.says(1), ["held"]);
      await next.kill();
    }));

  test("a second opening in the same process is refused", () =>
    inDirectory(async (directory) => {
      const db = await open(directory);
      const error = await open(directory).catch((reason) => reason);
      assert.equal(error.code, "HASHLOG_LOCKED");
      await db.close();
      await letIn(directory);
    }));

  test("a holder whose event loop is blocked still holds, though it cannot say who it is", () =>
    inDirectory(async (directory) => {
      const holder = new OtherProcess("holder.mjs", directory, "block");
      await holder.says(1);
      await refused(directory, undefined);
      await holder.kill();
      await letIn(directory);
    }));

  test(isWindows ? "readers of a held store see that it is held" : "a holder that is stopped still holds", () =>
    inDirectory(async (directory) => {
      const holder = new OtherProcess("holder.mjs", directory, "live");
      await holder.says(1);
      if (!isWindows) {
        holder.signal("SIGSTOP");
        await refused(directory, undefined);
      }
      const reader = await open(directory, { readOnly: true });
      assert.equal(reader.stats().writerAlive, true);
      await holder.kill();
      await reader.refresh();
      assert.equal(reader.stats().writerAlive, false);
      await reader.close();
      await letIn(directory);
    }),
  );

  test("of six processes that come at once exactly one gets it, four times over, each holder killed", () =>
    inDirectory(async (directory) => {
      for (let round = 0; round < 4; round += 1) {
        const all = Array.from({ length: 6 }, () => new OtherProcess("holder.mjs", directory, "live"));
        const said = await Promise.all(all.map(async (each) => (await each.says(1))[0]));
        assert.deepEqual(said.toSorted(), [...Array.from({ length: 5 }, () => "HASHLOG_LOCKED"), "held"]);
        await Promise.all(all.map((each) => each.kill()));
      }
      await letIn(directory);
    }));

  // Only Deno has permissions to be without.
  if (isDeno) {
    test("a program that may open no socket is refused with a code, and one that may only read reads", () =>
      inDirectory(async (directory) => {
        const refusedOne = new OtherProcess("holder.mjs", "--allow-read --allow-write --allow-sys", directory, "leave");
        assert.deepEqual(await refusedOne.says(1), ["HASHLOG_NOT_PERMITTED"]);
        const db = await open(directory);
        await db.put("key", "value");
        const reader = new OtherProcess("reader.mjs", "--allow-read", directory, "key");
        assert.deepEqual(await reader.says(1), ["value"]);
        await db.close();
      }));
  }

  test("an open store keeps no process alive that has nothing else to do, nor does its lock", () =>
    inDirectory(async (directory) => {
      const holder = new OtherProcess("holder.mjs", directory, "leave");
      assert.equal(await holder.end(), 0);
      await letIn(directory);
    }));
});
