import { DiskImage, SimulatedDisk } from "@hashlog/fs-io/testing";
import { BEGINNING } from "../world/virtual-clock.ts";
import { emptyStore, type StoreShape } from "../world/text-store.ts";
import { Ledger } from "./ledger.ts";
import type { After } from "./moment.ts";
import { Session, type Program } from "./session.ts";

/** A short stretch of a store's life, whose calls are to fail; short, as it is run again for each of them. */
export interface Scene {
  readonly name: string;
  readonly begin: (shape: StoreShape) => Promise<Beginning>;
  /** What happens; the calls before `session.begin()` are left alone. */
  readonly program: Program;
  /** With which sync policies every call is made to fail in every way in a usual run. */
  readonly everyCall: readonly StoreShape["sync"][];
  /** With which others each way to fail befalls each kind of call on each kind of file, which one of them by chance. */
  readonly everyKind: readonly StoreShape["sync"][];
  /** How many failures that is at least: it is not to become less without anybody's noticing. */
  readonly runsLeast: number;
}

/** The disk on which a scene begins, and what the store on it has promised. */
export interface Beginning {
  readonly disk: DiskImage | SimulatedDisk;
  readonly ledger: Ledger;
  readonly after: After;
  readonly nowMs: number;
}

/** An empty store on an otherwise empty disk. */
export async function empty(): Promise<Beginning> {
  return { disk: await emptyStore(), ledger: new Ledger(), after: "kill", nowMs: BEGINNING };
}

/** A disk on which there never was a store. */
export async function nothing(): Promise<Beginning> {
  return { disk: new DiskImage(), ledger: new Ledger(), after: "kill", nowMs: BEGINNING };
}

/** Where the program has come to, the store closed. Files whose names end so are taken away. */
export function closed(past: Program, without: readonly string[] = []): Scene["begin"] {
  return async (shape) => {
    const session = await live(past, shape);
    await session.close();
    let image = session.disk.powerCut([], "drop-all");
    for (const path of image.files.keys()) {
      if (without.some((ending) => path.endsWith(ending))) image = image.withoutFile(path);
    }
    return beginning(session, image, "kill");
  };
}

/** Where the program has come to, the process killed: what was not synced is in flight. */
export function killed(past: Program): Scene["begin"] {
  return async (shape) => {
    const session = await live(past, shape);
    session.disk.kill();
    return beginning(session, session.disk, "kill");
  };
}

/** Where the program has come to, the power cut; of all that was in flight what the fates leave, all of it by default. */
export function cut(past: Program, fates: readonly number[] = []): Scene["begin"] {
  return async (shape) => {
    const session = await live(past, shape);
    return beginning(session, session.disk.powerCut(fates), "power cut");
  };
}

async function live(past: Program, shape: StoreShape): Promise<Session> {
  const session = new Session(new SimulatedDisk({ image: await emptyStore() }), shape);
  await past(session);
  if (session.seen.calls.length > 0) throw new Error("something fails before anything is to fail");
  return session;
}

function beginning(session: Session, disk: DiskImage | SimulatedDisk, after: After): Beginning {
  return { disk, ledger: session.ledger, after, nowMs: session.clock.now() };
}
