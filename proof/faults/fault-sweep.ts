import {
  crashPointAt,
  diskAt,
  sampleFates,
  SeededRandom,
  SimulatedDisk,
  type DiskImage,
  type Fault,
  type FaultKind,
} from "@hashlog/fs-io/testing";
import { HashlogError } from "@hashlog/engine";
import { settled } from "../world/quiet.ts";
import { isThorough } from "../world/runs.ts";
import { DIRECTORY, readState, type StoreShape } from "../world/text-store.ts";
import { describe, mustBeOneOf } from "./ledger.ts";
import { Session, type Program } from "./session.ts";

/** A program, and the disk and policy that it runs on, whose every call is to fail in turn. */
export interface Sweep {
  readonly program: Program;
  readonly shape: StoreShape;
  readonly image: DiskImage;
  /** Only each so many-th call, unless the tests are to be thorough. Default 1: every call. */
  readonly each?: number;
}

const KINDS: readonly FaultKind[] = ["EIO", "ENOSPC", "EMFILE", "short"];
const FAILURES = KINDS.flatMap((kind) => [false, true].map((sticky) => ({ kind, sticky })));

/**
 * Runs the program once for each call that it makes, with an input/output error there; and with each other kind of
 * failure, once and from there on, or, unless the tests are to be thorough, with these in turn. Resolves to the count.
 */
export async function failEveryCall(sweep: Sweep): Promise<number> {
  const calls = await callsOf(sweep);
  const each = isThorough() ? 1 : (sweep.each ?? 1);
  let runs = 0;
  for (const [turn, at] of interestingCalls(calls).entries()) {
    if (turn % each !== 0) continue;
    const [first, ...others] = FAILURES;
    // With every other kind at each second call or so: to many calls some kinds do not apply.
    const chosen = isThorough() ? others : others.filter((_, index) => (index + Math.floor(turn / each)) % 4 === 0);
    for (const failure of [first!, ...chosen]) {
      if (await failOnce(sweep, { at, ...failure })) runs += 1;
    }
  }
  return runs;
}

interface Call {
  readonly operation: string;
  readonly path: string;
}

async function callsOf({ program, shape, image }: Sweep): Promise<Call[]> {
  const disk = new SimulatedDisk({ image });
  await program(new Session(disk, shape));
  const calls = disk.trace.filter((event) => event.type === "call");
  if (calls.length !== disk.faultableCalls) throw new Error("not every call can fail");
  return calls;
}

/** Of the many alike that read or write a checkpoint's sections, only the first two and the last. */
function interestingCalls(calls: readonly Call[]): number[] {
  const isDull = (index: number): boolean => {
    const { operation, path } = calls[index]!;
    const isAlike = (other: Call | undefined): boolean => other?.operation === operation && other.path === path;
    return path.endsWith(".checkpoint") && isAlike(calls[index - 2]) && isAlike(calls[index + 1]);
  };
  return calls.map((_, index) => index).filter((index) => !isDull(index));
}

/** Runs the program on a disk of that capacity, which becomes a larger one in the end; `false` if all found room. */
export async function runOutOfSpace({ program, shape, image }: Sweep, capacityBytes: number): Promise<boolean> {
  const disk = new SimulatedDisk({ image, capacityBytes });
  const session = new Session(disk, shape);
  try {
    await program(session);
    if (failedCalls(disk).length === 0) return false;
    await judgeOpeningWhileFull(session, shape);
    await judge(session, shape, { at: capacityBytes, kind: "ENOSPC" });
  } catch (error) {
    throw new Error(`with room for ${capacityBytes} bytes: ${(error as Error).message}`, { cause: error });
  }
  return true;
}

/** Killed now, and opened while the disk is as full as it is: everything is shown, and writes go on once there is room. */
async function judgeOpeningWhileFull({ disk, ledger }: Session, shape: StoreShape): Promise<void> {
  const full = new Session(diskAt(disk, disk.position), shape, ledger.copy());
  full.disk.capacityBytes = full.disk.usedBytes;
  await full.open();
  if (full.store === undefined && full.reasonNotOpen !== "HASHLOG_NO_SPACE") {
    throw new Error("the store does not open on a full disk", { cause: full.reasonNotOpen });
  }
  await full.put("e", "while full.");
  await full.check();
  full.disk.capacityBytes = Infinity;
  if (full.store === undefined) await full.mustOpen();
  await mustTakeWrites(full);
}

/** Runs the program with that failure; `false` if nothing failed, as the call is not of a kind that can fail so. */
async function failOnce({ program, shape, image }: Sweep, fault: Fault): Promise<boolean> {
  const disk = new SimulatedDisk({ image, faults: [fault] });
  const session = new Session(disk, shape);
  try {
    await program(session);
    if (disk.firedFaults === 0) return false;
    await judge(session, shape, fault);
  } catch (error) {
    const failed = failedCalls(disk).map(({ operation, path }) => `${operation} ${path}`);
    const words = `${JSON.stringify(fault)}, ${failed.slice(0, 3).join(", ")}: ${(error as Error).message}`;
    throw new Error(words, { cause: error });
  }
  return true;
}

async function judge(session: Session, shape: StoreShape, fault: Fault): Promise<void> {
  const { disk } = session;
  mustNotTouchWhatFailed(disk);
  const survivesPowerCuts = wayIsCertain(disk);
  if (survivesPowerCuts) await judgeCrashes(session, shape, typeof fault.at === "number" ? fault.at : 0);
  disk.clearFaults();
  disk.capacityBytes = Infinity;
  if (session.store === undefined) await session.mustOpen();
  await probe(session, fault);
  await session.close();
  if (!survivesPowerCuts) return;
  await session.mustOpen();
  await mustTakeWrites(session);
}

/**
 * Where the sync of a directory above the store failed that makes a new directory below it durable, nothing that a store
 * can do makes it so: a second sync succeeds without having written it, and there is no way to unmake a directory.
 */
function wayIsCertain(disk: SimulatedDisk): boolean {
  return !failedCalls(disk).some(({ operation, path }) => operation === "syncDirectory" && path !== DIRECTORY);
}

/** The process is killed now, and later the power cut; or the power is cut now. */
async function judgeCrashes(session: Session, shape: StoreShape, seed: number): Promise<void> {
  const judges = [judgeKill, judgePowerCut, judgePowerCut];
  for (const judge of isThorough() ? judges : [judges[seed % judges.length]!]) await judge(session, shape, seed);
}

async function judgeKill({ disk, ledger }: Session, shape: StoreShape): Promise<void> {
  const killed = new Session(diskAt(disk, disk.position), shape, ledger.copy());
  await killed.mustOpen();
  const shown = await readState(killed.store!);
  const isShownForEver = killed.store!.stats().writes === "ready";
  killed.cutPower();
  await killed.mustOpen("power cut");
  if (isShownForEver) mustBeOneOf(await readState(killed.store!), [shown], "after a kill, an opening and a power cut");
  await mustTakeWrites(killed);
}

async function judgePowerCut({ disk, ledger }: Session, shape: StoreShape, seed: number): Promise<void> {
  const point = crashPointAt(disk, disk.position);
  const profile = seed % 2 === 0 ? "drop-all" : "free";
  const fates = sampleFates(point, new SeededRandom(seed), { profile });
  const cut = new Session(new SimulatedDisk({ image: point.image(fates, profile) }), shape, ledger.copy());
  await cut.mustOpen("power cut");
  await mustTakeWrites(cut);
}

/** With nothing failing any more: what was acknowledged reads well, and writes go on by themselves or say why not. */
async function probe(session: Session, fault: Fault): Promise<void> {
  const store = session.store!;
  mustBeOneOf(await readState(store), [session.ledger.visible], "with nothing failing any more");
  const failed = failedCalls(session.disk);
  let refusal: unknown;
  await settled(
    session.ledger.write([["f", "probe."]], true, () =>
      store.put("f", "probe.", { sync: true }).catch((error: unknown) => {
        refusal = error;
        throw error;
      }),
    ),
    "a write",
  );
  if (refusal === undefined) {
    mustBeOneOf(await readState(store), [session.ledger.visible], "after writing went on");
    return;
  }
  if (!HashlogError.is(refusal) || refusal.code !== "HASHLOG_WRITES_DISABLED") {
    throw new Error("a write is refused, though nothing fails", { cause: refusal });
  }
  const disables = fault.kind === "EIO" ? DISABLE_ON_EIO : UNKNOWN_OUTCOME;
  if (failed.some(({ operation }) => disables.includes(operation))) return;
  throw new Error("writes are disabled for no reason that would need it", { cause: refusal });
}

const UNKNOWN_OUTCOME: readonly string[] = ["replace.rename", "replace.syncDirectory"];
const DISABLE_ON_EIO: readonly string[] = [...UNKNOWN_OUTCOME, "append", "sync"];

export async function mustTakeWrites(session: Session): Promise<void> {
  const store = session.store!;
  const { failures } = store.stats();
  await session.put("f", "last.");
  await session.compact();
  await session.close();
  const { count, last } = store.stats().failures;
  if (count > failures.count) throw new Error("something failed, though nothing fails", { cause: last });
  const expected = session.ledger.visible;
  if (expected.get("f") !== "last.") throw new Error(`the store takes no writes: ${describe(expected)}`);
  session.cutPower();
  await session.mustOpen("power cut");
  mustBeOneOf(await readState(session.store!), [expected], "closed clean");
  await session.close();
}

/** A file whose sync failed is neither written nor synced again. */
export function mustNotTouchWhatFailed(disk: SimulatedDisk): void {
  const failed = new Set<number>();
  const files = new Set<number>();
  for (const operation of disk.recording.operations) {
    if (operation.kind === "append") files.add(operation.file);
    const target = operation.kind === "append" ? operation.file : "upTo" in operation ? operation.target : -1;
    if (failed.has(target)) throw new Error(`file ${target} was touched again after its sync had failed`);
    if (operation.kind === "sync-failed" && files.has(target)) failed.add(target);
  }
}

function failedCalls(disk: SimulatedDisk): Call[] {
  const calls = new Map<number, Call>();
  const failed: Call[] = [];
  for (const event of disk.trace) {
    if (event.type === "call") calls.set(event.call, event);
    if (event.type === "return" && event.outcome !== "ok" && EXPECTED.includes(event.outcome)) {
      failed.push(calls.get(event.call)!);
    }
  }
  return failed;
}

const EXPECTED: readonly string[] = ["FS_IO", "FS_NO_SPACE", "FS_TOO_MANY_OPEN"];
