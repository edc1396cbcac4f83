import { recordBytes } from "@hashlog/format";
import type { ConditionalWriter } from "./conditional-writer.ts";
import type { ExportedEntry } from "./exported-entry.ts";
import type { Limits } from "./limits.ts";
import type { LogWriter } from "./log-writer.ts";

/** What an import does with an entry whose key is there: write over it, leave what is there, or end. */
export type IfExists = "overwrite" | "skip" | "fail";

/** Through what entries are written. */
export interface EntryWriterParts {
  readonly writer: LogWriter;
  readonly conditional: ConditionalWriter;
  readonly limits: Pick<Limits, "clearKeysMax">;
  /** Throws if the store is closed. */
  readonly checkOpen: () => void;
}

/** An entry, and the line in which it stands. */
type Pending = ExportedEntry & { readonly line: number };

/** Gathers entries, and writes them in commits of bounded size, one after another. */
export class EntryWriter {
  readonly #parts: EntryWriterParts;
  readonly #ifExists: IfExists;
  #pending: Pending[] = [];
  #bytes = 0;
  readonly #keys = new Set<string>();
  /** Entries that were written, and that were left out as their keys were there. */
  written = 0;
  skipped = 0;

  constructor(parts: EntryWriterParts, ifExists: IfExists) {
    this.#parts = parts;
    this.#ifExists = ifExists;
  }

  /** Whether what was gathered has to be written before this one. */
  isFullFor(entry: ExportedEntry): boolean {
    if (this.#pending.length === 0) return false;
    if (this.#pending.length === this.#parts.limits.clearKeysMax) return true;
    if (this.#bytes + bytesOf(entry) > COMMIT_BYTES_MAX) return true;
    // The conditions of a commit are about what is there before it: the same key once more is there only after it.
    return this.#ifExists !== "overwrite" && this.#keys.has(nameOf(entry.key));
  }

  add(entry: ExportedEntry, line: number): void {
    this.#pending.push({ ...entry, line });
    this.#bytes += bytesOf(entry);
    if (this.#ifExists !== "overwrite") this.#keys.add(nameOf(entry.key));
  }

  /**
   * Writes what was gathered, as durable as the store's policy asks. Resolves to the line of the entry that ends the import, as
   * its key is there: then those before it were written, and none after it.
   */
  async flush(): Promise<number | undefined> {
    const pending = this.#pending;
    if (pending.length === 0) return undefined;
    this.#pending = [];
    this.#bytes = 0;
    this.#keys.clear();
    if (this.#ifExists === "overwrite") {
      await this.#parts.writer.batch(pending, false);
      this.written += pending.length;
      return undefined;
    }
    if (await this.#writeAllIfAbsent(pending)) {
      this.written += pending.length;
      return undefined;
    }
    return this.#ifExists === "skip" ? this.#writeThoseAbsent(pending) : this.#writeUpToThere(pending);
  }

  #writeAllIfAbsent(entries: readonly Pending[]): Promise<boolean> {
    const conditions = entries.map(({ key }) => ({ key, version: ABSENT }));
    return this.#parts.conditional.writeIf(conditions, false, () => this.#parts.writer.batch(entries, false));
  }

  async #writeThoseAbsent(entries: readonly Pending[]): Promise<undefined> {
    // Between two writes nothing is under way that closing would wait for.
    this.#parts.checkOpen();
    const answers = await Promise.allSettled(entries.map((entry) => this.#writeAllIfAbsent([entry])));
    for (const answer of answers) {
      if (answer.status === "rejected") continue;
      if (answer.value) this.written += 1;
      else this.skipped += 1;
    }
    const failure = answers.find((answer) => answer.status === "rejected");
    if (failure !== undefined) throw failure.reason;
    return undefined;
  }

  async #writeUpToThere(entries: readonly Pending[]): Promise<number | undefined> {
    for (const entry of entries) {
      // The same.
      this.#parts.checkOpen();
      if (!(await this.#writeAllIfAbsent([entry]))) return entry.line;
      this.written += 1;
    }
    return undefined;
  }
}

function bytesOf({ key, value, expiresAtMs }: ExportedEntry): number {
  return recordBytes(key.length, value.length, expiresAtMs !== 0);
}

/** Another one for each key: one character for each byte. */
function nameOf(key: Uint8Array): string {
  return latin1.decode(key);
}

const latin1 = new TextDecoder("latin1");
const ABSENT = 0;
const COMMIT_BYTES_MAX = 1024 * 1024;
