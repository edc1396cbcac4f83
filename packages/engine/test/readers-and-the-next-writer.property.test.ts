import { HashlogError, open, type ReadOnlyStore, type Store } from "@hashlog/engine";
import {
  CrashPoint,
  PROFILES,
  sampleFates,
  SeededRandom,
  SimulatedDisk,
  type DiskImage,
  type SimulatedFileSystem,
} from "@hashlog/fs-io/testing";
import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import { entriesOf } from "./support/values.ts";

type Reader = ReadOnlyStore<string, Uint8Array>;
type Writer = Store<string, Uint8Array, Uint8Array | string>;

const SEEDS = 60;
const STEPS = 30;
const CRASHES = 8;
const DIRECTORY = "/store";

/** The life of a writer: writes, checkpoints at any moment, small segments, full volumes, and processes that are killed. */
class Life {
  readonly disk: SimulatedDisk = new SimulatedDisk();
  readonly #random: SeededRandom;
  readonly #waiting = new Set<Promise<unknown>>();
  #process!: SimulatedFileSystem;
  #db!: Writer;
  #writes = 0;
  /** How many steps the disk had taken when there was a store. */
  begunAt = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  async run(): Promise<void> {
    await this.#open();
    this.begunAt = this.disk.position;
    for (let step = 0; step < STEPS; step += 1) await this.#step(this.#random.below(16));
    this.disk.capacityBytes = Infinity;
    await this.#settle();
    if (this.#random.below(2) === 0) await this.#db.close();
  }

  async #step(kind: number): Promise<void> {
    const random = this.#random;
    if (kind < 7) this.#put(random.below(3) === 0 ? 600 : 10);
    else if (kind < 10) this.#wait(this.#db.checkpoint());
    else if (kind === 10) await this.#settle();
    else if (kind === 11) {
      // The write waits for its turn in a segment that is there already.
      this.#db.compaction.pause();
      this.#put(10);
      this.#db.compaction.resume();
    } else if (kind === 12) this.#wait(this.#db.delete(this.#key()));
    else if (kind === 13) this.disk.capacityBytes = random.below(2) === 0 ? Infinity : this.disk.usedBytes;
    else if (kind === 14) await this.#killed();
    else for (let ticks = random.below(30); ticks > 0; ticks -= 1) await Promise.resolve();
  }

  #put(bytes: number): void {
    this.#writes += 1;
    const options = { sync: this.#random.below(4) === 0 };
    this.#wait(this.#db.put(this.#key(), `${this.#writes} ${"x".repeat(bytes)}`, options));
  }

  #key(): string {
    return `key ${this.#random.below(6)}`;
  }

  // What is refused on a full volume, or was under way at a kill, is nobody's business here.
  #wait(work: Promise<unknown>): void {
    const done = work.catch(() => undefined).finally(() => this.#waiting.delete(done));
    this.#waiting.add(done);
  }

  async #settle(): Promise<void> {
    await Promise.all(this.#waiting);
  }

  async #open(): Promise<void> {
    this.#process = this.disk.boot();
    const sync = this.#random.below(3) === 0 ? "always" : "never";
    const segmentBytesMax = 1024 + this.#random.below(3) * 2048;
    this.#db = await open(DIRECTORY, { fileSystem: this.#process, sync, segmentBytesMax });
  }

  async #killed(): Promise<void> {
    this.disk.kill(this.#process);
    this.#waiting.clear();
    this.disk.capacityBytes = Infinity;
    await this.#open();
  }
}

type Found = { readonly entries: [string, string][]; readonly road: string } | { readonly code: string };

/** What is found by somebody who opens the store on a disk of their own: the entries, or what is told instead. */
async function foundBy(
  image: DiskImage,
  open: (fileSystem: SimulatedFileSystem) => Promise<Reader | Writer>,
): Promise<Found> {
  let db: Reader | Writer;
  try {
    db = await open(new SimulatedDisk({ image }).boot());
  } catch (error) {
    if (!HashlogError.is(error)) throw error;
    return { code: error.code };
  }
  const stats = db.stats();
  const found = { entries: await entriesOf(db), road: "road" in stats ? stats.road : stats.open.road };
  await db.close();
  return found;
}

function reader(fileSystem: SimulatedFileSystem): Promise<Reader> {
  return open(DIRECTORY, { fileSystem, readOnly: true });
}

async function readerWithoutCheckpoint(fileSystem: SimulatedFileSystem): Promise<Reader> {
  for (const name of await fileSystem.list(DIRECTORY)) {
    if (name.endsWith(".checkpoint")) await fileSystem.remove(fileSystem.join(DIRECTORY, name));
  }
  return reader(fileSystem);
}

function writer(fileSystem: SimulatedFileSystem): Promise<Writer> {
  return open(DIRECTORY, { fileSystem, compaction: false, createIfMissing: false });
}

test("after any crash a reader finds what the next writer finds, by a checkpoint and without", async () => {
  const broken: string[] = [];
  let byCheckpoint = 0;
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const random = new SeededRandom(seed);
    const life = new Life(random);
    await life.run();
    for (let crash = 0; crash < CRASHES; crash += 1) {
      const ordinal = life.begunAt + random.below(life.disk.position + 1 - life.begunAt);
      const point = new CrashPoint(life.disk.recording, ordinal);
      const profile = PROFILES[random.below(PROFILES.length)]!;
      const image = point.image(sampleFates(point, random, { profile }), profile);
      const found = await foundBy(image, reader);
      if ("road" in found && found.road === "checkpoint") byCheckpoint += 1;
      for (const other of [readerWithoutCheckpoint, writer]) {
        const expected = await foundBy(image, other);
        if (!isDeepStrictEqual(withoutRoad(found), withoutRoad(expected)))
          broken.push(`seed ${seed}, ${profile} after step ${ordinal}: not as a ${other.name}`);
      }
    }
  }
  expect(broken).toEqual([]);
  expect(byCheckpoint).toBeGreaterThan(SEEDS);
});

function withoutRoad(found: Found): unknown {
  return "road" in found ? found.entries : found;
}
