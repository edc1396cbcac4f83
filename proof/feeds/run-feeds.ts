import { HashlogError } from "@hashlog/engine";
import type { FileSystem } from "@hashlog/fs-io";
import {
  crashPointAt,
  sampleFates,
  SeededRandom,
  SimulatedDisk,
  type SimulatedFileSystem,
} from "@hashlog/fs-io/testing";
import { altered } from "../../test/support/altered.ts";
import { mustHoldOfFeed } from "../properties/p23-change-feed.ts";
import { manifestOf } from "../world/manifest.ts";
import { quiet, settled } from "../world/quiet.ts";
import {
  chosenSegments,
  emptyStore,
  openStore,
  openTextReader,
  type TextReader,
  type TextStore,
} from "../world/text-store.ts";
import { VirtualClock } from "../world/virtual-clock.ts";
import { Commits, operationsOf } from "./commits.ts";
import { Consumer } from "./consumer.ts";
import type { FeedBeginning, FeedCase, FeedStep } from "./feed-case.ts";

/** What was seen of a case: how much was delivered, how much of it by a reader, how often merges were quicker. */
export interface FeedsSeen {
  readonly given: number;
  readonly givenByReader: number;
  readonly overtaken: number;
  /** Writes that found no room. */
  readonly refused: number;
}

/**
 * Runs the case to its end: a program that writes, merges, meets a full volume and is cut off, and three who take what its
 * feeds give, the third one from a reader in another process. In the end there is room, everything that can happen has
 * happened, and each of them has everything.
 * @throws Error for the first thing that is not as it has to be
 */
export async function runFeeds(given: FeedCase): Promise<FeedsSeen> {
  const run = new Run(given, new SimulatedDisk({ image: await emptyStore(), schedule: given.schedule }));
  await run.begin();
  for (const step of given.steps) {
    await run.do(step);
    run.look();
  }
  await run.end();
  return run.seen;
}

/** How a write may end that is not done. */
const REFUSED: readonly string[] = ["HASHLOG_NO_SPACE", "HASHLOG_WRITES_DISABLED"];

class Run {
  readonly #case: FeedCase;
  readonly #clock = new VirtualClock();
  readonly #commits = new Commits();
  readonly #consumers = ["the first", "the second", "the third"].map(
    (name, index) => new Consumer(name, this.#commits, index === OF_THE_READER),
  );
  #disk: SimulatedDisk;
  #process!: SimulatedFileSystem;
  #store!: TextStore;
  #reader: TextReader | undefined;
  /** The last refresh of the reader, whatever became of it. */
  #refreshing: Promise<unknown> = Promise.resolve();
  #openings = 0;
  /** What was begun in this life of the program. */
  #waiting: Promise<unknown>[] = [];
  #failure: unknown;
  #refused = 0;

  constructor(given: FeedCase, disk: SimulatedDisk) {
    this.#case = given;
    this.#disk = disk;
  }

  get seen(): FeedsSeen {
    const sum = (of: (consumer: Consumer) => number): number =>
      this.#consumers.reduce((total, consumer) => total + of(consumer), 0);
    return {
      given: sum(({ given }) => given),
      givenByReader: this.#consumers[OF_THE_READER]!.given,
      overtaken: sum(({ overtaken }) => overtaken),
      refused: this.#refused,
    };
  }

  /** The first opening, and the first after a power cut. */
  async begin(): Promise<void> {
    await this.#open();
    if (this.#case.isRead) await this.#toggleReader();
  }

  async #open(): Promise<void> {
    this.#process = this.#disk.boot();
    this.#openings += 1;
    const opening = openStore(this.#asItReads(this.#process), this.#case, this.#clock, this.#openings);
    this.#store = await settled(opening, "opening the store");
    this.#commits.found(this.#store);
  }

  async do(step: FeedStep): Promise<void> {
    switch (step[0]) {
      case "commit":
        return this.#commit(step[1]);
      case "compact":
        return this.#begin(this.#store.compact());
      case "compact some":
        return this.#begin(this.#store.compact({ segments: chosenSegments(this.#store, step[1]) }));
      case "turns":
        for (let turn = 0; turn < step[1]; turn += 1) await Promise.resolve();
        return;
      case "feed":
        return this.#feed(step[1], step[2]);
      case "read":
        return this.#consumers[step[1]]!.read(step[2]);
      case "leave":
        return this.#consumers[step[1]]!.leave();
      case "reader":
        return this.#toggleReader();
      case "refresh":
        return this.#refresh();
      case "full":
        this.#disk.capacityBytes = this.#disk.usedBytes + step[1];
        return;
      case "fault":
        return this.#disk.inject({ at: { operation: step[1], path: ".segment" }, kind: "ENOSPC" });
      case "room":
        return this.#makeRoom();
      case "close":
        await this.#close();
        return this.#open();
      case "kill":
        this.#lose(this.#consumers.slice(0, OF_THE_READER));
        this.#disk.kill(this.#process);
        this.#commits.mayComeBack();
        this.#makeRoom();
        return this.#open();
      case "cut":
        return this.#cutPower(step[1]);
    }
  }

  /** @throws what went wrong since it was looked last */
  look(): void {
    for (const consumer of this.#consumers) consumer.look();
    if (this.#failure !== undefined) throw this.#failure as Error;
  }

  async end(): Promise<void> {
    this.#makeRoom();
    await settled(Promise.all(this.#waiting), "what was begun");
    this.#commit([[0, 30]]);
    // Merges wait for nobody.
    this.#begin(this.#store.compact());
    await settled(Promise.all(this.#waiting), "a merge beside feeds");
    this.#refresh();
    await settled(this.#refreshing, "a refresh");
    await quiet();
    for (const consumer of this.#consumers) consumer.drain();
    for (let turn = 0; turn < 20; turn += 1) await quiet();
    for (const consumer of this.#consumers) consumer.mustHaveEverything();
    this.look();
    const kept = [this.#store, this.#reader].map((store) => store?.stats().feeds.bytesKept ?? 0);
    mustHoldOfFeed(
      kept.every((bytes) => bytes === 0),
      "nothing",
      "is kept for those who have everything",
    );
    await settled(this.#reader?.close() ?? Promise.resolve(), "closing the reader");
    this.#lose(this.#consumers);
    await settled(this.#store.close(), "closing the store");
    this.#disk.kill();
  }

  #commit(changes: readonly (readonly [number, number])[]): void {
    const life = this.#openings;
    const commit = this.#commits.add(changes);
    this.#begin(
      this.#store.batch(operationsOf(commit)).then(
        () => {
          commit.isCommitted = true;
        },
        (error: unknown) => {
          // What a dead process is told changes nothing.
          if (life !== this.#openings) return;
          commit.isWaiting = false;
          this.#refused += 1;
          throw error;
        },
      ),
    );
  }

  /** Remembers what was begun, and whether it failed of anything but a full volume. */
  #begin(work: Promise<unknown>): void {
    const life = this.#openings;
    const done = work.catch((error: unknown) => {
      if (life !== this.#openings) return;
      if (!HashlogError.is(error) || !REFUSED.includes(error.code)) this.#failure ??= error;
    });
    this.#waiting.push(done);
  }

  #feed(index: number, how: FeedBeginning): void {
    const store = index === OF_THE_READER ? this.#reader : this.#store;
    if (store === undefined) return;
    this.#consumers[index]!.begin(store, how, manifestOf(this.#disk.image()).logCompleteFrom);
  }

  async #toggleReader(): Promise<void> {
    if (this.#reader === undefined) {
      const opening = openTextReader(this.#asItReads(this.#disk.boot()), this.#case, this.#clock);
      this.#reader = await settled(opening, "opening a reader");
      return;
    }
    await settled(this.#refreshing, "a refresh");
    this.#lose(this.#consumers.slice(OF_THE_READER));
    await settled(this.#reader.close(), "closing a reader");
    this.#reader = undefined;
  }

  #asItReads(fileSystem: SimulatedFileSystem): FileSystem {
    return this.#case.reading === "at once"
      ? fileSystem
      : altered<FileSystem>(fileSystem, { readsSynchronously: false });
  }

  #refresh(): void {
    if (this.#reader === undefined) return;
    const refreshed = this.#reader.refresh();
    this.#begin(refreshed);
    this.#refreshing = refreshed.catch(() => undefined);
  }

  #makeRoom(): void {
    this.#disk.clearFaults();
    this.#disk.capacityBytes = Infinity;
  }

  async #close(): Promise<void> {
    this.#makeRoom();
    await settled(Promise.all(this.#waiting), "what was begun");
    this.#waiting = [];
    this.#lose(this.#consumers.slice(0, OF_THE_READER));
    await settled(this.#store.close(), "closing the store");
  }

  async #cutPower(seed: number): Promise<void> {
    this.#lose(this.#consumers);
    this.#reader = undefined;
    this.#refreshing = Promise.resolve();
    const point = crashPointAt(this.#disk, this.#disk.position);
    const image = point.image(sampleFates(point, new SeededRandom(seed)));
    this.#disk.kill();
    this.#disk = new SimulatedDisk({ image, schedule: this.#case.schedule });
    await this.begin();
  }

  #lose(consumers: readonly Consumer[]): void {
    for (const consumer of consumers) consumer.lose();
    if (consumers.includes(this.#consumers[0]!)) this.#waiting = [];
  }
}

const OF_THE_READER = 2;
