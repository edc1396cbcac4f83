/** Measures what no other store has to be compared with, each thing in a process of its own. */
import { fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { readThrough } from "../store-files.ts";
import type { Merged } from "./merging.ts";
import { ROADS, type Filled, type Opened, type Road } from "./opening.ts";
import type { BackedUp, VerifiedStore } from "./upkeep.ts";
import type { OwnAnswers, OwnTask } from "./own-process.ts";

/** Opening a store of so many keys. */
export interface OpeningResult {
  readonly keys: number;
  readonly valueBytes: number;
  readonly filled: Filled;
  /** One of each round. */
  readonly opened: Readonly<Record<Road, readonly Opened[]>>;
}

/** Merging a store of so long values. */
export interface MergingResult {
  readonly liveBytes: number;
  readonly valueBytes: number;
  readonly inWorker: boolean;
  /** One of each round. */
  readonly merged: readonly Merged[];
}

/** Where stores lie, and what is told meanwhile. */
export interface OwnParts {
  readonly directory: string;
  readonly say: (line: string) => void;
}

/** A store with so many entries, and how often each thing is measured of it. */
export interface Measuring {
  readonly keys: number;
  readonly valueBytes: number;
  readonly rounds: number;
}

/** The same of one that is merged, in its own thread or in another. */
export interface MeasuringMerges {
  readonly liveBytes: number;
  readonly valueBytes: number;
  readonly rounds: number;
  readonly inWorker: boolean;
}

/** Fills a store, and opens it by each road so many times. */
export async function measureOpening({ keys, valueBytes, rounds }: Measuring, parts: OwnParts): Promise<OpeningResult> {
  return within(parts, async (directory) => {
    const task = { directory, keys, valueBytes };
    const filled = await measuredApart({ kind: "fill", ...task });
    const what = `${keys.toLocaleString("en-US")} keys, values of ${valueBytes} bytes`;
    const perSecond = (seconds: number): string => `${Math.round(keys / seconds).toLocaleString("en-US")} keys/s`;
    parts.say(
      `${what}: filled, ${perSecond(filled.seconds)}; ${filled.keydirBytesPerKey.toFixed(1)} bytes a key besides its own`,
    );
    const opened: Record<Road, Opened[]> = { checkpoint: [], hints: [], scan: [] };
    for (const road of ROADS) {
      for (let round = 0; round < rounds; round += 1) {
        await readThrough(directory);
        const one = await measuredApart({ kind: "open", road, ...task });
        opened[road].push(one);
        const bare = (one.bareSeconds / one.seconds).toFixed(2);
        parts.say(
          `${what}: opened by ${road} in ${one.seconds.toFixed(2)} s, ${perSecond(one.seconds)}; ${bare} of a bare loop`,
        );
      }
    }
    return { keys, valueBytes, filled, opened };
  });
}

/** Fills a store, and merges all of it so many times. */
export async function measureMerging(given: MeasuringMerges, parts: OwnParts): Promise<MergingResult> {
  return within(parts, async (directory) => {
    const merged = await measuredApart({ kind: "merge", directory, ...given });
    const { liveBytes, valueBytes, inWorker } = given;
    const where = inWorker ? "in a worker" : "in the store's thread";
    for (const { bytesPerSecond, loopLateMs, spaceAfter } of merged) {
      parts.say(
        `values of ${valueBytes} bytes, merged ${where}: ${Math.round(bytesPerSecond / 1e6)} MB/s, ` +
          `event loop late by ${loopLateMs.toFixed(1)} ms (p99), segments ${spaceAfter.toFixed(4)} of what is live`,
      );
    }
    return { liveBytes, valueBytes, inWorker, merged };
  });
}

/** Fills a store, and verifies it so many times. */
export async function measureVerifying(
  { keys, valueBytes, rounds }: Measuring,
  parts: OwnParts,
): Promise<VerifiedStore[]> {
  return within(parts, async (directory) => {
    const task = { directory, keys, valueBytes };
    await measuredApart({ kind: "fill", ...task });
    const verified: VerifiedStore[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await readThrough(directory);
      const one = await measuredApart({ kind: "verify", ...task });
      verified.push(one);
      const megabytes = Math.round(one.bytesRead / one.seconds / 1e6);
      parts.say(
        `values of ${valueBytes} bytes: verified, ${megabytes} MB/s, ${Math.round(one.records / one.seconds).toLocaleString("en-US")} ` +
          `records/s; ${(one.bareSeconds / one.seconds).toFixed(2)} of a bare loop`,
      );
    }
    return verified;
  });
}

/** Fills a store, and backs it up so many times. */
export async function measureBackups({ keys, valueBytes, rounds }: Measuring, parts: OwnParts): Promise<BackedUp[]> {
  return within(parts, async (directory) => {
    const task = { directory: join(directory, "store"), keys, valueBytes };
    await measuredApart({ kind: "fill", ...task });
    const backups: BackedUp[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const one = await measuredApart({ kind: "back-up", ...task });
      backups.push(one);
      const ms = (seconds: number): string => `${(seconds * 1000).toFixed(1)} ms`;
      parts.say(
        `${keys.toLocaleString("en-US")} keys: backed up by ${one.linked} links in ${ms(one.seconds)}, once more in ` +
          `${ms(one.againSeconds)}; a sync by itself took ${ms(one.syncSeconds)}`,
      );
    }
    return backups;
  });
}

async function within<T>({ directory }: OwnParts, measure: (place: string) => Promise<T>): Promise<T> {
  const place = await mkdtemp(join(directory, "own-"));
  try {
    return await measure(place);
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** Does it in a process of its own. */
export function measuredApart<Task extends OwnTask>(task: Task): Promise<OwnAnswers[Task["kind"]]> {
  return new Promise((done, failed) => {
    const execArgv = [...process.execArgv, "--expose-gc"];
    const child = fork(join(import.meta.dirname, "own-process.ts"), [JSON.stringify(task)], { execArgv });
    let answer: OwnAnswers[Task["kind"]] | undefined;
    child.on("message", (message) => (answer = message as OwnAnswers[Task["kind"]]));
    child.on("error", failed);
    child.on("exit", (code, signal) => {
      if (answer === undefined || code !== 0)
        failed(new Error(`the process that was to ${task.kind} ended by ${signal ?? code}`));
      else done(answer);
    });
  });
}
