import { crashPointAt, diskAt, sampleFates, SeededRandom, SimulatedDisk, type Profile } from "@hashlog/fs-io/testing";
import { interestingSteps } from "../crashing/interesting-steps.ts";
import { settled } from "../world/quiet.ts";
import { emptyStore } from "../world/text-store.ts";
import { FAULT_KINDS, type FaultCase, type FaultOperation } from "./fault-case.ts";
import { mustNotTouchWhatFailed, mustTakeWrites } from "./fault-sweep.ts";
import type { Ledger } from "./ledger.ts";
import { KEYS, Session } from "./session.ts";

const PROFILES: readonly Profile[] = ["kill", "drop-all", "prefix", "ordered", "free"];

/** Lives through the case, and crashes it at steps chosen by chance, before its failures, between them and after them. */
export async function runFaultCase(given: FaultCase, crashes: number): Promise<void> {
  const disk = new SimulatedDisk({ image: await emptyStore(), schedule: given.schedule });
  const session = new Session(disk, given);
  const ledgers: { readonly ordinal: number; readonly ledger: Ledger }[] = [];
  session.ledger.onChange = () => {
    ledgers.push({ ordinal: disk.position, ledger: session.ledger.copy() });
  };
  await session.open();
  for (const [at, kind, keepBytes] of given.faults) {
    disk.inject({ at: disk.faultableCalls + at, kind: FAULT_KINDS[kind]!, keepBytes });
  }
  const life = new Life(session);
  for (const operation of given.operations) await life.do(operation);
  await life.do(["await"]);
  mustNotTouchWhatFailed(disk);
  const random = new SeededRandom(given.seed);
  const steps = interestingSteps(disk);
  for (let crash = 0; crash < crashes; crash += 1) {
    const ordinal = steps[random.below(steps.length)]!;
    const ledger = ledgers.findLast((moment) => moment.ordinal <= ordinal)?.ledger;
    if (ledger !== undefined) await judgeCrash(disk, ordinal, ledger, given, random);
  }
  disk.clearFaults();
  disk.capacityBytes = Infinity;
  await session.close();
  await session.mustOpen();
  await mustTakeWrites(session);
}

async function judgeCrash(
  disk: SimulatedDisk,
  ordinal: number,
  ledger: Ledger,
  given: FaultCase,
  random: SeededRandom,
): Promise<void> {
  const profile = PROFILES[random.below(PROFILES.length)]!;
  const point = crashPointAt(disk, ordinal);
  const fates = sampleFates(point, random, { profile });
  const crashed =
    profile === "kill" ? diskAt(disk, ordinal) : new SimulatedDisk({ image: point.image(fates, profile) });
  try {
    const session = new Session(crashed, given, ledger.copy());
    await session.mustOpen(profile === "kill" ? "kill" : "power cut");
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
      case "delete":
        this.#wait(session.delete(KEYS[operation[1]]!));
        return;
      case "batch":
        this.#wait(
          session.batch(
            operation[1].map(([key, length]) => [KEYS[key]!, length < 0 ? undefined : this.#value(length)] as const),
          ),
        );
        return;
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

  #value(length: number): string {
    this.#valuesMade += 1;
    return `${this.#valuesMade}.`.padEnd(length, "x");
  }
}
