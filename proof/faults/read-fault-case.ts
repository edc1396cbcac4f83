import type { CrashCase } from "../cases/case.ts";
import { readCase } from "../cases/read-case.ts";
import { integer, list, natural, oneOf, record } from "../cases/read-json.ts";
import type { FaultCase, FaultOperation } from "./fault-case.ts";

/** A case of either kind: one that names `faults` is a life with failures. @throws TypeError */
export function readEitherCase(json: unknown): CrashCase | FaultCase {
  const isFaultCase = typeof json === "object" && json !== null && "faults" in json;
  return isFaultCase ? readFaultCase(json) : readCase(json);
}

/**
 * A life with failures from JSON, as a counterexample prints it.
 * @throws TypeError that says what of it is no such case
 */
function readFaultCase(json: unknown): FaultCase {
  const given = record(json, "a case");
  return {
    sync: oneOf(given["sync"], "sync", ["always", "never", "interval"] as const),
    segments: natural(given["segments"] ?? 0, "segments"),
    seed: natural(given["seed"] ?? 0, "seed"),
    operations: list(given["operations"], "operations").map(readOperation),
    faults: list(given["faults"], "faults").map((fault) => {
      const [at, way, kept] = list(fault, "a fault");
      return [natural(at, "which call"), natural(way, "a way to fail"), natural(kept ?? 0, "bytes kept")] as const;
    }),
    schedule: list(given["schedule"] ?? [], "schedule").map((one) => natural(one, "a choice of schedule")),
  };
}

/** How many numbers follow the name of each operation. */
const NUMBERS: Readonly<Record<Exclude<FaultOperation[0], "batch" | "batch-synced">, number>> = {
  put: 2,
  "put-synced": 2,
  "put-expiring": 3,
  tick: 1,
  delete: 1,
  "delete-synced": 1,
  clear: 0,
  "clear-synced": 0,
  await: 0,
  turns: 1,
  sync: 0,
  compact: 0,
  checkpoint: 0,
  reopen: 0,
  "reopen-at-once": 0,
  full: 1,
  room: 0,
  evict: 0,
};

function readOperation(json: unknown): FaultOperation {
  const [name, ...parts] = list(json, "an operation");
  if (name === "batch" || name === "batch-synced") {
    const entries = list(parts[0], "the entries of a batch").map((entry) => {
      const [key, length] = list(entry, "an entry of a batch");
      return [natural(key, "a key"), integer(length, "a length")] as const;
    });
    return [name, entries];
  }
  const numbers = Object.entries(NUMBERS).find(([known]) => known === name)?.[1];
  if (numbers !== parts.length) throw new TypeError(`${JSON.stringify(json)} is no operation`);
  // No clock is set back in such a life.
  if (name === "tick") natural(parts[0], "the milliseconds that pass");
  for (const part of parts) integer(part, `a number of ${JSON.stringify(json)}`);
  return json as FaultOperation;
}
