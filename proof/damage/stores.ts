import { segmentFileName, type Manifest } from "@hashlog/format";
import { crashPointAt, SimulatedDisk, type DiskImage } from "@hashlog/fs-io/testing";
import { quiet } from "../world/quiet.ts";
import { DIRECTORY, type TextStore } from "../world/text-store.ts";
import { logOutcome } from "./log-outcome.ts";
import { manifestOf, openSmall, type StoreShape } from "./reading.ts";

/**
 * A small store that lies on a disk, to be damaged: merged segments, sealed ones, an active one, hints, a checkpoint,
 * keys that were overwritten and keys whose tombstones lie in other segments than they. What it held after each write is
 * known.
 */
export interface SmallStore {
  readonly name: string;
  readonly shape: StoreShape;
  readonly image: DiskImage;
  readonly manifest: Manifest;
  /** What it held after the write of that sequence; the first is the empty store. */
  readonly contents: readonly ReadonlyMap<string, string>[];
  /** The same disk at earlier moments. */
  readonly past: readonly DiskImage[];
}

export type StoreName = "closed" | "killed under always" | "killed under never" | "killed before it sealed";

/** The store of that name: the same one each time. */
export async function smallStore(name: StoreName): Promise<SmallStore> {
  const sync = name === "killed under never" ? "never" : "always";
  const builder = await Builder.begin({ sync, seed: 1 });
  if (name === "closed") return builder.closed(name);
  return name === "killed before it sealed" ? builder.killedBeforeSealing(name) : builder.killed(name);
}

/** Another store with files of the same names. */
export async function foreignStore(): Promise<SmallStore> {
  const builder = await Builder.begin({ sync: "always", seed: 4711 });
  return builder.closed("foreign");
}

class Builder {
  readonly #disk: SimulatedDisk;
  readonly #shape: StoreShape;
  readonly #contents: Map<string, string>[] = [new Map()];
  readonly #past: DiskImage[] = [];
  #store!: TextStore;

  constructor(disk: SimulatedDisk, shape: StoreShape) {
    this.#disk = disk;
    this.#shape = shape;
  }

  static async begin(shape: StoreShape): Promise<Builder> {
    const builder = new Builder(new SimulatedDisk(), shape);
    builder.#store = await openSmall(builder.#disk.boot(), shape);
    await builder.#writeAndMerge();
    await builder.#writeMore();
    return builder;
  }

  async closed(name: string): Promise<SmallStore> {
    await this.#store.close();
    await quiet();
    return this.#done(name, this.#disk.image());
  }

  async killed(name: string): Promise<SmallStore> {
    await this.#store.checkpoint();
    await this.#writeTail();
    return this.#done(name, this.#disk.image());
  }

  /** As it was when the log was longer than one segment, none of that sealed, and its last write not yet testified. */
  async killedBeforeSealing(name: string): Promise<SmallStore> {
    await this.#store.checkpoint();
    const begun = this.#disk.position;
    await this.#writeTail();
    for (let step = this.#disk.position; step > begun; step -= 1) {
      const image = crashPointAt(this.#disk, step).image([], "kill");
      const [, second, ...more] = manifestOf(image).segments.filter(({ state }) => state === "unsealed");
      if (second === undefined || more.length > 0 || bytesOf(image, second.segmentId) <= 200) continue;
      const log = await logOutcome(image);
      if (log.kind === "readable" && log.testified < log.lastSequence) return this.#done(name, image);
    }
    throw new Error("there was never more than one unsealed segment");
  }

  async #writeAndMerge(): Promise<void> {
    for (const key of "abcdef") await this.#put(key, 60);
    await this.#put("a", 80);
    await this.#delete("b");
    for (const key of "ghab") await this.#put(key, 70);
    await this.#remember();
    await this.#store.compact();
    await quiet();
    await this.#remember();
  }

  async #writeMore(): Promise<void> {
    await this.#delete("c");
    await this.#put("d", 100);
    await Promise.all([this.#put("", 50), this.#put("e", 0), this.#delete("g")]);
    await this.#put("f", 120);
    await this.#put("c", 30);
    await this.#delete("c");
    await this.#store.checkpoint();
    await this.#remember();
    await this.#put("h", 140);
    await this.#delete("f");
    await this.#put("d", 90);
    await quiet();
    await this.#remember();
  }

  async #writeTail(): Promise<void> {
    for (const key of "efg") await this.#put(key, 110);
    await Promise.all([this.#delete("a"), this.#put("h", 20), this.#put("b", 0)]);
    await this.#put("c", 90);
    // All that follows lies in the active segment.
    await this.#delete("d");
    await this.#put("a", 12);
    await this.#delete("h");
    await this.#put("g", 9);
    await quiet();
  }

  #put(key: string, length: number): Promise<void> {
    const value = `${key}${this.#contents.length}.`.padEnd(length, "v");
    this.#contents.push(new Map(this.#contents.at(-1)).set(key, value));
    return this.#store.put(key, value);
  }

  #delete(key: string): Promise<boolean> {
    const left = new Map(this.#contents.at(-1));
    left.delete(key);
    this.#contents.push(left);
    return this.#store.delete(key);
  }

  async #remember(): Promise<void> {
    await quiet();
    this.#past.push(this.#disk.image());
  }

  #done(name: string, image: DiskImage): SmallStore {
    this.#disk.kill();
    const shape = this.#shape;
    return { name, shape, image, manifest: manifestOf(image), contents: this.#contents, past: this.#past };
  }
}

function bytesOf(image: DiskImage, segmentId: number): number {
  return image.bytes(`${DIRECTORY}/${segmentFileName(segmentId)}`)?.length ?? 0;
}
