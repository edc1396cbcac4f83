import type { Obligation } from "../oracle/obligation.ts";
import type { Property } from "./property.ts";

export const crashInRecovery: Property = {
  id: "P8",
  title: "A crash during recovery",
  statement:
    "A crash at any step of a recovery, of the recovery after that, and so on, still leaves what the first crash had to " +
    "leave (P1); where all of them are kills, everything that had been handed over.",
  why:
    "Machines that crash tend to crash again: the disk is full, the power flickers, the supervisor kills what takes too " +
    "long to start. Recovery is the code that runs least and writes the most delicate things: it seals what it " +
    "found, it copies, it removes. Bugs that only two crashes in a row reach are the ones that stay for years.",
};

/**
 * What has to hold after a crash `ordinal` steps into a disk's life in which a recovery had shown its state from `shown`
 * on. From then on it is what was shown. Before that it is what had to hold anyhow: a power cut may take all that was not
 * durable when the first crash came; but where both are kills, the machine still has all of it, and so has the store.
 * P1 is checked against it.
 */
export function obligationOfSecondCrash(
  ordinal: number,
  recovery: {
    readonly shown: number;
    readonly before: Obligation;
    readonly beforeAfterKill: Obligation;
    readonly after: Obligation;
  },
  crash: "kill" | "power cut",
): Obligation {
  if (ordinal >= recovery.shown) return recovery.after;
  return crash === "kill" ? recovery.beforeAfterKill : recovery.before;
}
