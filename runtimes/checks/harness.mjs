/**
 * `describe` and `test` of whatever runs this, by that runtime's own test runner, and what comes of each test noted in the
 * file that HASHLOG_RESULTS names: a line of JSON for each test that is declared, and another when it has ended.
 *
 * Runners print what they like. What is noted is the same everywhere, and a test that a runner has left out, or that took the
 * process with it, shows as one that was declared and has not ended.
 */
import { appendFileSync } from "node:fs";
import process from "node:process";

/** @typedef {{ describe(name: string, body: () => void): unknown, test(name: string, body: () => Promise<void>): unknown }} Runner */
/** @typedef {import("../results.ts").Note} Note */

const own = await ownRunner();
let declared = 0;
/** @type {readonly string[]} */
let path = [];

/**
 * @param {string} name
 * @param {() => void} body
 */
export function describe(name, body) {
  const inner = [...path, name];
  own.describe(name, () => {
    const outer = path;
    path = inner;
    try {
      body();
    } finally {
      path = outer;
    }
  });
}

/**
 * @param {string} name
 * @param {() => Promise<void> | void} body
 */
export function test(name, body) {
  const id = declared;
  declared += 1;
  note({ id, declared: [...path, name].join(" > ") });
  own.test(name, async () => {
    // Nothing of a store keeps a process alive, and a test that waits for one does not in Node either.
    const alive = setInterval(() => {}, 1000);
    try {
      await body();
      note({ id, ended: "passed" });
    } catch (error) {
      note({ id, ended: "failed", why: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      throw error;
    } finally {
      clearInterval(alive);
    }
  });
}

/** @returns {Promise<Runner>} */
async function ownRunner() {
  if ("Bun" in globalThis) {
    // Not a literal, so that nobody else looks for it.
    const name = "bun:test";
    return await import(name);
  }
  if ("Deno" in globalThis) return denoRunner(/** @type {any} */ (globalThis)["Deno"]);
  const { describe, test } = await import("node:test");
  return { describe: (name, body) => void describe(name, body), test: (name, body) => void test(name, body) };
}

/**
 * Deno's own runner has one function, and no groups.
 * @param {{ test(name: string, body: () => Promise<void>): void }} deno
 * @returns {Runner}
 */
function denoRunner(deno) {
  return {
    describe: (_name, body) => body(),
    test: (name, body) => deno.test([...path, name].join(" > "), body),
  };
}

/** @param {Note} line */
function note(line) {
  const file = process.env["HASHLOG_RESULTS"];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(line)}\n`);
}
