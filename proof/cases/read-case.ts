import { PROFILES } from "@hashlog/fs-io/testing";
import { BREAKAGES } from "../world/broken-file-system.ts";
import { integer, known, list, natural, oneOf, optional, record } from "./read-json.ts";
import type { Aftermath, Crash, CrashCase, CrashOperation } from "./case.ts";

/**
 * A case from JSON, as a counterexample prints it.
 * @throws TypeError that says what of it is no case
 */
export function readCase(json: unknown): CrashCase {
  const given = record(json, "a case");
  known(given, [
    "sync",
    "segments",
    "keydir",
    "limits",
    "merging",
    "broken",
    "disk",
    "fresh",
    "operations",
    "schedule",
    "crashes",
    "aftermath",
  ]);
  return {
    sync: oneOf(given["sync"], "sync", ["always", "never", "interval"] as const),
    segments: natural(given["segments"] ?? 0, "segments"),
    ...optional(given, "keydir", (value) => oneOf(value, "keydir", ["map", "real"] as const)),
    ...optional(given, "limits", (value) => oneOf(value, "limits", ["usual", "small"] as const)),
    ...optional(given, "merging", (value) => oneOf(value, "merging", ["usual", "eager"] as const)),
    ...optional(given, "broken", (value) => oneOf(value, "broken", BREAKAGES)),
    ...optional(given, "disk", (value) => oneOf(value, "disk", ["posix", "safe flush", "windows"] as const)),
    ...optional(given, "fresh", (value) => oneOf(value, "fresh", [true, false] as const)),
    operations: list(given["operations"], "operations").map(readOperation),
    ...optional(given, "schedule", (value) =>
      list(value, "schedule").map((one) => natural(one, "a choice of schedule")),
    ),
    ...optional(given, "crashes", (value) => list(value, "crashes").map(readCrash)),
    ...optional(given, "aftermath", (value) => oneOf(value, "aftermath", AFTERMATHS)),
  };
}

const AFTERMATHS: readonly Aftermath[] = ["nothing", "reopen", "go-on"];

/** How many numbers follow the name of each operation. */
const NUMBERS: Readonly<Record<Exclude<CrashOperation[0], OfEntries>, number>> = {
  put: 2,
  "put-synced": 2,
  "put-expiring": 3,
  "put-for": 3,
  delete: 1,
  "delete-synced": 1,
  "put-if": 3,
  "delete-if": 2,
  clear: 0,
  "clear-synced": 0,
  "clear-from": 1,
  await: 0,
  turns: 1,
  sync: 0,
  checkpoint: 0,
  compact: 0,
  "compact-some": 1,
  tick: 1,
  read: 0,
  iterate: 0,
  "iterate-back": 1,
  snapshot: 0,
  follow: 0,
  drain: 0,
  "read-beside": 0,
  verify: 0,
  backup: 0,
  export: 0,
  pause: 0,
  resume: 0,
  reopen: 1,
  repair: 0,
  kill: 1,
  power: 1,
};

/** After the name of these comes a list. */
type OfEntries = "batch" | "batch-synced" | "batch-if" | "import";

function readOperation(json: unknown): CrashOperation {
  const [name, ...parts] = list(json, "an operation");
  if (name === "batch" || name === "batch-synced") {
    const entries = list(parts[0], "the entries of a batch").map((entry) => {
      const [key, length] = list(entry, "an entry of a batch");
      return [natural(key, "a key"), integer(length, "a length")] as const;
    });
    // One that asks for nothing at all is acknowledged at once, whatever waits before it.
    if (name === "batch" && entries.length === 0) throw new TypeError("a batch of nothing is no operation");
    return [name, entries];
  }
  if (name === "batch-if") {
    const entries = list(parts[0], "the entries of a batch").map((entry) => {
      const [key, length, condition] = list(entry, "an entry of a batch");
      return [natural(key, "a key"), integer(length, "a length"), natural(condition, "a condition")] as const;
    });
    if (entries.length === 0) throw new TypeError("a batch of nothing is no operation");
    return [name, entries];
  }
  if (name === "import") {
    const entries = list(parts[0], "the entries of an import").map((entry) => {
      const [key, length] = list(entry, "an entry of an import");
      return [natural(key, "a key"), natural(length, "a length")] as const;
    });
    return [name, entries];
  }
  const numbers = Object.entries(NUMBERS).find(([known]) => known === name)?.[1];
  if (numbers !== parts.length) throw new TypeError(`${JSON.stringify(json)} is no operation`);
  for (const part of parts) integer(part, `a number of ${JSON.stringify(json)}`);
  return json as CrashOperation;
}

function readCrash(json: unknown): Crash {
  const given = record(json, "a crash");
  known(given, ["step", "profile", "fates", "laterMs"]);
  return {
    step: natural(given["step"], "the step of a crash"),
    profile: oneOf(given["profile"], "the profile of a crash", PROFILES),
    fates: list(given["fates"] ?? [], "fates").map((one) => natural(one, "a fate")),
    ...optional(given, "laterMs", (value) => integer(value, "laterMs")),
  };
}
