/** Running other programs, with their output passed on or kept. */
import { spawn } from "node:child_process";

/**
 * @typedef {object} Finished
 * @property {number} code Of a process that a signal ended: 1.
 * @property {string} output What it printed, both streams as they came; empty if it was passed on.
 */

/**
 * @param {readonly string[]} command The program and its arguments.
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string, keepOutput?: boolean, shell?: boolean }} [options]
 * @returns {Promise<Finished>} Rejects only if the program cannot be started.
 */
export function run([program = "", ...args], { env, cwd, keepOutput = false, shell = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, cwd, shell, stdio: keepOutput ? ["ignore", "pipe", "pipe"] : "inherit" });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text) => {
        output += text;
      });
    }
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}
