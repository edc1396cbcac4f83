import * as fc from "fast-check";
import { diskAt, SeededRandom, SimulatedDisk, type Fault } from "@hashlog/fs-io/testing";
import type { StoreShape } from "../world/text-store.ts";
import { failuresOf, fileKind, type Failure } from "./failures.ts";
import { Judge } from "./judge.ts";
import type { Beginning, Scene } from "./scene.ts";
import { Session } from "./session.ts";

/** Which calls of a scene to fail. */
export interface SweepOptions {
  /**
   * `every-call`: every call in every way. `every-kind`: of the calls that do the same to the same kind of file, one for
   * each way, by chance, another one each time.
   */
  readonly choice: "every-call" | "every-kind";
  readonly seed: number;
}

/** What a sweep did: for a test to assert that it is not less than it was. */
export interface SweepReport {
  readonly calls: number;
  readonly runs: number;
  /** How many different (operation, kind of file, way to fail) there were. */
  readonly strata: number;
}

/** Runs the scene once for each chosen call and each way in which it can fail, and judges what comes of it. */
export async function sweep(scene: Scene, shape: StoreShape, { choice, seed }: SweepOptions): Promise<SweepReport> {
  const beginning = await scene.begin(shape);
  const calls = await callsOf(scene, beginning, shape);
  const strata = strataOf(calls);
  const random = new SeededRandom(seed);
  const judge = new Judge();
  let runs = 0;
  for (const attempts of strata.values()) {
    const chosen = choice === "every-call" ? attempts : [attempts[random.below(attempts.length)]!];
    for (const attempt of chosen) {
      await failOnce(scene, beginning, shape, attempt, { judge, seed });
      runs += 1;
    }
  }
  return { calls: calls.length, runs, strata: strata.size };
}

/** Another number each time, or the one of HASHLOG_SEED, to choose again what failed. */
export function chanceSeed(): number {
  return fc.readConfigureGlobal().seed ?? fc.sample(fc.noBias(fc.nat()), 1)[0]!;
}

interface Call {
  readonly at: number;
  readonly operation: string;
  readonly path: string;
}

/** One call, and how it is to fail. */
interface Attempt {
  readonly call: Call;
  readonly failure: Failure;
}

async function callsOf(scene: Scene, beginning: Beginning, shape: StoreShape): Promise<readonly Call[]> {
  const session = sessionOn(beginning, shape, []);
  await scene.program(session);
  const calls = session.disk.trace.flatMap((event) => (event.type === "call" ? [event] : []));
  if (calls.length !== session.disk.faultableCalls) throw new Error("not every call can fail");
  return calls.map(({ operation, path }, at) => ({ at, operation, path })).slice(session.begun, session.ended);
}

/** All attempts, together those that do the same to the same kind of file and fail in the same way. */
function strataOf(calls: readonly Call[]): ReadonlyMap<string, readonly Attempt[]> {
  const strata = new Map<string, Attempt[]>();
  for (const call of calls) {
    for (const failure of failuresOf(call.operation)) {
      const name = `${call.operation} ${fileKind(call.path)} ${failure.name}`;
      const stratum = strata.get(name) ?? [];
      strata.set(name, [...stratum, { call, failure }]);
    }
  }
  return strata;
}

async function failOnce(
  scene: Scene,
  beginning: Beginning,
  shape: StoreShape,
  { call, failure }: Attempt,
  { judge, seed }: { readonly judge: Judge; readonly seed: number },
): Promise<void> {
  const { kind, failedSync, sticky } = failure;
  const session = sessionOn(beginning, shape, [{ at: call.at, kind, failedSync, sticky }]);
  session.readsMayFail = sticky;
  session.seen.bytesWereMissing = kind === "short";
  try {
    await scene.program(session);
    if (session.disk.firedFaults === 0) throw new Error("the call did not fail");
    await judge.judge(session, failure, seed);
  } catch (error) {
    const words = `${scene.name}, ${shape.sync}: ${call.operation} ${call.path} (call ${call.at}), ${failure.name}, seed ${seed}: `;
    throw new Error(words + (error as Error).message, { cause: error });
  }
}

function sessionOn({ disk, ledger, after, nowMs }: Beginning, shape: StoreShape, faults: readonly Fault[]): Session {
  const own =
    disk instanceof SimulatedDisk
      ? diskAt(disk, disk.position, { faults })
      : new SimulatedDisk({ image: disk, faults });
  return new Session(own, shape, { ledger: ledger.copy(), after, nowMs, openings: 50 });
}
