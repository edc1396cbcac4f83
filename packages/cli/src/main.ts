#!/usr/bin/env node
import process from "node:process";
import { processHost } from "./host.ts";
import { run } from "./run.ts";

// Where nobody reads complaints there is nobody to tell; the exit code says it.
process.stderr.on("error", () => undefined);
process.exitCode = await run(process.argv.slice(2), processHost);
