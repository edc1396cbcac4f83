import {
  crashPointAt,
  diskAt,
  sampleFates,
  SeededRandom,
  SimulatedDisk,
  type Fault,
  type Profile,
} from "@hashlog/fs-io/testing";
import { interestingSteps } from "../crashing/interesting-steps.ts";
import { narrateCrash } from "../crashing/narrate-crash.ts";
import { settled } from "../world/quiet.ts";
import { Teller, type Narrator } from "../world/teller.ts";
import { emptyStore } from "../world/text-store.ts";
import { WAYS } from "./failures.ts";
import { describeFaultOperation, type FaultCase, type FaultOperation } from "./fault-case.ts";
import { judgeLie, mustNotTouchWhatFailed, mustTakeWrites } from "./judge.ts";
import type { Moment } from "./moment.ts";
import { KEYS } from "./reading.ts";
import { Session } from "./session.ts";

const PROFILES: readonly Profile[] = ["kill", "drop-all", "prefix", "ordered", "files-ordered", "free"];

/**
 * Lives through the case, and crashes it at steps chosen by chance, before its failures, between them and after them.
 * Returns how many of its failures came about.
 * @throws PropertyViolation
 */
export async function runFaultCase(given: FaultCase, crashes: number, narrate?: Narrator): Promise<number> {
  const teller = new Teller(narrate);
  try {
    return await live(given, crashes, teller);
  } finally {
    teller.catchUp();
  }
}

async function live(given: FaultCase, crashes: number, teller: Teller): Promise<number> {
  const disk = new SimulatedDisk({ image: await emptyStore(), schedule: given.schedule });
  const session = new Session(disk, given);
  const moments: Moment[] = [];
  session.ledger.onChange = () => {
    moments.push(session.moment());
  };
  listen(session, teller);
  await session.open();
  inject(given, session);
  const life = new Life(session);
  for (const operation of given.operations) {
    teller.tell(describeFaultOperation(operation));
    await life.do(operation);
  }
  teller.tell("the end: wait for everything");
  await life.do(["await"]);
  mustNotTouchWhatFailed(session.seen);
  const random = new SeededRandom(given.seed);
  const steps = interestingSteps(disk);
  for (let crash = 0; crash < crashes; crash += 1) {
    const ordinal = steps[random.below(steps.length)]!;
    const moment = moments.findLast((before) => before.ordinal <= ordinal);
    if (moment !== undefined) await judgeCrash(disk, ordinal, moment, random, teller);
  }
  disk.clearFaults();
  disk.capacityBytes = Infinity;
  teller.say(
    "\nWithout any crash. From now on nothing fails any more: the store is closed, opened again, and written to.",
  );
  teller.watch(disk, 0);
  await session.close();
  await session.mustOpen();
  await mustTakeWrites(session);
  return disk.firedFaults;
}

/** What it does, and the disk beneath it, is told. */
function listen(session: Session, teller: Teller): void {
  teller.watch(session.disk);
  teller.tell("the store is opened");
  if (teller.isHeard) session.tell = (what) => teller.tell(what);
}

function inject({ faults }: FaultCase, { disk, seen }: Session): void {
  const ways = faults.map(([, way]) => WAYS[way % WAYS.length]!);
  // A lie that is then reverted takes durable writes without a power cut: that is two disks that break at once.
  const isLiedTo = ways.some(({ failedSync }) => failedSync === "late");
  for (const [index, [at, , keepBytes]] of faults.entries()) {
    const way = ways[index]!;
    const fault = isLiedTo && losesAtOnce(way) ? { kind: way.kind } : way;
    const nth = at % (way.failedSync === undefined ? CALLS_OF_A_CASE : SYNCS_OF_A_CASE);
    disk.inject({ ...fault, at: { nth }, keepBytes });
    if (fault.kind === "short") seen.bytesWereMissing = true;
  }
}

function losesAtOnce({ failedSync }: Omit<Fault, "at">): boolean {
  return failedSync === "reverted" || failedSync === "evicted";
}

/** A failure names a call up to this, or a sync up to that. */
export const CALLS_OF_A_CASE = 250;
const SYNCS_OF_A_CASE = 30;

async function judgeCrash(
  disk: SimulatedDisk,
  ordinal: number,
  moment: Moment,
  random: SeededRandom,
  teller: Teller,
): Promise<void> {
  const profile = PROFILES[random.below(PROFILES.length)]!;
  const point = crashPointAt(disk, ordinal);
  const fates = sampleFates(point, random, { profile });
  const after = profile === "kill" ? "kill" : "power cut";
  if (teller.isHeard) narrateCrash(disk, { step: ordinal, profile, fates }, teller);
  const crashed =
    profile === "kill" ? diskAt(disk, ordinal) : new SimulatedDisk({ image: point.image(fates, profile) });
  try {
    const session = moment.crashed(crashed, after);
    listen(session, teller);
    if (moment.wasLiedTo && after === "power cut") return await judgeLie(session);
    await session.mustOpen();
    teller.tell("it is written to, compacted, and opened after a power cut");
    await mustTakeWrites(session);
  } catch (error) {
    const crash = JSON.stringify({ ordinal, profile, fates });
    throw new Error(`after ${crash}: ${(error as Error).message}\n${point.describe(fates, profile)}`, { cause: error });
  }
}

class Life {
  readonly #session: Session;
  #waiting: Promise<unknown>[] = [];
  #valuesMade = 0;

  constructor(session: Session) {
    this.#session = session;
  }

  async do(operation: FaultOperation): Promise<void> {
    const session = this.#session;
    switch (operation[0]) {
      case "put":
      case "put-synced":
        this.#wait(session.put(KEYS[operation[1]]!, this.#value(operation[2]), { sync: operation[0] !== "put" }));
        return;
      case "put-expiring": {
        const expiresAtMs = session.clock.now() + operation[3];
        this.#wait(session.put(KEYS[operation[1]]!, this.#value(operation[2]), { expiresAtMs }));
        return;
      }
      case "tick":
        session.tick(operation[1]);
        return;
      case "delete":
      case "delete-synced":
        this.#wait(session.delete(KEYS[operation[1]]!, { sync: operation[0] !== "delete" }));
        return;
      case "batch":
      case "batch-synced":
        this.#wait(session.batch(this.#changes(operation[1]), { sync: operation[0] !== "batch" }));
        return;
      case "clear":
      case "clear-synced":
        await this.do(["await"]);
        this.#wait(session.clear({ sync: operation[0] !== "clear" }));
        return this.do(["await"]);
      case "await":
        await settled(Promise.all(this.#waiting), "something");
        this.#waiting = [];
        return session.check();
      case "turns":
        for (let turn = 0; turn < operation[1]; turn += 1) await Promise.resolve();
        return;
      case "sync":
      case "compact":
      case "checkpoint":
        this.#wait(session[operation[0]]());
        return;
      case "reopen":
        await this.do(["await"]);
        await session.close();
        return session.open();
      case "reopen-at-once":
        await settled(Promise.all([session.close(), ...this.#waiting]), "closing with all that is under way");
        this.#waiting = [];
        return session.open();
      case "evict":
        // As with a file that is reverted: not what a sync has lied about.
        if (!session.wasLiedTo) session.disk.evict();
        return;
      case "full":
        session.disk.capacityBytes = session.disk.usedBytes + operation[1];
        return;
      case "room":
        session.disk.capacityBytes = Infinity;
        return;
    }
  }

  #wait(promise: Promise<unknown>): void {
    promise.catch(() => undefined);
    this.#waiting.push(promise);
  }

  #changes(entries: readonly (readonly [number, number])[]): (readonly [string, string | undefined])[] {
    return entries.map(([key, length]) => [KEYS[key]!, length < 0 ? undefined : this.#value(length)]);
  }

  #value(length: number): string {
    this.#valuesMade += 1;
    return `${this.#valuesMade}.`.padEnd(length, "x");
  }
}
