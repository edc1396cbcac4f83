import type { SimulatedDisk } from "@hashlog/fs-io/testing";
import type { Crash, CrashCase } from "../cases/case.ts";
import { runCase, traitsOf } from "../cases/run-case.ts";
import type { History } from "../oracle/history.ts";
import { describeContents, type ReadingTime } from "../oracle/model.ts";
import type { Obligation } from "../oracle/obligation.ts";
import { describeState, durablePrefix, mustBeDurablePrefix } from "../properties/p01-durable-prefix.ts";
import { crashInRecovery, obligationOfSecondCrash } from "../properties/p08-crash-in-recovery.ts";
import { mustBePossible } from "../properties/p14-forward-progress.ts";
import { PropertyViolation, violated } from "../properties/property.ts";
import { quiet } from "../world/quiet.ts";
import { Teller, type Narrator } from "../world/teller.ts";
import { live } from "./aftermath.ts";
import { narrateCrash } from "./narrate-crash.ts";
import { crashedDisk, readAlone, recover, type Recovered, type Recovering } from "./recover.ts";

/**
 * Runs the case, crashes it as it says, and judges everything.
 * @throws PropertyViolation for the first property that does not hold
 */
export async function judgeCase(given: CrashCase, narrate?: Narrator): Promise<void> {
  const teller = new Teller(narrate);
  try {
    const { disk, history } = await runCase(given, teller);
    const { crashes = [] } = given;
    if (crashes.length === 0) return;
    await judgeCrashes({ disk, begun: 0, ...obligationsOf(history), given, crashes, depth: 0 }, teller);
  } finally {
    teller.catchUp();
  }
}

/** A disk that is to crash, and then the disk of its recovery, and so on. */
export interface CrashChain {
  readonly disk: SimulatedDisk;
  /** The ordinal from which the steps of the first crash are counted. */
  readonly begun: number;
  readonly obligationAt: (ordinal: number) => Obligation;
  /** What must hold if the process is killed then: no less. */
  readonly obligationAfterKill: (ordinal: number) => Obligation;
  /** The step from which on a recovery has shown what is to stay; `Infinity` for a run. */
  readonly shownFrom: number;
  readonly given: CrashCase;
  readonly crashes: readonly Crash[];
  /** How many crashes came before. */
  readonly depth: number;
}

/** What a run demands of the crashes of it. */
export function obligationsOf(
  history: History,
): Pick<CrashChain, "obligationAt" | "obligationAfterKill" | "shownFrom"> {
  return {
    shownFrom: Infinity,
    obligationAt: (ordinal) => history.obligation(ordinal),
    obligationAfterKill: (ordinal) => history.obligationAfterKill(ordinal),
  };
}

/**
 * Crashes one disk, recovers it, crashes the recovery, and so on to the end of the chain; then the aftermath.
 * @throws PropertyViolation
 */
async function judgeCrashes(chain: CrashChain, teller: Teller): Promise<void> {
  const [crash, ...later] = chain.crashes;
  const ordinal = chain.begun + Math.min(crash!.step, chain.disk.position - chain.begun);
  if (teller.isHeard) narrate(chain, ordinal, crash!, teller);
  const onCrashed = (disk: SimulatedDisk): void => {
    teller.watch(disk);
    teller.tell("the store is opened");
  };
  const recovered = await recoverFrom(chain, ordinal, crash!, { onCrashed, readsFirst: true });
  narrateRecovery(recovered, teller);
  if (later.length === 0) return outlive(recovered, chain, teller);
  await quiet();
  await judgeCrashes(nextChain(recovered, chain, later), teller);
}

/**
 * Crashes the disk there, and recovers it. The wrong prefix after a second crash breaks the property of second crashes.
 * @throws PropertyViolation
 */
export async function recoverFrom(
  chain: CrashChain,
  ordinal: number,
  crash: Crash,
  { isAbandoned = false, readsFirst, onCrashed }: Pick<Recovering, "isAbandoned"> & RecoveringFrom,
): Promise<Recovered> {
  const { disk, obligationAt, given, depth } = chain;
  // On a disk of its own: after a kill, what is read alone is made durable as far as a reader can.
  const lookedAt = readsFirst
    ? crashedDisk(disk, ordinal, crash, { ...traitsOf(given), keepsTrace: false })
    : undefined;
  const { nowMs } = obligationAt(ordinal).later(crash.laterMs).time;
  const shownBefore = lookedAt && (await readAlone(lookedAt, given, nowMs));
  const crashed = crashedDisk(disk, ordinal, crash, { ...traitsOf(given), keepsTrace: !isAbandoned });
  onCrashed?.(crashed);
  const how = { laterMs: crash.laterMs, depth, isAbandoned, shownBefore };
  const beforeAfterKill = demandedAt(chain, ordinal, crash.profile);
  const recovered = await recover(crashed, given, { before: obligationAt(ordinal), beforeAfterKill }, how);
  const counts = mustBeRecovered(depth, recovered.read, beforeAfterKill, recovered.time);
  return { ...recovered, after: recovered.before.narrowed(counts, recovered.time) };
}

interface RecoveringFrom {
  /** Whether somebody who only reads is asked first, and has to be told the same. */
  readonly readsFirst: boolean;
  /** Called with the disk that the crash left, before anybody opens the store on it. */
  readonly onCrashed?: (disk: SimulatedDisk) => void;
}

/**
 * What must hold after a crash of that kind. Of a machine that was killed only, more is asked now; but what it must still
 * have after a power cut is what it was.
 */
export function demandedAt(chain: CrashChain, ordinal: number, profile: Crash["profile"]): Obligation {
  return profile === "kill" ? chain.obligationAfterKill(ordinal) : chain.obligationAt(ordinal);
}

/**
 * What was read is what had to be left (P1); after a second crash, by the name of the property of second crashes (P8).
 * Returns how many commits it may be the state after.
 */
export function mustBeRecovered(
  depth: number,
  read: ReadonlyMap<string, string>,
  obligation: Obligation,
  time: ReadingTime = obligation.time,
): readonly number[] {
  try {
    return mustBeDurablePrefix(read, obligation, time);
  } catch (error) {
    if (depth === 0 || !(error instanceof PropertyViolation) || error.property !== durablePrefix) throw error;
    return violated(crashInRecovery, error.message, { cause: error });
  }
}

/** The chain of the crashes that come after one that was recovered from. */
export function nextChain(recovered: Recovered, chain: CrashChain, crashes: readonly Crash[]): CrashChain {
  const { disk, begun } = recovered;
  return {
    disk,
    begun,
    obligationAt: (ordinal) => obligationOfSecondCrash(ordinal, recovered, "power cut"),
    obligationAfterKill: (ordinal) => obligationOfSecondCrash(ordinal, recovered, "kill"),
    shownFrom: recovered.shown,
    given: chain.given,
    crashes,
    depth: chain.depth + 1,
  };
}

/** What the case does with what it has recovered, judged. */
export async function outlive(recovered: Recovered, chain: CrashChain, teller: Teller = new Teller()): Promise<void> {
  const { aftermath = "nothing" } = chain.given;
  if (aftermath !== "nothing") teller.tell(`afterwards ${AFTERMATHS[aftermath]}`);
  try {
    await live(aftermath, recovered, chain.given, chain.depth);
  } catch (error) {
    if (error instanceof PropertyViolation) throw error;
    mustBePossible("going on after a crash", error);
  }
}

const AFTERMATHS = {
  reopen: "the process is killed, and the store opened again",
  "go-on": "the store is written to, compacted, closed; the power is cut; and it is opened by every road",
};

function narrate(chain: CrashChain, ordinal: number, crash: Crash, teller: Teller): void {
  const { disk, begun, depth } = chain;
  const step = ordinal - begun;
  if (step < crash.step) teller.say(`\n(The case says step ${crash.step}; there are fewer by now.)`);
  narrateCrash(disk, { ...crash, step }, teller, { begun, of: depth === 0 ? "the run" : "the recovery" });
  const { laterMs = 0 } = crash;
  if (laterMs !== 0)
    teller.say(`The clock is ${Math.abs(laterMs)} ms ${laterMs > 0 ? "later" : "earlier"} when it is opened again.`);
  const obligation = demandedAt(chain, ordinal, crash.profile);
  teller.say(`What may come back, ${whyThat(chain, ordinal, crash.profile)}:`);
  for (const count of obligation.counts) teller.say(`    ${describeState(count, obligation)}`);
}

/** Why nothing else may come back: the rules of `History` and of `obligationOfSecondCrash`, in words. */
function whyThat({ shownFrom, depth }: CrashChain, ordinal: number, profile: Crash["profile"]): string {
  if (ordinal >= shownFrom) return "as it was shown before this crash";
  if (depth > 0) return "as before the recovery, which had shown nothing yet";
  if (profile === "kill") return "as the machine lives on, and has all that was handed to it";
  return "from what the disk knew to be durable to all that was handed to it";
}

function narrateRecovery({ disk, begun, shown, read }: Recovered, teller: Teller): void {
  teller.say(`What came back: ${describeContents(read)}`);
  const [opening, all] = [shown - begun, disk.position - begun];
  const more = all > opening ? ` until the store was open, and ${all - opening} more` : "";
  teller.say(`The recovery took ${opening} steps${more}.`);
}
