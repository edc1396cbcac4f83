/** A saver against every crash: the whole of what it takes to test one's own storage code. */
import { CrashCheckError, exploreCrashes, SimulatedDisk, type CrashReport } from "@hashlog/fs-io/testing";
import { load, type Saver } from "./savers.ts";

/** A crash after which the draft was not what it had to be: the smallest one of its point. */
export interface BrokenPromise {
  /** `"damaged"`: what is loaded was never saved. `"lost"`: what was saved is not there any more. */
  readonly kind: "damaged" | "lost";
  readonly found: string | undefined;
  readonly error: CrashCheckError;
  /** How many disks that crashes left were looked at until then, this one and those of its shrinking included. */
  readonly images: number;
}

const TEXTS = ["Dear Ada,", "Dear Ada, the engine", "Dear Ada, the engine is running."];

/** Saves three versions, crashes after every step of that in every way, and loads what is there then. */
export async function crashTest(save: Saver): Promise<CrashReport | BrokenPromise> {
  // At which step of the disk each version was saved, as far as anybody was told.
  const savedAt: number[] = [];
  let images = 0;
  try {
    return await exploreCrashes({
      workload: async (fs, disk) => {
        for (const [index, text] of TEXTS.entries()) {
          await save(fs, index + 1, text);
          savedAt.push(disk.position);
        }
      },
      check: async (image, ordinal) => {
        images += 1;
        const restarted = new SimulatedDisk({ image }).boot();
        const saved = savedAt.filter((position) => position <= ordinal).length;
        mustBeKept(saved, await load(restarted));

        // And the program goes on from there.
        await save(restarted, TEXTS.length + 1, "Yours, Charles");
        mustBe("Yours, Charles", await load(restarted));
      },
    });
  } catch (error) {
    if (!(error instanceof CrashCheckError && error.cause instanceof DraftError)) throw error;
    return { kind: error.cause.kind, found: error.cause.found, error, images };
  }
}

/** The last version that was saved, or the one that was being saved when the crash came, whole. */
function mustBeKept(saved: number, found: string | undefined): void {
  const version = found === undefined ? 0 : TEXTS.indexOf(found) + 1;
  if (found !== undefined && version === 0) throw new DraftError("damaged", found);
  if (version < saved) throw new DraftError("lost", found);
}

function mustBe(expected: string, found: string | undefined): void {
  if (found !== expected) throw new DraftError("lost", found);
}

class DraftError extends Error {
  readonly kind: "damaged" | "lost";
  readonly found: string | undefined;

  constructor(kind: "damaged" | "lost", found: string | undefined) {
    super(`the draft is ${kind}`);
    this.kind = kind;
    this.found = found;
  }
}
