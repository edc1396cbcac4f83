import type { BatchOperation } from "@hashlog/engine";
import { segmentFileName, type Manifest } from "@hashlog/format";
import { crashPointAt, SimulatedDisk, type DiskImage } from "@hashlog/fs-io/testing";
import type { KeydirFactory } from "@hashlog/index";
import { mapKeydir } from "../world/map-keydir.ts";
import { quiet } from "../world/quiet.ts";
import { DIRECTORY, type TextStore } from "../world/text-store.ts";
import { BEGINNING } from "../world/virtual-clock.ts";
import { logOutcome } from "./log-outcome.ts";
import { manifestOf } from "../world/manifest.ts";
import { openSmall, READ_AT, type SmallShape } from "./opening.ts";

/**
 * A small store that lies on a disk, to be damaged: merged segments, sealed ones, an active one, hints, a checkpoint,
 * batches, keys that were overwritten, keys that expire, and keys whose tombstones lie in other segments than they. What
 * it held after each commit is known.
 */
export interface SmallStore {
  readonly name: string;
  readonly shape: SmallShape;
  readonly image: DiskImage;
  readonly manifest: Manifest;
  /** What it held after the commit that ended with that sequence, for who reads it at `READ_AT`; at 0, nothing. */
  readonly contents: ReadonlyMap<number, ReadonlyMap<string, string>>;
  /** The same disk at each step of its life, oldest first. */
  readonly past: readonly DiskImage[];
}

export type StoreName =
  | "closed"
  | "killed under always"
  | "killed under never"
  | "killed before it sealed"
  | "killed within a segment";

/** All of them. */
export const STORE_NAMES: readonly StoreName[] = [
  "closed",
  "killed under always",
  "killed under never",
  "killed before it sealed",
  "killed within a segment",
];

/** The store of that name: the same one each time. */
export async function smallStore(name: StoreName, keydir: KeydirFactory = mapKeydir): Promise<SmallStore> {
  const sync = name === "killed under never" ? "never" : "always";
  const builder = await Builder.begin({ sync, seed: 1, keydir });
  if (name === "closed") return builder.closed(name);
  if (name === "killed within a segment") return builder.killedWithinSegment(name);
  return name === "killed before it sealed" ? builder.killedBeforeSealing(name) : builder.killed(name);
}

/** Another store with files of the same names and lengths, in which two keys have changed places. */
export async function foreignStore(keydir: KeydirFactory = mapKeydir): Promise<SmallStore> {
  const builder = await Builder.begin({ sync: "always", seed: 4711, keydir }, { a: "b", b: "a" });
  return builder.closed("foreign");
}

class Builder {
  readonly #disk: SimulatedDisk;
  readonly #shape: SmallShape;
  readonly #otherKeys: Readonly<Record<string, string>>;
  readonly #contents = new Map<number, ReadonlyMap<string, string>>([[0, new Map()]]);
  #latest: ReadonlyMap<string, string> = new Map();
  #puts = 0;
  #store!: TextStore;

  constructor(disk: SimulatedDisk, shape: SmallShape, otherKeys: Readonly<Record<string, string>>) {
    this.#disk = disk;
    this.#shape = shape;
    this.#otherKeys = otherKeys;
  }

  /** `otherKeys`: which keys are written instead of others. */
  static async begin(shape: SmallShape, otherKeys: Readonly<Record<string, string>> = {}): Promise<Builder> {
    const builder = new Builder(new SimulatedDisk(), shape, otherKeys);
    builder.#store = await openSmall(builder.#disk.boot(), shape, BEGINNING);
    await builder.#writeAndMerge();
    await builder.#writeMore();
    await builder.#dieAndOpen();
    await builder.#writeSome();
    return builder;
  }

  async closed(name: string): Promise<SmallStore> {
    await this.#store.close();
    await quiet();
    return this.#done(name, this.#disk.position);
  }

  async killed(name: string): Promise<SmallStore> {
    await this.#writeTail();
    return this.#done(name, this.#disk.position);
  }

  /** As it was when the log was longer than one segment, none of that sealed, and its last write not yet testified. */
  async killedBeforeSealing(name: string): Promise<SmallStore> {
    const begun = this.#disk.position;
    await this.#writeTail();
    for (let step = this.#disk.position; step > begun; step -= 1) {
      const image = crashPointAt(this.#disk, step).image([], "kill");
      const [, second, ...more] = manifestOf(image).segments.filter(({ state }) => state === "unsealed");
      if (second === undefined || more.length > 0 || bytesOf(image, second.segmentId) <= 60) continue;
      const log = await logOutcome(image);
      if (log.kind === "readable" && log.testified < log.lastSequence) return this.#done(name, step);
    }
    throw new Error("there was never more than one unsealed segment");
  }

  /** As it was when the one unsealed segment testified to more durable writes in it than the manifest did. */
  async killedWithinSegment(name: string): Promise<SmallStore> {
    const begun = this.#disk.position;
    await this.#writeTail();
    for (let step = this.#disk.position; step > begun; step -= 1) {
      const image = crashPointAt(this.#disk, step).image([], "kill");
      const { segments, floor } = manifestOf(image);
      if (segments.filter(({ state }) => state === "unsealed").length !== 1) continue;
      const log = await logOutcome(image);
      if (log.kind === "readable" && log.testified >= floor + 2) return this.#done(name, step);
    }
    throw new Error("the manifest always testified to almost everything");
  }

  async #writeAndMerge(): Promise<void> {
    await this.#commit([this.#put("a", 6)], [this.#put("f", 4)]);
    await this.#commit([this.#put("b", 5)]);
    await this.#commit([remove("b")]);
    await this.#commit([this.#put("c", 4, READ_AT)], [this.#put("d", 5, READ_AT + 1)], [this.#put("a", 7)]);
    await this.#store.compact();
    await quiet();
  }

  // The next opening seals what was written here.
  async #writeMore(): Promise<void> {
    await this.#commit([this.#put("", 4), this.#put("e", 5), remove("a")]);
    await this.#commit([remove("c")]);
  }

  async #dieAndOpen(): Promise<void> {
    this.#disk.kill();
    await quiet();
    this.#store = await openSmall(this.#disk.boot(), this.#shape, BEGINNING);
    await quiet();
  }

  async #writeSome(): Promise<void> {
    await this.#commit([this.#put("b", 4)]);
    await this.#store.checkpoint();
    // As long as the one before: only its place, and its sequence, tell the two apart.
    await this.#commit([this.#put("", 4)]);
    await quiet();
  }

  async #writeTail(): Promise<void> {
    await this.#commit([remove("e")], [this.#put("c", 2)]);
    await this.#commit([this.#put("a", 4), this.#put("d", 4), remove("b")]);
    await this.#commit([this.#put("e", 1, READ_AT)]);
    await this.#commit([this.#put("b", 0)]);
    await quiet();
  }

  /** Commits at the same time; notes what the store holds after each. */
  async #commit(...given: readonly (readonly Write[])[]): Promise<void> {
    const commits = given.map((writes) =>
      writes.map((write) => ({ ...write, key: this.#otherKeys[write.key] ?? write.key })),
    );
    const acknowledged = commits.map((writes) => this.#write(writes));
    const states = commits.map((writes) => (this.#latest = contentsAfter(this.#latest, writes)));
    await Promise.all(acknowledged);
    let { sequence } = this.#store.stats();
    for (const [index, writes] of [...commits.entries()].reverse()) {
      this.#contents.set(sequence, states[index]!);
      sequence -= writes.length;
    }
  }

  #write(writes: readonly Write[]): Promise<unknown> {
    const [only, ...more] = writes;
    if (more.length > 0) return this.#store.batch(writes);
    if (only!.type === "delete") return this.#store.delete(only!.key);
    const { key, value, expiresAtMs } = only!;
    return this.#store.put(key, value, expiresAtMs === undefined ? {} : { expiresAtMs });
  }

  /** A put of a value that no other has: so many times the same letter. */
  #put(key: string, length: number, expiresAtMs?: number): Write {
    this.#puts += 1;
    const value = String.fromCharCode(96 + this.#puts).repeat(length);
    return { type: "put", key, value, ...(expiresAtMs === undefined ? {} : { expiresAtMs }) };
  }

  #done(name: string, step: number): SmallStore {
    const past = Array.from({ length: step + 1 }, (_, ordinal) => crashPointAt(this.#disk, ordinal).image([], "kill"));
    const image = past.pop()!;
    this.#disk.kill();
    const shape = this.#shape;
    return { name, shape, image, manifest: manifestOf(image), contents: this.#contents, past };
  }
}

function bytesOf(image: DiskImage, segmentId: number): number {
  return image.bytes(`${DIRECTORY}/${segmentFileName(segmentId)}`)?.length ?? 0;
}

type Write = BatchOperation<string, string>;

function remove(key: string): Write {
  return { type: "delete", key };
}

function contentsAfter(before: ReadonlyMap<string, string>, writes: readonly Write[]): ReadonlyMap<string, string> {
  const after = new Map(before);
  for (const write of writes) {
    const gone = write.type === "delete" || (write.expiresAtMs ?? Infinity) <= READ_AT;
    if (gone) after.delete(write.key);
    else after.set(write.key, write.value);
  }
  return after;
}
