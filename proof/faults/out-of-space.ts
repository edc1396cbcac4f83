import { diskAt, SimulatedDisk, type DiskImage } from "@hashlog/fs-io/testing";
import { mustGoOn } from "../properties/p15-error-atomicity.ts";
import type { StoreShape } from "../world/text-store.ts";
import { Judge, mustTakeWrites } from "./judge.ts";
import { Session, type Program } from "./session.ts";

/** A program on a disk that may be too small for it. */
export interface SmallDisk {
  readonly program: Program;
  readonly shape: StoreShape;
  readonly image: DiskImage;
}

/** Runs the program on a disk of that capacity, which becomes a larger one in the end; `false` if all found room. */
export async function runOutOfSpace({ program, shape, image }: SmallDisk, capacityBytes: number): Promise<boolean> {
  const session = new Session(new SimulatedDisk({ image, capacityBytes }), shape);
  try {
    await program(session);
    if (session.seen.calls.length === 0) return false;
    await judgeOpeningWhileFull(session);
    await new Judge().judge(session, { kind: "ENOSPC" }, capacityBytes);
  } catch (error) {
    throw new Error(`with room for ${capacityBytes} bytes: ${(error as Error).message}`, { cause: error });
  }
  return true;
}

/** Killed now, and opened while the disk is as full as it is: everything is shown, and writes go on once there is room. */
async function judgeOpeningWhileFull(session: Session): Promise<void> {
  const disk = diskAt(session.disk, session.disk.position);
  const full = session.crashed(disk, "kill");
  disk.capacityBytes = disk.usedBytes;
  await full.open();
  if (full.store === undefined && full.reasonNotOpen !== "HASHLOG_NO_SPACE") mustGoOn("opening", full.reasonNotOpen);
  await full.put("e", "while full.");
  await full.check();
  disk.capacityBytes = Infinity;
  if (full.store === undefined) await full.mustOpen();
  await mustTakeWrites(full);
}
