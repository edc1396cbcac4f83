import { Copier, CopyLog } from "./copy.ts";
import { asMergeError, MergeError, step } from "./errors.ts";
import { checkInputs, checkOptions, type MergeOptions, type MergeSettings } from "./options.ts";
import { OutputWriter, type WrittenOutput } from "./output-writer.ts";
import { Pacer } from "./pacer.ts";
import type { MergeInput, MergeStore } from "./ports.ts";
import { readBack } from "./read-back.ts";
import type { LeftOut, MergeReport } from "./report.ts";
import { Swing } from "./swing.ts";
import type { Rules } from "./verdict.ts";

/**
 * Merges sealed segments: copies what must stay of them to new ones, lets the keydir point there, and takes the old ones
 * out, so that nobody notices but for the space. The steps, and what a crash between any two of them leaves:
 *
 *     copy       outputs written and synced                 the inputs are the store; outputs are litter
 *     sync       outputs read back; the directory, the log  the same
 *     publish    outputs listed beside the inputs           both are the store: records twice, with the same sequence
 *     swing      keys point into the outputs                the same, on disk
 *     retire     all inputs out, in one edit                the outputs are the store; inputs are litter
 *     drop       keys that had expired go                   the same
 *     remove     the inputs' files                          done
 *
 * Invariant: at every moment the listed segments, read by sequence, give the same store. In particular the log is synced
 * before anything depends on a record being dead: what made it dead must not be lost while the dead one is. And no
 * input goes unless all go, after a look that no key points into any of them but those to be dropped: a shield in one
 * input may have been let go because what it shielded lies in another.
 *
 * An input that is damaged leaves the merge, which begins again without it: its records count as outside then. It stays,
 * and is in the report. Ordinary writes and reads go on all the while; one merge at a time.
 *
 * A failure before `publish` abandons the outputs and leaves the store as it was. From then on nothing is removed but by
 * a merge that went through, as an edit that failed may have been done; `MergeError.outcome` tells which it was.
 *
 * @returns what was done, once the inputs are out of the manifest durably and their files were given to `removeInputs`
 * @throws MergeError with any of its codes; or the signal's reason
 */
export async function merge(
  inputs: readonly MergeInput[],
  store: MergeStore,
  options: MergeOptions,
): Promise<MergeReport> {
  const settings = checkOptions(options);
  checkInputs(inputs);
  settings.signal?.throwIfAborted();
  // A copy: the caller's list may well be the one that publishing changes.
  return new Merge(store, settings).run([...inputs]);
}

/** What has been copied, proved and made durable, and waits to be published. */
interface Copied {
  readonly outputs: readonly WrittenOutput[];
  readonly log: CopyLog;
}

class Merge {
  readonly #store: MergeStore;
  readonly #settings: MergeSettings;
  readonly #pacer: Pacer;
  readonly #leftOut: LeftOut[] = [];
  #bytesRead = 0;
  #bytesWritten = 0;

  constructor(store: MergeStore, settings: MergeSettings) {
    this.#store = store;
    this.#settings = settings;
    this.#pacer = new Pacer(store, settings);
  }

  async run(inputs: readonly MergeInput[]): Promise<MergeReport> {
    const now = await step("abandoned", () => this.#store.now());
    let left = inputs;
    while (left.length > 0) {
      const copied = await this.#prepare(left, now);
      if (copied !== undefined) return this.#settle(left, copied, now);
      // mark: merge/damaged-input-left-out
      const damaged = this.#leftOut.at(-1)!.segmentId;
      left = left.filter((input) => input.segmentId !== damaged);
    }
    return this.#report([], { outputs: [], log: new CopyLog() }, 0, 0);
  }

  /** Everything before publishing. `undefined`, with one more input left out, if one of them is damaged. */
  async #prepare(inputs: readonly MergeInput[], now: number): Promise<Copied | undefined> {
    const writer = new OutputWriter(this.#store, this.#settings);
    try {
      const rules = { now, lowestOutside: await this.#store.lowestSequenceOutside(inputs) };
      const log = await this.#copy(inputs, rules, writer);
      if (log !== undefined) {
        await this.#sync(writer.written);
        this.#pacer.commit();
        return { outputs: writer.written, log };
      }
    } catch (error) {
      // mark: merge/failed-before-publishing
      // Abandoning never rejects. Should it all the same, what went wrong first is what must be told.
      await this.#abandon(writer).catch(() => {});
      throw this.#pacer.isAbort(error) ? error : asMergeError(error, "abandoned");
    }
    await this.#abandon(writer);
    return undefined;
  }

  async #abandon(writer: OutputWriter): Promise<void> {
    const { created } = writer;
    await writer.settle();
    if (created.length > 0) await step("abandoned", () => this.#store.abandonOutputs(created));
  }

  async #copy(inputs: readonly MergeInput[], rules: Rules, writer: OutputWriter): Promise<CopyLog | undefined> {
    const copier = new Copier(this.#store, rules, writer, this.#pacer);
    this.#pacer.begin("copy", bytesOf(inputs));
    const damage = await copier.copy(inputs);
    this.#bytesRead += copier.bytesRead;
    this.#bytesWritten += writer.bytesWritten;
    if (damage === undefined) {
      this.#pacer.end();
      return copier.log;
    }
    this.#leftOut.push(damage);
    return undefined;
  }

  async #sync(outputs: readonly WrittenOutput[]): Promise<void> {
    this.#pacer.begin("sync", bytesWritten(outputs));
    for (const output of outputs) await readBack(output, "abandoned", this.#pacer);
    if (outputs.length > 0) await this.#store.syncDirectory();
    await this.#store.syncLog();
    this.#pacer.end();
  }

  /** From publishing on: it goes through, or stops with every file where it is. */
  async #settle(inputs: readonly MergeInput[], copied: Copied, now: number): Promise<MergeReport> {
    const { outputs, log } = copied;
    const finished = outputs.map((output) => output.finished);
    if (finished.length > 0) await step("unknown", () => this.#store.publish(finished));
    const swing = new Swing(inputs, log, this.#store, this.#pacer);
    await step("published", async () => {
      this.#pacer.begin("swing", bytesWritten(outputs));
      await swing.moveKeys(outputs);
      this.#pacer.end();
      this.#pacer.begin("retire", bytesOf(inputs));
      await this.#checkUnused(inputs, now);
    });
    await step("unknown", () => this.#store.retire(inputs));
    await step("retired", async () => {
      try {
        await swing.dropKeys();
      } finally {
        await this.#store.removeInputs(inputs);
      }
      this.#pacer.end();
    });
    return this.#report(inputs, copied, swing.expiredDropped, swing.superseded);
  }

  /** The last look before inputs go. A key in one of them was not moved for a reason that nobody thought of. */
  async #checkUnused(inputs: readonly MergeInput[], now: number): Promise<void> {
    const keysOf = await this.#store.keysPointingInto(inputs, now);
    const number = keysOf.findIndex((keys) => keys > 0);
    if (number === -1) return;
    const { segmentId } = inputs[number]!;
    const message = `${keysOf[number]} keys still point into segment ${segmentId} after its records were moved`;
    throw new MergeError("MERGE_KEYS_REMAIN", message, { outcome: "published", segmentId });
  }

  #report(
    inputs: readonly MergeInput[],
    { outputs, log }: Copied,
    expiredDropped: number,
    superseded: number,
  ): MergeReport {
    return {
      inputs: inputs.map(({ segmentId, sealedBytes }) => ({ segmentId, bytes: sealedBytes })),
      outputs: outputs.map(({ finished }) => ({ segmentId: finished.output.segmentId, bytes: finished.sealedBytes })),
      leftOut: this.#leftOut,
      bytesRead: this.#bytesRead,
      bytesWritten: this.#bytesWritten,
      bytesFreed: bytesOf(inputs) - bytesWritten(outputs),
      recordsKept: log.recordsKept,
      recordsBuried: log.recordsBuried,
      recordsDropped: log.recordsDropped,
      tombstonesKept: log.tombstonesKept,
      tombstonesDropped: log.tombstonesDropped,
      expiredDropped,
      superseded,
    };
  }
}

function bytesOf(segments: readonly { readonly sealedBytes: number }[]): number {
  return segments.reduce((sum, { sealedBytes }) => sum + sealedBytes, 0);
}

function bytesWritten(outputs: readonly WrittenOutput[]): number {
  return bytesOf(outputs.map(({ finished }) => finished));
}
