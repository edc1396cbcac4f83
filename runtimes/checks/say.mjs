/** What a process that was started by a check does for the one that started it. */
import { writeSync } from "node:fs";
import process from "node:process";

/**
 * Says a line, at once: what was said before a kill is heard.
 * @param {string} line
 */
export function say(line) {
  const bytes = new TextEncoder().encode(`${line}\n`);
  for (let at = 0; at < bytes.length; at += write(bytes.subarray(at)));
}

/**
 * As much as the pipe takes now: nothing where it is full, as who listens is busy. Some hundred short lines fill it.
 * @param {Uint8Array} bytes
 */
function write(bytes) {
  try {
    return writeSync(1, bytes);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EAGAIN") throw error;
    return 0;
  }
}

/** Ends this process with the one that started it, by whatever that one ends. Until then it lives. */
export function liveWithParent() {
  process.stdin.on("end", () => process.exit()).resume();
}
