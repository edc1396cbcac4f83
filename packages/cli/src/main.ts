#!/usr/bin/env node
import process from "node:process";
import { EXIT } from "./exit-codes.ts";
import { isOpeningFile, processHost } from "./host.ts";
import { run } from "./run.ts";

// What is written last may fail when the command has ended already.
for (const stream of [processHost.stdout, processHost.stderr]) stream.on("error", () => undefined);

process.exitCode = await run(process.argv.slice(2), processHost);
// After Ctrl-C nothing is waited for: not for a reader that takes no more either.
/* v8 ignore if -- runs in a process of its own alone, as test/process.test.ts starts it */
if (process.exitCode === EXIT.interrupted) {
  // Exiting would wait for a pipe that nobody writes to.
  if (isOpeningFile()) process.kill(process.pid, "SIGINT");
  process.exit();
}
