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
} from "../src/index.ts";
import { isPast, LoggedStore } from "./logged-store.ts";
import { afterPowerCut, type Listed, type ModelFile, type Survival } from "./model-disk.ts";

/** Where a merge touches the store: a call of the port, or a read of a segment. */
export interface PortEvent {
  readonly name: string;
  /** The effect is done when `"after"`. */
  readonly when: "before" | "after";
  /** 0 for the first event of the store. */
  readonly number: number;
}

const utf8 = new TextEncoder();
const text = new TextDecoder();

/**
 * The store around a merge, as small as the port allows: a store in memory, with every touch of the port told to the test,
 * which may write, fail, or cut the power there.
 */
export class ModelStore extends LoggedStore implements MergeStore {
  /** Called at every touch of the port that can be interleaved, before and after its effect. May write, throw, look. */
  onEvent: (event: PortEvent) => void = () => {};
  /** Called at every synchronous touch of the port. May throw. */
  onSyncCall: (name: string) => void = () => {};
  /** The names of all calls, for tests about their order. */
  readonly calls: string[] = [];
  /** Whether what asks the keydir or changes it is answered some turns later, as from another thread. */
  answersLater = false;
  /** What the calls of `yield` were told. */
  readonly sliceBytes: number[] = [];
  #events = 0;

  // What a test does with it.

  /** The sealed segments, as inputs; those with the given ids, or all. */
  inputs(ids: readonly number[] = this.sealedIds()): MergeInput[] {
    return ids.map((id) => this.#input(this.disk.manifest.find((listed) => listed.segmentId === id)!));
  }

  /**
   * The store that an opening finds after a power cut now, its clock set back by `backMs`. Of two copies of one record it
   * takes the one in the segment that is listed first, or last; of a put and a tombstone with its sequence the put.
   */
  crashed(survival: Survival, { backMs = 0, firstCopy = false } = {}): ModelStore {
    const store = new ModelStore(afterPowerCut(this.disk, survival));
    store.nextSequence = this.nextSequence;
    store.nextSegmentId = this.nextSegmentId;
    store.timeMs = this.timeMs - backMs;
    store.latestTimeMs = this.latestTimeMs;
    const last = store.recover(firstCopy);
    store.history = this.history.filter(({ sequence }) => sequence <= last);
    return store;
  }

  /** Throws unless a power cut at this moment leaves a store that holds a prefix of the history, the synced part at least. */
  checkCrash(survival: Survival): void {
    const store = this.crashed(survival);
    store.check();
    const durable = this.history.findLast((commit) => commit.sequence <= this.durableThrough)?.sequence ?? 0;
    const last = store.history.at(-1)?.sequence ?? 0;
    if (last < durable) throw new Error(`synced through ${durable}, found ${last}`);
  }

  // The port.

  lowestSequenceOutside(inputs: readonly MergeInput[]): number | Promise<number> {
    return this.#answer("lowestSequenceOutside", () => {
      const ids = new Set(inputs.map((input) => input.segmentId));
      const outside = this.disk.manifest.filter((listed) => !ids.has(listed.segmentId));
      return Math.min(...outside.map((listed) => listed.lowestSequence));
    });
  }

  lookUp(records: RecordBatch, found: Uint8Array): void | Promise<void> {
    return this.#answer("lookUp", () => {
      for (let index = 0; index < records.count; index++) {
        const key = keyOf(records, index);
        const isHere = this.#isAt(key, records.input.segmentId, records.offsets[index]!);
        const isThere = this.keydir.has(key);
        // Where it may say either, it says what is not true.
        const isSaidToBeThere = records.absenceMatters[index] === 0 ? !isThere : isThere;
        found[index] = isHere ? KEY_HERE : isSaidToBeThere ? KEY_ELSEWHERE : KEY_ABSENT;
      }
    });
  }

  now(): number {
    this.#touch("now");
    return this.timeMs;
  }

  floor(): number {
    this.#touch("floor");
    return this.durableThrough;
  }

  createOutput(): Promise<MergeOutput> {
    return this.#call("createOutput", () => {
      const file = this.createFile();
      return {
        segmentId: file.segmentId,
        place: file.place,
        get position() {
          return file.bytes.length;
        },
        append: (bytes, start, end) => {
          this.#touch("append");
          file.append(bytes.subarray(start, end));
        },
        sync: () => {
          const { length } = file.bytes;
          return this.#call("sync", () => file.sync(length));
        },
        source: this.#source(file),
      };
    });
  }

  syncDirectory(): Promise<void> {
    return this.#call("syncDirectory", () => {
      for (const file of this.disk.files.values()) file.named = true;
    });
  }

  syncLog(): Promise<void> {
    return this.#call("syncLog", () => this.syncNow());
  }

  publish(outputs: readonly FinishedOutput[]): Promise<void> {
    return this.#call("publish", () => {
      const listed = outputs.map(({ output, sealedBytes, lowestSequence, highestSequence }) => ({
        segmentId: output.segmentId,
        sealedBytes,
        lowestSequence,
        highestSequence,
      }));
      this.disk.manifest = [...listed, ...this.disk.manifest];
    });
  }

  relocate(moves: MoveBatch): number | Promise<number> {
    return this.#answer("relocate", () => {
      let moved = 0;
      for (let index = 0; index < moves.count; index++) if (this.#relocate(moves, index)) moved++;
      return moved;
    });
  }

  dropExpired(records: RecordBatch): number | Promise<number> {
    return this.#answer("dropExpired", () => {
      let dropped = 0;
      for (let index = 0; index < records.count; index++) {
        const key = keyOf(records, index);
        if (!this.#isAt(key, records.input.segmentId, records.offsets[index]!)) continue;
        this.keydir.delete(key);
        dropped++;
      }
      return dropped;
    });
  }

  keysPointingInto(inputs: readonly MergeInput[], now: number): readonly number[] | Promise<readonly number[]> {
    return this.#answer("keysPointingInto", () => {
      const left = [...this.keydir.values()].filter(({ expiresAtMs }) => !isPast(expiresAtMs, now));
      return inputs.map(({ segmentId }) => left.filter((entry) => entry.segmentId === segmentId).length);
    });
  }

  retire(inputs: readonly MergeInput[]): Promise<void> {
    return this.#call("retire", () => {
      const ids = new Set(inputs.map((input) => input.segmentId));
      this.disk.manifest = this.disk.manifest.filter((listed) => !ids.has(listed.segmentId));
    });
  }

  removeInputs(inputs: readonly MergeInput[]): Promise<void> {
    return this.#call("removeInputs", () => {
      const ids = inputs.map((input) => input.segmentId);
      for (const [key, { segmentId }] of this.keydir) if (ids.includes(segmentId)) this.keydir.delete(key);
      this.#remove(ids);
    });
  }

  abandonOutputs(outputs: readonly MergeOutput[]): Promise<void> {
    return this.#call("abandonOutputs", () => this.#remove(outputs.map((output) => output.segmentId)));
  }

  yield(bytes: number): Promise<void> {
    if (bytes < 1) throw new Error("a slice without work");
    return this.#call("yield", () => {
      this.sliceBytes.push(bytes);
    });
  }

  // How it works.

  async #call<T>(name: string, effect: () => T): Promise<T> {
    this.calls.push(name);
    this.#tell(name, "before");
    const result = effect();
    // A turn of the event loop, as everything behind this port takes one.
    await Promise.resolve();
    this.#tell(name, "after");
    return result;
  }

  #tell(name: string, when: "before" | "after"): void {
    this.onEvent({ name, when, number: this.#events++ });
  }

  #answer<T>(name: string, effect: () => T): T | Promise<T> {
    if (this.answersLater) return this.#call(name, effect);
    this.#touch(name);
    return effect();
  }

  #touch(name: string): void {
    this.calls.push(name);
    this.onSyncCall(name);
  }

  #input({ segmentId, sealedBytes, lowestSequence, highestSequence }: Listed): MergeInput {
    const file = this.disk.files.get(segmentId)!;
    const { place } = file;
    return { segmentId, place, sealedBytes: sealedBytes!, lowestSequence, highestSequence, source: this.#source(file) };
  }

  #source(file: ModelFile): MergeInput["source"] {
    return {
      get bytes() {
        return file.bytes.length;
      },
      read: (target, at, bytes, position) =>
        this.#call("read", () => {
          const piece = file.bytes.subarray(position, position + bytes);
          target.set(piece, at);
          return piece.length;
        }),
    };
  }

  #remove(ids: readonly number[]): void {
    for (const id of ids) {
      if (this.disk.manifest.some((listed) => listed.segmentId === id)) throw new Error(`segment ${id} is listed`);
      this.disk.files.delete(id);
    }
  }

  #relocate(moves: MoveBatch, index: number): boolean {
    const key = keyOf(moves, index);
    if (!this.#isAt(key, moves.sourceIds[index]!, moves.sourceOffsets[index]!)) return false;
    const { value } = this.keydir.get(key)!;
    const expiresAtMs = moves.expiresAtMs[index]!;
    const entry = { segmentId: moves.output.segmentId, offset: moves.targetOffsets[index]!, expiresAtMs, value };
    if (moves.valueBytes[index] !== utf8.encode(value).length) throw new Error(`wrong valueBytes for ${key}`);
    this.keydir.set(key, entry);
    return true;
  }

  #isAt(key: string, segmentId: number, offset: number): boolean {
    const entry = this.keydir.get(key);
    return entry?.segmentId === segmentId && entry.offset === offset;
  }
}

function keyOf({ bytes, keyStarts, keyEnds }: RecordBatch | MoveBatch, index: number): string {
  return text.decode(bytes.subarray(keyStarts[index], keyEnds[index]));
}
