import { crashPointAt, type SimulatedDisk } from "@hashlog/fs-io/testing";
import type { Crash, CrashCase } from "../cases/case.ts";
import { runCase, traitsOf, type Tell } from "../cases/run-case.ts";
import type { History } from "../oracle/history.ts";
import { describeContents, type ReadingTime } from "../oracle/model.ts";
import type { Obligation } from "../oracle/obligation.ts";
import { describeState, durablePrefix, mustBeDurablePrefix } from "../properties/p01-durable-prefix.ts";
import { crashInRecovery, obligationOfSecondCrash } from "../properties/p08-crash-in-recovery.ts";
import { mustBePossible } from "../properties/p14-forward-progress.ts";
import { PropertyViolation, violated } from "../properties/property.ts";
import { quiet } from "../world/quiet.ts";
import { live } from "./aftermath.ts";
import { crashedDisk, recover, type Recovered, type Recovering } from "./recover.ts";

/** Is told what happens, in words. */
export type Narrator = (line: string) => void;

/**
 * Runs the case, crashes it as it says, and judges everything.
 * @throws PropertyViolation for the first property that does not hold
 */
export async function judgeCase(given: CrashCase, narrate: Narrator = () => undefined): Promise<void> {
  const tell: Tell = (step, what) => narrate(`${String(step).padStart(5)}  ${what}`);
  const { disk, history } = await runCase(given, tell);
  const { crashes = [] } = given;
  if (crashes.length === 0) return;
  await judgeCrashes({ disk, begun: 0, ...obligationsOf(history), given, crashes, depth: 0 }, narrate);
}

/** A disk that is to crash, and then the disk of its recovery, and so on. */
export interface CrashChain {
  readonly disk: SimulatedDisk;
  /** The ordinal from which the steps of the first crash are counted. */
  readonly begun: number;
  readonly obligationAt: (ordinal: number) => Obligation;
  /** What must hold if the process is killed then: no less. */
  readonly obligationAfterKill: (ordinal: number) => Obligation;
  readonly given: CrashCase;
  readonly crashes: readonly Crash[];
  /** How many crashes came before. */
  readonly depth: number;
}

/** What a run demands of the crashes of it. */
export function obligationsOf(history: History): Pick<CrashChain, "obligationAt" | "obligationAfterKill"> {
  return {
    obligationAt: (ordinal) => history.obligation(ordinal),
    obligationAfterKill: (ordinal) => history.obligationAfterKill(ordinal),
  };
}

/**
 * Crashes one disk, recovers it, crashes the recovery, and so on to the end of the chain; then the aftermath.
 * @throws PropertyViolation
 */
export async function judgeCrashes(chain: CrashChain, narrate: Narrator = () => undefined): Promise<void> {
  const [crash, ...later] = chain.crashes;
  const ordinal = chain.begun + Math.min(crash!.step, chain.disk.position - chain.begun);
  const obligation = demandedAt(chain, ordinal, crash!.profile);
  if (ordinal - chain.begun < crash!.step) narrate(`\n(The case says step ${crash!.step}; there are fewer by now.)`);
  narrateCrash(chain, ordinal, crash!, obligation, narrate);
  const recovered = await recoverFrom(chain, ordinal, crash!);
  narrate(`What came back: ${describeContents(recovered.read)}`);
  if (later.length === 0) return outlive(recovered, chain, narrate);
  await quiet();
  await judgeCrashes(nextChain(recovered, chain, later), narrate);
}

/**
 * Crashes the disk there, and recovers it. The wrong prefix after a second crash breaks the property of second crashes.
 * @throws PropertyViolation
 */
export async function recoverFrom(
  chain: CrashChain,
  ordinal: number,
  crash: Crash,
  { isAbandoned = false }: Pick<Recovering, "isAbandoned"> = {},
): Promise<Recovered> {
  const { disk, obligationAt, given, depth } = chain;
  const crashed = crashedDisk(disk, ordinal, crash, { ...traitsOf(given), keepsTrace: !isAbandoned });
  const how = { laterMs: crash.laterMs, depth, isAbandoned };
  const recovered = await recover(crashed, given, obligationAt(ordinal), how);
  const counts = mustBeRecovered(depth, recovered.read, demandedAt(chain, ordinal, crash.profile), recovered.time);
  return { ...recovered, after: recovered.before.narrowed(counts, recovered.time) };
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
  const obligationAt = (ordinal: number): Obligation => obligationOfSecondCrash(ordinal, recovered);
  return {
    disk,
    begun,
    obligationAt,
    obligationAfterKill: obligationAt,
    given: chain.given,
    crashes,
    depth: chain.depth + 1,
  };
}

/** What the case does with what it has recovered, judged. */
export async function outlive(
  recovered: Recovered,
  chain: CrashChain,
  narrate: Narrator = () => undefined,
): Promise<void> {
  const { aftermath = "nothing" } = chain.given;
  if (aftermath !== "nothing") narrate(`Afterwards: ${AFTERMATHS[aftermath]}`);
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

function narrateCrash(
  { disk, begun, depth }: CrashChain,
  ordinal: number,
  { profile, fates, laterMs = 0 }: Crash,
  obligation: Obligation,
  narrate: Narrator,
): void {
  const point = crashPointAt(disk, ordinal);
  const where = depth === 0 ? "of the run" : "of the recovery";
  const last = disk.recording.operations[ordinal - 1];
  const done = last === undefined ? "" : `, right after: ${last.kind} ${"path" in last ? last.path : ""}`;
  narrate("");
  narrate(
    `${profile === "kill" ? "The process is killed" : "The power is cut"} after step ${ordinal - begun} ${where}${done}`,
  );
  narrate(`What was in flight, and what became of it (profile "${profile}"):`);
  for (const line of point.describe(fates, profile).split("\n")) narrate(`    ${line}`);
  if (laterMs !== 0)
    narrate(`The clock is ${Math.abs(laterMs)} ms ${laterMs > 0 ? "later" : "earlier"} when it is opened again.`);
  narrate("What may come back:");
  for (const count of obligation.counts) narrate(`    ${describeState(count, obligation)}`);
}
