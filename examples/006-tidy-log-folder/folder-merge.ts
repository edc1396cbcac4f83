/**
 * The folder as a merge sees it: each method is one step, or one question. In which order they are taken, which records may go
 * and which must stay so that nothing old comes back, is known to `merge` of `@hashlog/compactor`.
 */
import {
  type FinishedOutput,
  KEY_ABSENT,
  KEY_ELSEWHERE,
  KEY_HERE,
  type MergeInput,
  type MergeOutput,
  type MergeStore,
  type MoveBatch,
  type RecordBatch,
} from "@hashlog/compactor";
import { syncFolder } from "./durable.ts";
import type { LogFile } from "./log-file.ts";
import type { LogFolder } from "./log-folder.ts";

export class FolderMerge implements MergeStore {
  readonly #folder: LogFolder;

  constructor(folder: LogFolder) {
    this.#folder = folder;
  }

  lowestSequenceOutside(inputs: readonly MergeInput[]): number {
    const outside = this.#folder.logs.filter((log) => !inputs.includes(log));
    return Math.min(Infinity, ...outside.map((log) => log.lowestSequence));
  }

  lookUp(records: RecordBatch, found: Uint8Array): void {
    for (let i = 0; i < records.count; i++) {
      const key = keyOf(records, i);
      if (this.#isAt(key, records.input.segmentId, records.offsets[i]!)) found[i] = KEY_HERE;
      else found[i] = this.#folder.keydir.has(key) ? KEY_ELSEWHERE : KEY_ABSENT;
    }
  }

  now(): number {
    return Date.now();
  }

  /** Every log that is listed is on the disk, and so is all that was written. */
  floor(): number {
    return this.#folder.nextSequence - 1;
  }

  async syncLog(): Promise<void> {}

  createOutput(): Promise<MergeOutput> {
    return this.#folder.createLog();
  }

  syncDirectory(): Promise<void> {
    return syncFolder(this.#folder.path);
  }

  async publish(outputs: readonly FinishedOutput[]): Promise<void> {
    const logs = outputs.map(({ output, ...facts }) =>
      Object.assign(output as LogFile, { facts: { ...facts, merged: true } }),
    );
    await this.#folder.setLogs([...this.#folder.logs, ...logs]);
  }

  relocate(moves: MoveBatch): number {
    let moved = 0;
    for (let i = 0; i < moves.count; i++) {
      const key = keyOf(moves, i);
      if (!this.#isAt(key, moves.sourceIds[i]!, moves.sourceOffsets[i]!)) continue; // written anew meanwhile
      const { bytes } = this.#folder.keydir.get(key)!;
      this.#folder.keydir.set(key, { log: moves.output as LogFile, offset: moves.targetOffsets[i]!, bytes });
      moved += 1;
    }
    return moved;
  }

  /** Nothing expires here. */
  dropExpired(): number {
    return 0;
  }

  keysPointingInto(inputs: readonly MergeInput[]): number[] {
    const logs = [...this.#folder.keydir.values()].map(({ log }) => log);
    return inputs.map((input) => logs.filter((log) => log === input).length);
  }

  retire(inputs: readonly MergeInput[]): Promise<void> {
    return this.#folder.setLogs(this.#folder.logs.filter((log) => !inputs.includes(log)));
  }

  /** What cannot be removed now is not in the list, and goes when the folder is opened the next time. */
  async removeInputs(inputs: readonly MergeInput[]): Promise<void> {
    await Promise.allSettled(inputs.map((input) => (input as LogFile).remove()));
  }

  async abandonOutputs(outputs: readonly MergeOutput[]): Promise<void> {
    await Promise.allSettled(outputs.map((output) => (output as LogFile).remove()));
  }

  yield(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  #isAt(key: string, segmentId: number, offset: number): boolean {
    const spot = this.#folder.keydir.get(key);
    return spot?.log.segmentId === segmentId && spot.offset === offset;
  }
}

function keyOf({ bytes, keyStarts, keyEnds }: RecordBatch | MoveBatch, i: number): string {
  return Buffer.from(bytes.subarray(keyStarts[i], keyEnds[i])).toString();
}
