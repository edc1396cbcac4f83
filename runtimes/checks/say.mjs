/** What a process that was started by a check does for the one that started it. */
import { writeSync } from "node:fs";
import process from "node:process";

/**
 * Says a line, at once: what was said before a kill is heard.
 * @param {string} line
 */
export function say(line) {
  writeSync(1, `${line}\n`);
}

/** Ends this process with the one that started it, by whatever that one ends. Until then it lives. */
export function liveWithParent() {
  process.stdin.on("end", () => process.exit()).resume();
}
