import { Group } from "./group.ts";
import { BufferPool } from "./buffer-pool.ts";

/**
 * Groups that were not appended yet, oldest first; the last one takes what is written now. Sequences are given here, in
 * the order of the calls, from `nextSequence` on.
 */
export class GroupQueue {
  readonly #buffers = new BufferPool();
  #groups: Group[] = [];
  #nextSequence: number;
  readonly #groupBytesMax: number;

  /** `groupBytesMax`: see `Limits`. */
  constructor(nextSequence: number, groupBytesMax: number) {
    this.#nextSequence = nextSequence;
    this.#groupBytesMax = groupBytesMax;
  }

  /** All that wait here, the oldest first. */
  get groups(): readonly Group[] {
    return this.#groups;
  }

  get length(): number {
    return this.#groups.length;
  }

  /** The oldest group, which is appended next. */
  get first(): Group | undefined {
    return this.#groups[0];
  }

  get last(): Group | undefined {
    return this.#groups.at(-1);
  }

  /** The sequence that the next write gets. */
  get nextSequence(): number {
    return this.last?.nextSequence ?? this.#nextSequence;
  }

  /**
   * The group that takes `bytes` more bytes, with room for them.
   * @throws RangeError if there is no memory; nothing is queued then
   */
  groupFor(bytes: number): Group {
    const { last } = this;
    if (last === undefined) return this.#begin(bytes);
    if (last.length + bytes <= this.#groupBytesMax) {
      last.makeRoom(bytes);
      return last;
    }
    // mark: commit/another-group
    return this.#begin(bytes);
  }

  #begin(bytes: number): Group {
    const group = new Group(this.nextSequence, this.#buffers.take());
    group.makeRoom(bytes);
    this.#groups.push(group);
    return group;
  }

  /** The oldest group was appended. */
  shift(): void {
    this.#nextSequence = this.#groups.shift()!.nextSequence;
  }

  /** Everything that waits leaves the queue; none of it was appended, so its sequences are given again. */
  takeAll(): readonly Group[] {
    const groups = this.#groups;
    this.#groups = [];
    return groups;
  }

  /** As `takeAll`, after which the next write gets `nextSequence`. */
  restart(nextSequence: number): readonly Group[] {
    this.#nextSequence = nextSequence;
    return this.takeAll();
  }

  /** An acknowledged group's buffer is free for another. */
  recycle(group: Group): void {
    this.#buffers.give(group.buffer);
  }
}
