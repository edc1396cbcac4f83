import { join } from "node:path";
import type { Host } from "../host.ts";

/** The lines of earlier shells, newest first, in `HASHLOG_HISTORY`, or `.hashlog_history` in the user's home. An empty name: none. */
export class History {
  readonly #host: Host;
  readonly #path: string | undefined;
  #lines: readonly string[] = [];

  constructor(host: Host) {
    this.#host = host;
    const given = host.env["HASHLOG_HISTORY"];
    this.#path = given === "" ? undefined : (given ?? join(host.files.home, ".hashlog_history"));
  }

  /** What is remembered; nothing where nothing can be read. */
  async load(): Promise<string[]> {
    if (this.#path === undefined) return [];
    try {
      const text = await this.#host.files.readText(this.#path);
      this.#lines = text.split("\n").filter((line) => line !== "");
    } catch {
      // There is none yet, or it is nobody's to read: a shell works without.
    }
    return [...this.#lines];
  }

  /** What there is to remember now, newest first. */
  update(lines: readonly string[]): void {
    this.#lines = lines.slice(0, LINES_MOST);
  }

  /** Resolves to why it could not be kept, if it could not. */
  async save(): Promise<string | undefined> {
    if (this.#path === undefined) return undefined;
    try {
      await this.#host.files.writeText(this.#path, this.#lines.map((line) => `${line}\n`).join(""));
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }
}

/** How many lines are remembered. */
export const LINES_MOST = 1000;
