/** A worker thread that opens a store, tells what came of it, and keeps what it got until it is terminated. */
import { HashlogError, open } from "@hashlog/engine";
import { parentPort, workerData } from "node:worker_threads";

const outcome = await open(workerData as string).then(
  () => "has it",
  (error: unknown) => (HashlogError.is(error) ? error.code : String(error)),
);
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
parentPort!.postMessage(outcome);
parentPort!.on("message", () => {});
