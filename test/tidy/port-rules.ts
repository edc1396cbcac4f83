/** Files, time, randomness and output are reached through ports: these rules say which files may touch the machine. */
import { complainAboutMatches, sourcePackage, withoutComments, type Rule } from "./source-file.ts";

const CLOCK = "packages/fs-io/src/clock.ts";
const RANDOM = "packages/engine/src/random.ts";

const WORKER = "packages/engine/src/worker/";

/** All that the command line touches of the machine. */
const HOST = "packages/cli/src/host.ts";
/** Reads and writes moments, and asks for none. */
const MOMENTS = "packages/cli/src/moments.ts";

const FILE_SYSTEM = /["'`](?:node:)?fs(?:\/promises)?["'`]/g;
const TIME =
  /\bDate\b|\bperformance\b|\bhrtime\b|\bset(?:Timeout|Interval|Immediate)\b|["'](?:node:)?timers(?:\/promises)?["']/g;
const RANDOMNESS = /\bMath\s*\.\s*random\b|\bcrypto\b/g;
const THREADS = /["'](?:node:)?(?:worker_threads|child_process|cluster)["']/g;
const CONSOLE = /\bconsole\b|\bprocess\s*\.\s*std(?:out|err)\b/g;

export const onlyFsIoTouchesFiles: Rule = banned(
  FILE_SYSTEM,
  "only packages/fs-io reads and writes files",
  (path) => path.startsWith("packages/fs-io/src/") || path === HOST,
);

export const onlyTheClockReadsTime: Rule = banned(TIME, `time and timers come from a Clock (${CLOCK})`, (path) =>
  [CLOCK, HOST, MOMENTS].includes(path),
);

export const onlyTheRandomPortIsRandom: Rule = banned(
  RANDOMNESS,
  `randomness is injected (${RANDOM})`,
  (path) => path === RANDOM,
);

export const onlyTheWorkerStartsThreads: Rule = banned(
  THREADS,
  `threads and processes are the executor's of ${WORKER}`,
  // The copies of values only ask that their buffers stay in their thread.
  (path) => path.startsWith(WORKER) || path === "packages/engine/src/value-copies.ts",
);

export const sourcesPrintNothing: Rule = banned(CONSOLE, "a library does not print", (path) => path === HOST);

/** No match of `pattern` in the code of a package's source, but for the files that `allowed` names. */
function banned(pattern: RegExp, message: string, allowed: (path: string) => boolean): Rule {
  return (files) =>
    files
      .filter((file) => sourcePackage(file.path) !== undefined && !allowed(file.path))
      .flatMap((file) => complainAboutMatches(file, withoutComments(file), pattern, message));
}
