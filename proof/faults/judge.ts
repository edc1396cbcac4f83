import { crashPointAt, diskAt, hashImage, sampleFates, SeededRandom, SimulatedDisk } from "@hashlog/fs-io/testing";
import { stillToLose } from "../crashing/still-to-lose.ts";
import { mustBeOneOf, mustGoOn, mustHaveReason, mustShowOrTell } from "../properties/p15-error-atomicity.ts";
import { ioDiscipline } from "../properties/p18-io-discipline.ts";
import { violated } from "../properties/property.ts";
import { isThorough } from "../world/runs.ts";
import { DIRECTORY, readState } from "../world/text-store.ts";
import type { FailuresSeen } from "./failures-seen.ts";
import type { Failure } from "./failures.ts";
import { describe, mustShowOneOf } from "./ledger.ts";
import type { Session } from "./session.ts";

/** A program has come to its end, whatever failed: what must be true of its disk and its store (P15). */
export class Judge {
  readonly #seen = new Set<string>();

  /** After failures of that way. `seed` chooses what a power cut takes. The store is closed afterwards. */
  async judge(session: Session, failure: Pick<Failure, "kind">, seed: number): Promise<void> {
    const { disk } = session;
    mustNotTouchWhatFailed(session.seen);
    const isWayCertain = wayIsCertain(session);
    if (isWayCertain) await this.crash(session, disk.position, seed);
    disk.clearFaults();
    disk.capacityBytes = Infinity;
    session.readsMayFail = false;
    if (session.store === undefined) await session.mustOpen();
    await probe(session, failure);
    await session.close();
    if (!isWayCertain) return;
    if (!this.#isNew("closed", session, disk.position)) return;
    await session.mustOpen();
    await mustTakeWrites(session);
  }

  /** A crash after that step of the disk, when the ledger was as it is in the session: killed, and the power cut. */
  async crash(session: Session, ordinal: number, seed: number): Promise<void> {
    const { disk } = session;
    if (!this.#isNew("crashed", session, ordinal)) return;
    await judgeKill(session, diskAt(disk, ordinal));
    await judgeEviction(session, diskAt(disk, ordinal));
    const point = crashPointAt(disk, ordinal);
    for (const profile of ["drop-all", "free"] as const) {
      const fates = profile === "free" ? sampleFates(point, new SeededRandom(seed + ordinal), { profile }) : [];
      await judgePowerCut(session, new SimulatedDisk({ image: point.image(fates, profile) }));
    }
  }

  /** What was right once, on a disk like this and with a ledger like this, need not be asked again. */
  #isNew(what: string, { disk, ledger, seen, durableBeforeLie }: Session, ordinal: number): boolean {
    const point = crashPointAt(disk, ordinal);
    const state = `${hashImage(point.image([], "kill"))} ${stillToLose(point)}`;
    const key = `${what} ${state} ${ledger.key} ${seen.logWasReverted} ${durableBeforeLie}`;
    if (this.#seen.has(key)) return isThorough();
    this.#seen.add(key);
    return true;
  }
}

async function judgeKill(session: Session, disk: SimulatedDisk): Promise<void> {
  const killed = session.crashed(disk, "kill");
  await killed.mustOpen();
  const shown = await readState(killed.store!);
  const isShownForEver = killed.store!.stats().writes === "ready";
  if (session.wasLiedTo) return judgeLie(killed.crashed(new SimulatedDisk({ image: disk.powerCut() }), "power cut"));
  killed.cutPower();
  await killed.mustOpen();
  if (isShownForEver)
    mustShowOneOf(await readState(killed.store!), [shown], "after a kill, an opening and a power cut");
  await mustTakeWrites(killed);
}

/** Killed, and what the cache alone had is gone before the store is opened: to the log it is as if the power was cut. */
async function judgeEviction(session: Session, disk: SimulatedDisk): Promise<void> {
  const { position } = disk;
  disk.evict();
  if (disk.position > position) await judgePowerCut(session, disk);
}

async function judgePowerCut(session: Session, disk: SimulatedDisk): Promise<void> {
  const cut = session.crashed(disk, "power cut");
  if (session.wasLiedTo) return judgeLie(cut);
  await cut.mustOpen();
  await mustTakeWrites(cut);
}

/** A sync has lied, and the power was cut: what is left is what P15 says of that case. */
export async function judgeLie(cut: Session): Promise<void> {
  const allowed = cut.ledger.prefixesFrom(cut.durableBeforeLie);
  const remains = await cut.remains();
  if (remains !== undefined) mustShowOrTell(remains, allowed);
}

/** With nothing failing any more: what was acknowledged reads well, and writes go on by themselves or say why not. */
async function probe(session: Session, { kind }: Pick<Failure, "kind">): Promise<void> {
  const store = session.store!;
  await session.check();
  await session.put("f", "probe.", { sync: true });
  await session.check();
  if (session.ledger.visible.get("f") === "probe.") {
    mustShowOneOf(await readState(store), [session.ledger.visible], "after writing went on");
    return;
  }
  const { calls, bytesWereMissing } = session.seen;
  const disables = kind === "EIO" ? DISABLE_ON_EIO : UNKNOWN_OUTCOME;
  const isInDoubt = bytesWereMissing || calls.some(({ operation }) => disables.includes(operation));
  mustHaveReason(session.ledger.lastRefusal, isInDoubt);
}

const UNKNOWN_OUTCOME: readonly string[] = ["replace.rename", "replace.syncDirectory"];
const DISABLE_ON_EIO: readonly string[] = [...UNKNOWN_OUTCOME, "append", "sync"];

/** An open store, where nothing fails: it takes a write, can be compacted and closed, and has it after a power cut. */
export async function mustTakeWrites(session: Session): Promise<void> {
  if (session.wasLiedTo) return mustTakeWritesAtLast(session);
  const store = session.store!;
  const { failures } = store.stats();
  await session.put("f", "last.");
  await session.compact();
  await session.close();
  const { count, last } = store.stats().failures;
  if (count > failures.count) mustGoOn("something in the background", last);
  const expected = session.ledger.visible;
  if (expected.get("f") !== "last.") mustGoOn("a write", session.ledger.lastRefusal);
  session.cutPower();
  await session.mustOpen();
  mustBeOneOf(describe(await readState(session.store!)), [describe(expected)], "closed clean");
  await session.close();
}

/**
 * After a sync that lied: a file that goes on being written may have to tell of it yet, and then the store stops once
 * more. Afterwards it takes writes, and a power cut leaves what may be left.
 */
async function mustTakeWritesAtLast(session: Session): Promise<void> {
  for (let attempt = 0; attempt < FILES_THAT_MAY_TELL; attempt += 1) {
    if (session.store === undefined) await session.mustOpen();
    await session.put("f", "last.");
    await session.compact();
    await session.close();
    if (session.ledger.visible.get("f") === "last.") break;
  }
  if (session.ledger.visible.get("f") !== "last.") mustGoOn("a write", session.ledger.lastRefusal);
  await judgeLie(session.crashed(new SimulatedDisk({ image: session.disk.powerCut() }), "power cut"));
}

const FILES_THAT_MAY_TELL = 3;

/**
 * Where the sync of a directory above the store failed that makes a new directory below it durable, nothing that a store
 * can do makes it so: a second sync succeeds without having written it, and there is no way to unmake a directory.
 */
function wayIsCertain({ seen }: Session): boolean {
  return !seen.calls.some(({ operation, path }) => operation === "syncDirectory" && path !== DIRECTORY);
}

/** A file whose sync is known to have failed is neither written nor synced again: P18. */
export function mustNotTouchWhatFailed({ touched }: Pick<FailuresSeen, "touched">): void {
  if (touched !== undefined) violated(ioDiscipline, touched);
}
