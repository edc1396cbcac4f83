/** What the checks need of the machine: directories that are removed again, and further processes of the same runtime. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const isWindows = process.platform === "win32";
export const isDeno = "Deno" in globalThis;

/** What a program that writes to a store needs under Deno: no more than the README says. */
const PERMISSIONS = ["--allow-read", "--allow-write", "--allow-sys=hostname,statfs", "--allow-net"];

/** An empty directory, and what removes it again. */
export async function temporaryDirectory() {
  const directory = await mkdtemp(join(tmpdir(), "hashlog-"));
  // On Windows a process that was killed may hold its files for a moment.
  const dispose = () => rm(directory, { recursive: true, force: true, maxRetries: 10 });
  return { directory, dispose };
}

/**
 * Gives `work` an empty directory, which is gone when it has ended.
 * @template T
 * @param {(directory: string) => Promise<T>} work
 */
export async function inDirectory(work) {
  const { directory, dispose } = await temporaryDirectory();
  try {
    return await work(directory);
  } finally {
    await dispose();
  }
}

/** Another process of this runtime. It is heard by the lines that it says. */
export class OtherProcess {
  /** All lines that have come so far. @type {string[]} */
  said = [];
  #complaint = "";
  #child;
  #ended;
  #hear = () => {};

  /**
   * @param {string} script In this folder.
   * @param {...string} args Before them, for Deno alone, its permissions if they are to be others: "--allow-read".
   */
  constructor(script, ...args) {
    const permissions = args[0]?.startsWith("--allow") ? String(args.shift()).split(" ") : PERMISSIONS;
    const file = fileURLToPath(new URL(script, import.meta.url));
    const command = isDeno ? ["run", "--no-prompt", "--no-check", ...permissions, file] : [file];
    this.#child = spawn(process.execPath, [...command, ...args], { stdio: ["pipe", "pipe", "pipe"] });
    this.#child.stderr.setEncoding("utf8").on("data", (text) => (this.#complaint += text));
    const lines = createInterface({ input: this.#child.stdout });
    lines.on("line", (line) => {
      this.said.push(line);
      this.#hear();
    });
    this.#ended = Promise.all([once(this.#child, "close"), once(lines, "close")]);
    void this.#ended.then(() => this.#hear());
  }

  get processId() {
    return Number(this.#child.pid);
  }

  /**
   * Resolves when it has said so many lines; rejects if it ends before.
   * @param {number} count
   */
  async says(count) {
    let hasEnded = false;
    void this.#ended.then(() => (hasEnded = true));
    while (this.said.length < count) {
      if (hasEnded) {
        const last = JSON.stringify(this.said.at(-1));
        throw new Error(`the process ended after ${this.said.length} lines, the last ${last}: ${this.#complaint}`);
      }
      await new Promise((resolve) => (this.#hear = () => resolve(undefined)));
    }
    return this.said;
  }

  /**
   * Not by `kill` of the child: Deno's sends one signal, and no other after it.
   * @param {NodeJS.Signals} signal
   */
  signal(signal) {
    process.kill(this.processId, signal);
  }

  /** Ends it as a crash does. Resolves when it is gone, and everything that it had said was heard. */
  async kill() {
    this.signal("SIGKILL");
    await this.#ended;
  }

  /** Resolves to its exit code, when it has ended by itself. */
  async end() {
    const [[code]] = await this.#ended;
    return /** @type {number | null} */ (code);
  }
}
