/** The process of one measurement: is told by its one argument what to do, and sends how it went. */
import { tellParent } from "../tell-parent.ts";
import { mergeStore, type Merged, type MergingTask } from "./merging.ts";
import { measureAtScale, type AtScale } from "./scale.ts";
import { backUpStore, verifyStore, type BackedUp, type VerifiedStore } from "./upkeep.ts";
import { fillStore, openBy, type Filled, type Opened, type OpeningTask, type Road } from "./opening.ts";

/** What is measured. */
export type OwnTask =
  | ({ readonly kind: "fill" } & OpeningTask)
  | ({ readonly kind: "open"; readonly road: Road } & OpeningTask)
  | ({ readonly kind: "scale" } & OpeningTask)
  | ({ readonly kind: "verify" | "back-up" } & OpeningTask)
  | ({ readonly kind: "merge" } & MergingTask);

/** What is sent, by what was asked for. */
export interface OwnAnswers {
  readonly fill: Filled;
  readonly open: Opened;
  readonly scale: AtScale;
  readonly verify: VerifiedStore;
  readonly "back-up": BackedUp;
  readonly merge: Merged[];
}

// Whoever started this is gone: nobody would remove what more is written.
const orphaned = (): void => process.exit(1);
process.once("disconnect", orphaned);

const task = JSON.parse(process.argv[2]!) as OwnTask;
await tellParent(await measure());
process.off("disconnect", orphaned);
process.disconnect();

function measure(): Promise<object> {
  switch (task.kind) {
    case "fill":
      return fillStore(task);
    case "open":
      return openBy(task, task.road);
    case "scale":
      return measureAtScale(task);
    case "verify":
      return verifyStore(task);
    case "back-up":
      return backUpStore(task);
    case "merge":
      return mergeStore(task);
  }
}
