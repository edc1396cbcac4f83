import type { FinishedOutput, MergeInput, MergeOutput, MergeStore, MoveBatch, RecordBatch } from "@hashlog/compactor";
import { decodeSegmentHeader, placeOf, SEGMENT_HEADER_BYTES } from "@hashlog/format";
import { FsError, type FileSystem, type ReadFile } from "@hashlog/fs-io";
import { fileSource } from "../files.ts";
import { OutputFile } from "../merge-output.ts";
import type { FromThread, SentInput, StoreCall, StoreCalls } from "./messages.ts";
import { buffersOf, packMoves, packRecords } from "./pack.ts";
import { Refusal } from "./sent-errors.ts";

/**
 * The store as a merge in another thread sees it. Inputs and outputs are opened here, by their paths, and read, written and
 * synced here; everything else is asked of the store's thread.
 */
export class RemoteStore implements MergeStore {
  readonly #fileSystem: FileSystem;
  readonly #post: (message: FromThread, transfer: ArrayBuffer[]) => void;
  readonly #inputs: ReadFile[] = [];
  readonly #outputs = new Map<number, OutputFile>();
  #floor: number;
  #waiting: { readonly resolve: (value: unknown) => void; readonly reject: (error: unknown) => void } | undefined;

  constructor(fileSystem: FileSystem, floor: number, post: (message: FromThread, transfer: ArrayBuffer[]) => void) {
    this.#fileSystem = fileSystem;
    this.#floor = floor;
    this.#post = post;
  }

  /**
   * Opens the inputs.
   * @throws FsError also `FS_NOT_FOUND` where the path leads to another segment than in the store's thread
   */
  async openInputs(sent: readonly SentInput[]): Promise<MergeInput[]> {
    const inputs: MergeInput[] = [];
    for (const { segmentId, identity, path, sealedBytes, lowestSequence, highestSequence } of sent) {
      const file = await this.#fileSystem.openRead(path);
      this.#inputs.push(file);
      await checkHeader(file, { segmentId, identity });
      const source = fileSource(file, sealedBytes);
      inputs.push({ segmentId, place: placeOf(identity), sealedBytes, lowestSequence, highestSequence, source });
    }
    return inputs;
  }

  /** What the store's thread answered to the call that waits. */
  reply(value: unknown, floor: number): void {
    this.#floor = floor;
    this.#waiting?.resolve(value);
  }

  /** What the store's thread threw instead of an answer. */
  refuse(error: number, message: string): void {
    this.#waiting?.reject(new Refusal(error, message));
  }

  /** Closes every file. */
  async close(): Promise<void> {
    await this.#closeInputs();
    for (const { file } of this.#outputs.values()) await file.close();
  }

  lowestSequenceOutside(inputs: readonly MergeInput[]): Promise<number> {
    return this.#call("lowestSequenceOutside", [idsOf(inputs)]);
  }

  async lookUp(records: RecordBatch, found: Uint8Array): Promise<void> {
    found.set(await this.#call("lookUp", [packRecords(records)]));
  }

  now(): Promise<number> {
    return this.#call("now", []);
  }

  floor(): number {
    return this.#floor;
  }

  async createOutput(): Promise<MergeOutput> {
    const sent = await this.#call("createOutput", []);
    try {
      const file = await this.#fileSystem.openAppend(sent.path);
      const output = new OutputFile({ ...sent, place: placeOf(sent.identity) }, file);
      this.#outputs.set(sent.segmentId, output);
      await checkHeader(file, sent);
      return output;
    } catch (error) {
      await this.#outputs.get(sent.segmentId)?.file.close();
      await this.#call("abandonOutputs", [[sent.segmentId]]);
      throw error;
    }
  }

  syncDirectory(): Promise<void> {
    return this.#call("syncDirectory", []);
  }

  syncLog(): Promise<void> {
    return this.#call("syncLog", []);
  }

  publish(outputs: readonly FinishedOutput[]): Promise<void> {
    return this.#call("publish", [outputs.map(({ output, ...rest }) => ({ segmentId: output.segmentId, ...rest }))]);
  }

  relocate(moves: MoveBatch): Promise<number> {
    return this.#call("relocate", [packMoves(moves)]);
  }

  dropExpired(records: RecordBatch): Promise<number> {
    return this.#call("dropExpired", [packRecords(records)]);
  }

  keysPointingInto(inputs: readonly MergeInput[], now: number): Promise<readonly number[]> {
    return this.#call("keysPointingInto", [idsOf(inputs), now]);
  }

  retire(inputs: readonly MergeInput[]): Promise<void> {
    return this.#call("retire", [idsOf(inputs)]);
  }

  async removeInputs(inputs: readonly MergeInput[]): Promise<void> {
    try {
      // Where open files cannot be removed, these would keep each input until the store is opened again.
      await this.#closeInputs();
    } finally {
      await this.#call("removeInputs", [idsOf(inputs)]);
    }
  }

  async abandonOutputs(outputs: readonly MergeOutput[]): Promise<void> {
    for (const { segmentId } of outputs) await this.#outputs.get(segmentId)?.file.close();
    await this.#call("abandonOutputs", [idsOf(outputs)]);
  }

  yield(bytes: number): Promise<void> {
    return this.#call("yield", [bytes]);
  }

  async #closeInputs(): Promise<void> {
    for (const file of this.#inputs.splice(0)) await file.close();
  }

  /** A merge makes one call at a time: the next answer is the one to this. */
  #call<Name extends keyof StoreCalls>(
    name: Name,
    args: Parameters<StoreCalls[Name]>,
  ): Promise<ReturnType<StoreCalls[Name]>> {
    const answered = new Promise<unknown>((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
    const first: unknown = args[0];
    const transfer = typeof first === "object" && first !== null ? buffersOf(first) : [];
    this.#post({ type: "call", call: { name, args } as StoreCall }, transfer);
    return answered as Promise<ReturnType<StoreCalls[Name]>>;
  }
}

// A relative path leads somewhere else when the working directory was changed.
async function checkHeader(
  file: ReadFile,
  { segmentId, identity }: { readonly segmentId: number; readonly identity: bigint },
): Promise<void> {
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
  await file.read(bytes, 0, bytes.length, 0);
  const header = decodeSegmentHeader(bytes);
  if (header.kind === "ok" && header.value.segmentId === segmentId && header.value.identity === identity) return;
  const message = `${file.path} is not the segment ${segmentId} that the store has open`;
  throw new FsError("FS_NOT_FOUND", message, { operation: "read", path: file.path });
}

function idsOf(segments: readonly { readonly segmentId: number }[]): number[] {
  return segments.map(({ segmentId }) => segmentId);
}
