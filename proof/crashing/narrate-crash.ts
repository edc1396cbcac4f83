import { crashPointAt, type SimulatedDisk } from "@hashlog/fs-io/testing";
import type { Crash } from "../cases/case.ts";
import { withoutDirectory, type Teller } from "../world/teller.ts";
import { callsAt } from "./calls-at.ts";

/** Tells where a disk crashes, which calls that met, and what became of what was in flight. */
export function narrateCrash(
  disk: SimulatedDisk,
  { step, profile, fates }: Crash,
  teller: Teller,
  { begun, of }: { begun: number; of: string } = { begun: 0, of: "the run" },
): void {
  const what = profile === "kill" ? "The process is killed" : "The power is cut";
  teller.say(`\n${what} after step ${step} of ${of}.`);
  const { last, underWay } = callsAt(disk.trace, begun + step);
  if (last !== undefined) teller.say(withoutDirectory(`The last call: ${last}`));
  if (underWay.length > 0) teller.say(withoutDirectory(`Under way, too: ${underWay.join(", ")}`));
  teller.say(`What was in flight, and what became of it (profile "${profile}"):`);
  const lines = crashPointAt(disk, begun + step)
    .describe(fates, profile)
    .split("\n");
  for (const line of lines) teller.say(`    ${withoutDirectory(line)}`);
}
