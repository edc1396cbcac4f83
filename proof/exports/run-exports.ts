import { crashPointAt, sampleFates, SeededRandom, SimulatedDisk } from "@hashlog/fs-io/testing";
import { openBackup } from "../backups/open-backup.ts";
import { mustHoldOfExports } from "../properties/p25-exports.ts";
import { entriesIn } from "./lines.ts";
import { quiet, settled } from "../world/quiet.ts";
import { DIRECTORY, emptyStore, openStore, type TextStore } from "../world/text-store.ts";
import { show, Writer, type WriteStep } from "../world/writer.ts";

/** Something that a program does with its store. */
export type ExportStep = WriteStep | readonly ["export"];

export interface ExportCase {
  readonly sync: "always" | "never";
  readonly segments: number;
  readonly limits: "usual" | "small";
  readonly steps: readonly ExportStep[];
  /** Which waiting call of the file system returns next; then first come, first served. */
  readonly schedule: readonly number[];
  readonly ifExists: "overwrite" | "skip" | "fail";
  /** Into how long pieces what was exported is cut. */
  readonly pieceBytes: number;
  /** Where the power is cut while it is imported, as parts of a thousand of the way, with a seed of what is lost. */
  readonly crashes: readonly (readonly [number, number])[];
}

const KEYS = ["a", "b", "c", "\u2028", "Grüße", "__proto__"];

/**
 * Runs the case: whatever is written, deleted and merged while an export is under way, it holds the store as of its call.
 * Then the last one is imported into an empty store, of which a power cut at any moment leaves the first so many entries, and
 * all of them once the import has resolved.
 * @throws PropertyViolation where that is not so
 */
export async function runExports(given: ExportCase): Promise<void> {
  const run = new Run(
    await openStore(new SimulatedDisk({ image: await emptyStore(), schedule: given.schedule }).boot(), given),
  );
  for (const step of given.steps) await run.do(step);
  const file = await run.end();
  await runImport(file, given);
}

class Run {
  readonly #store: TextStore;
  readonly #writer: Writer;
  #last: Uint8Array = new Uint8Array(0);

  constructor(store: TextStore) {
    this.#store = store;
    this.#writer = new Writer(store, KEYS);
  }

  async do(step: ExportStep): Promise<void> {
    if (step[0] === "export") this.#export();
    else await this.#writer.do(step);
  }

  /** Resolves to what was exported last, when everything has come to its end. */
  async end(): Promise<Uint8Array> {
    this.#export();
    await this.#writer.end();
    return this.#last;
  }

  #export(): void {
    const { states, acknowledged } = this.#writer;
    // What is visible was acknowledged, though whoever waits for it may be told a moment later.
    const [least, most] = [acknowledged, states.length];
    const visible = new Map(KEYS.map((key) => [key, this.#store.getSync(key)]));
    const chunks: Uint8Array[] = [];
    const stream = new WritableStream<Uint8Array>({ write: (chunk) => void chunks.push(chunk) });
    const done = this.#store.exportTo(stream).then(({ bytes, entries }) => {
      const file = Buffer.concat(chunks);
      const found = entriesIn(file);
      const isAllWritten = file.length === bytes && found.size === entries;
      mustHoldOfExports(isAllWritten, "an export says something else than it has written");
      for (const [key, value] of visible) {
        const given = found.get(key);
        mustHoldOfExports(given === value, `${key} was ${value} at the call, and is ${given} in the export`);
      }
      const isOne = states.some((state, count) => count >= least && count < most && show(state) === show(found));
      mustHoldOfExports(isOne, `${show(found)} was exported, which is no state from ${least} to ${most - 1} commits`);
      this.#last = file;
    });
    this.#writer.begin(done);
  }
}

async function runImport(file: Uint8Array, given: ExportCase): Promise<void> {
  const disk = new SimulatedDisk({ image: await emptyStore(), schedule: given.schedule });
  const store = await openStore(disk.boot(), given);
  const begun = disk.position;
  const pieces = Array.from({ length: Math.ceil(file.length / given.pieceBytes) }, (_, index) =>
    file.subarray(index * given.pieceBytes, (index + 1) * given.pieceBytes),
  );
  await settled(store.importFrom(pieces, { ifExists: given.ifExists }), "an import");
  const done = disk.position;
  await quiet();
  const entries = [...entriesIn(file)];
  for (const [permille, seed] of given.crashes) {
    const ordinal = begun + Math.floor(((disk.position - begun) * permille) / 1000);
    const point = crashPointAt(disk, ordinal);
    const found = show(await openBackup(point.image(sampleFates(point, new SeededRandom(seed))), DIRECTORY));
    const least = ordinal >= done ? entries.length : 0;
    const isPrefix = entries
      .concat([["", ""]])
      .some((_, count) => count >= least && show(new Map(entries.slice(0, count))) === found);
    const words = `after a crash there is ${found}, which is not what the first ${least} or more entries make`;
    mustHoldOfExports(isPrefix, words);
  }
}
