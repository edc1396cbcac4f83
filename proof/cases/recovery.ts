import { utf8, type Codec } from "@hashlog/engine";
import {
  checkpointFileName,
  decodeManifest,
  hintFileName,
  MANIFEST_NAME,
  parseFileName,
  segmentFileName,
} from "@hashlog/format";
import {
  crashPointAt,
  diskAt,
  sampleFates,
  SimulatedDisk,
  type DiskImage,
  type Profile,
  type SeededRandom,
} from "@hashlog/fs-io/testing";
import { checkInvariants } from "../../packages/engine/test/support/check-invariants.ts";
import { countsThatFit, type Obligation } from "../oracle/history.ts";
import { interestingSteps } from "./interesting-steps.ts";
import { contentsAfter, describeContents, type ReadingTime } from "../oracle/model.ts";
import { quiet, settled } from "../world/quiet.ts";
import { removeCaches } from "./run-case.ts";
import { DIRECTORY, openStore, readState, type StoreShape, type TextStore } from "../world/text-store.ts";
import { VirtualClock } from "../world/virtual-clock.ts";

export const CRASH_PROFILES: readonly Profile[] = ["kill", "drop-all", "prefix", "ordered", "free"];

/** How much to look at after a crash. */
export interface Thoroughness {
  /** How often the machine crashes again while the store recovers. */
  readonly crashesAgain: number;
  /** How many crashes are derived of one recovery. */
  readonly crashesEach: number;
}

/**
 * Judges what a crash left: opens the store, and demands that it holds what it has to; that whatever it shows survives
 * the next crash, also one in the middle of the recovery; that it takes writes again; and that, closed, it is tidy, opens
 * again without a repair, and says the same by every road.
 */
export class Judge {
  readonly #shape: StoreShape;
  readonly #random: SeededRandom;
  /** How many crashed disks were judged. */
  images = 0;

  constructor(shape: StoreShape, random: SeededRandom) {
    this.#shape = shape;
    this.#random = random;
  }

  /** A crash of the recorded run at that step, by chance: a power cut, a kill, or a kill that a power cut follows. */
  async crash(run: SimulatedDisk, ordinal: number, obligation: Obligation, how: Thoroughness): Promise<void> {
    const profile = this.#pick(CRASH_PROFILES);
    const point = crashPointAt(run, ordinal);
    const fates = sampleFates(point, this.#random, { profile });
    // After a kill the machine goes on, and what was not synced still is not.
    const disk = profile === "kill" ? diskAt(run, ordinal) : new SimulatedDisk({ image: point.image(fates, profile) });
    try {
      await this.judge(disk, obligation, how);
    } catch (error) {
      const crash = JSON.stringify({ ordinal, profile, fates });
      throw new Error(`after ${crash}: ${(error as Error).message}\n${point.describe(fates, profile)}`, {
        cause: error,
      });
    }
  }

  async judge(disk: SimulatedDisk, obligation: Obligation, how: Thoroughness): Promise<void> {
    this.images += 1;
    const begun = disk.position;
    const time = this.#laterTime(obligation.time);
    const store = await this.#open(disk, time);
    const shown = disk.position;
    const read = await readState(store);
    const counts = countsThatFit(obligation, read, time);
    if (counts.length === 0) throw new Error(complaint(read, obligation));
    await quiet();
    const found = { units: obligation.units, counts, time };
    if (how.crashesAgain > 0) {
      await this.#crashAgain(disk, [begun, shown], obligation, found, how);
    }
    if (this.#random.below(4) === 0) await this.#killAndReopen(disk, found);
    else await this.#goOn(disk, store, read, time);
  }

  /** Crashes while it was recovering, and right after it had. */
  async #crashAgain(
    disk: SimulatedDisk,
    [begun, shown]: readonly [number, number],
    before: Obligation,
    after: Obligation,
    how: Thoroughness,
  ): Promise<void> {
    const next = { ...how, crashesAgain: how.crashesAgain - 1 };
    const steps = interestingSteps(disk, begun);
    for (let crash = 0; crash < how.crashesEach; crash += 1) {
      const ordinal = this.#pick(steps);
      // What was shown to somebody stays, whatever comes.
      await this.crash(disk, ordinal, ordinal >= shown ? after : { ...before, time: after.time }, next);
    }
    await this.crash(disk, shown, after, { ...next, crashesAgain: 0 });
  }

  async #killAndReopen(disk: SimulatedDisk, obligation: Obligation): Promise<void> {
    disk.kill();
    const begun = disk.trace.length;
    const again = await this.#open(disk, obligation.time);
    const read = await readState(again);
    if (countsThatFit(obligation, read, obligation.time).length === 0) throw new Error(complaint(read, obligation));
    mustNotWriteSegments(disk, begun);
    await settled(again.close(), "closing");
  }

  /** The store takes writes again, and, closed clean, keeps all of them through a power cut that takes what it can. */
  async #goOn(
    disk: SimulatedDisk,
    store: TextStore,
    read: ReadonlyMap<string, string>,
    time: ReadingTime,
  ): Promise<void> {
    const expected = new Map(read);
    await settled(this.#write(store, expected), "a write after a crash");
    if (this.#random.below(4) === 0) await settled(store.compact(), "compacting after a crash");
    if (this.#random.below(8) === 0) await this.#recount(disk, store);
    await settled(store.close(), "closing");
    await quiet();
    mustBeTidy(disk.image());
    const image = disk.powerCut([], "drop-all");
    const roads = this.#random.below(2) === 0 ? ROADS : ROADS.slice(0, 1);
    let stats: object | undefined;
    for (const removed of roads) {
      const road = new SimulatedDisk({ image });
      if (removed !== "nothing") await removeCaches(road.boot(), removed);
      const begun = road.trace.length;
      const again = await this.#open(road, time);
      mustBe(await readState(again), expected, `opened again with ${removed} removed`);
      mustNotWriteSegments(road, begun);
      stats ??= lasting(again);
      mustBeTheSame(lasting(again), stats, `the statistics with ${removed} removed`);
      await settled(again.close(), "closing");
    }
  }

  // Everything that the store says of itself, against its files; but for hints, which are not synced, and may be torn.
  async #recount(disk: SimulatedDisk, store: TextStore): Promise<void> {
    await quiet();
    await removeCaches(disk.boot(), "hints");
    const codecs = { keys: utf8 as Codec<never, never>, values: utf8 as Codec<never, never> };
    await checkInvariants(store as never, { fileSystem: disk.boot(), ...codecs });
  }

  async #write(store: TextStore, expected: Map<string, string>): Promise<void> {
    const value = `after.`.padEnd(this.#random.below(600), "y");
    const synced = { sync: true };
    await Promise.all([
      store.put("z", value, synced),
      store.delete("b", synced),
      store.batch([
        { type: "put", key: "a", value },
        { type: "put", key: "y", value: "1." },
      ]),
    ]);
    for (const key of ["z", "a"]) expected.set(key, value);
    expected.set("y", "1.");
    expected.delete("b");
  }

  #open(disk: SimulatedDisk, time: ReadingTime): Promise<TextStore> {
    return settled(openStore(disk.boot(), this.#shape, new VirtualClock(time.nowMs)), "opening after a crash");
  }

  // Some time passes before the machine is up again, and its clock may not be right.
  #laterTime({ nowMs, latestMs }: ReadingTime): ReadingTime {
    const later = nowMs + this.#pick([0, 0, 50, 2000, -800]);
    return { nowMs: later, latestMs: Math.max(latestMs, later) };
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[this.#random.below(choices.length)]!;
  }
}

const ROADS = ["nothing", "checkpoint", "both"] as const;

/** After a clean close there are the files that the manifest lists, and none but those. */
export function mustBeTidy(image: DiskImage): void {
  const bytes = image.bytes(`${DIRECTORY}/${MANIFEST_NAME}`);
  if (bytes === undefined) throw new Error("there is no manifest");
  const manifest = decodeManifest(bytes);
  if (manifest.kind !== "ok") throw new Error(`the manifest does not parse: ${JSON.stringify(manifest)}`);
  const { segments, checkpoint } = manifest.value;
  const listed = new Set(segments.map(({ segmentId }) => segmentFileName(segmentId)));
  const hints = segments.filter(({ state }) => state === "sealed").map(({ segmentId }) => hintFileName(segmentId));
  if (checkpoint !== undefined) listed.add(checkpointFileName(checkpoint.id));
  for (const path of image.files.keys()) {
    const name = path.slice(DIRECTORY.length + 1);
    const kind = parseFileName(name)?.kind;
    if (kind === "manifest" || kind === "reserve" || kind === "lock") continue;
    if (!listed.delete(name) && !hints.includes(name)) throw new Error(`${name} is litter`);
  }
  if (listed.size > 0) throw new Error(`${[...listed].join(", ")} listed and missing`);
}

function mustNotWriteSegments(disk: SimulatedDisk, since: number): void {
  for (const event of disk.trace.slice(since)) {
    if (event.type !== "step" || event.operation.kind !== "append") continue;
    if (!event.operation.path.endsWith(".segment")) continue;
    throw new Error(`opening a sound store appended to ${event.operation.path}`);
  }
}

function mustBe(read: ReadonlyMap<string, string>, expected: ReadonlyMap<string, string>, when: string): void {
  mustBeTheSame(Object.fromEntries(sorted(read)), Object.fromEntries(sorted(expected)), when);
}

function mustBeTheSame(actual: object, expected: object, when: string): void {
  const lines = (value: object): string[] => Object.entries(value).map((entry) => JSON.stringify(entry));
  const [left, right] = [lines(actual), lines(expected)];
  const differing = (own: string[], other: string[]): string => own.filter((line) => !other.includes(line)).join("\n");
  const differences = [differing(left, right), differing(right, left)];
  if (differences.join("") !== "") throw new Error(`${when}: ${differences.join("\ninstead of ")}`);
}

// What must not depend on the road: the memory's slack and what the opening did may. So may which of two copies counts as
// the live one, where a merge was cut off between its two edits; their sum may not.
function lasting(store: TextStore): object {
  const { keydirBytes: _memory, open: _open, failures: _failures, checkpoints: _checkpoints, ...rest } = store.stats();
  const segments = rest.segments.map(({ segmentId, state, fileBytes, records, tombstones, tombstoneBytes }) => {
    return { segmentId, state, fileBytes, records, tombstones, tombstoneBytes };
  });
  return { ...rest, segments };
}

function sorted(state: ReadonlyMap<string, string>): [string, string][] {
  return [...state].sort(([left], [right]) => (left < right ? -1 : 1));
}

function complaint(read: ReadonlyMap<string, string>, { units, counts }: Obligation): string {
  const lines = counts.map((count) => `  ${count}: ${describeContents(contentsAfter(units, count))}`);
  return `the store holds ${describeContents(read)} instead of one of\n${lines.join("\n")}`;
}
