/** The process of one store: is told by its one argument what to do, and sends what it finds. */
import type { Sample, StoreResult } from "./result.ts";
import { soakStore, type StoreTask } from "./soak-store.ts";
import { tellParent } from "../tell-parent.ts";

/** What the process sends. */
export type StoreMessage =
  | { readonly kind: "sample"; readonly sample: Sample }
  | { readonly kind: "result"; readonly result: StoreResult };

// Whoever started this is gone: nobody would remove what more is written.
const orphaned = (): void => process.exit(1);
process.once("disconnect", orphaned);

const task = JSON.parse(process.argv[2]!) as StoreTask;
const result = await soakStore(task, (sample) => void send({ kind: "sample", sample }).catch(orphaned));
await send({ kind: "result", result });
process.off("disconnect", orphaned);
process.disconnect();

function send(message: StoreMessage): Promise<void> {
  return tellParent(message);
}
