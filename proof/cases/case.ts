import type { Fates, Profile } from "@hashlog/fs-io/testing";
import { CONDITIONS, type ConditionKind } from "../oracle/conditions.ts";
import type { StoreShape } from "../world/text-store.ts";
import { SPOILINGS } from "./spoil-caches.ts";

/**
 * A case: what somebody does with a store, and how it crashes; plain data, so that it shrinks, prints as JSON, and replays.
 *
 * Numbers are read modulo what there is, and what is missing is the harmless choice, so that whatever shrinking leaves
 * is a case again. Nothing else decides what happens: the same case takes the same steps each time.
 */
export interface CrashCase extends StoreShape {
  /** The manners of the disk and its file system (`DiskTraits`). Default `"posix"`, the strict one. */
  readonly disk?: "posix" | "safe flush" | "windows";
  /** The store is made by the case, and may crash while it is; else there is an empty one. Default `false`. */
  readonly fresh?: boolean;
  readonly operations: readonly CrashOperation[];
  /** Which waiting call of the file system returns next; after the last one: first come, first served. */
  readonly schedule?: readonly number[];
  /** The first crash is one of the run, the second one of the recovery from the first, and so on. Default: none. */
  readonly crashes?: readonly Crash[];
  /** What is done with the store that was recovered from the last crash. Default `"nothing"`. */
  readonly aftermath?: Aftermath;
}

/** A crash: where, of which kind, and what became of everything that was in flight. */
export interface Crash {
  /** How many steps the disk had taken: of the run; for a later crash, since the crash before it. */
  readonly step: number;
  readonly profile: Profile;
  readonly fates: Fates;
  /** By how much the clock is ahead (or, if it was wrong, behind) when the machine is up again. Default 0. */
  readonly laterMs?: number;
}

/**
 * - `reopen`: the process is killed, and another opens the store.
 * - `go-on`: it is written to, compacted, closed; then the power is cut, and it is opened by every road.
 */
export type Aftermath = "nothing" | "reopen" | "go-on";

export type CrashOperation =
  /** Key, value's length. */
  | readonly ["put", number, number]
  | readonly ["put-synced", number, number]
  /** Key, value's length, milliseconds until it expires. */
  | readonly ["put-expiring", number, number, number]
  /** The same by `ttlMs`, unless the clock was set back: by which time the store goes then is its own business. */
  | readonly ["put-for", number, number, number]
  | readonly ["delete", number]
  | readonly ["delete-synced", number]
  /** Key and value's length, or -1 to delete. */
  | readonly ["batch", readonly (readonly [number, number])[]]
  | readonly ["batch-synced", readonly (readonly [number, number])[]]
  /** Key, value's length, and on which condition (`CONDITIONS`). These do nothing while a `clear` or an `import` is under way. */
  | readonly ["put-if", number, number, number]
  | readonly ["delete-if", number, number]
  | readonly ["batch-if", readonly (readonly [number, number, number])[]]
  /** Nothing if one is under way: of two at once nobody could tell whose tombstone is whose. */
  | readonly ["clear"]
  | readonly ["clear-synced"]
  /** The keys from that one on. */
  | readonly ["clear-from", number]
  /** Waits for everything that was written so far, and for what goes on in the background. */
  | readonly ["await"]
  /** So many microtasks pass: about as many calls of the file system return. */
  | readonly ["turns", number]
  | readonly ["sync"]
  | readonly ["checkpoint"]
  | readonly ["compact"]
  /** Only the segments whose place among those there are is a bit of the number. */
  | readonly ["compact-some", number]
  /** The clock goes on by so many milliseconds, or is set back. */
  | readonly ["tick", number]
  /** Looks at every key, in every way that there is: what is seen was acknowledged. */
  | readonly ["read"]
  /** Opens an iterator; all that are open are read to their end at the next `drain`, or at the end. */
  | readonly ["iterate"]
  /** One over the keys from that one on, the last one first. */
  | readonly ["iterate-back", number]
  /** Opens a snapshot, which is asked for everything at the next `drain`, and closed. */
  | readonly ["snapshot"]
  /** Begins to follow the store by a feed; by the next `drain` it was given everything, and is left. */
  | readonly ["follow"]
  | readonly ["drain"]
  /** Opens a reader in a process of its own, which outlives the writer; or, once there is one, lets it catch up. */
  | readonly ["read-beside"]
  /** Reads every byte beside what goes on. */
  | readonly ["verify"]
  /** Backs the store up onto another volume. Nothing if a backup is under way. */
  | readonly ["backup"]
  | readonly ["export"]
  /** Key and value's length: imports them. Nothing if an import is under way. */
  | readonly ["import", readonly (readonly [number, number])[]]
  /** Merges in the background pause, or go on. */
  | readonly ["pause"]
  | readonly ["resume"]
  /** Closes the store and opens it again, with its caches spoilt (`SPOILINGS`). */
  | readonly ["reopen", number]
  /** Closes the store, repairs it, though nothing is wrong with it, and opens it again. */
  | readonly ["repair"]
  /** The process dies, and another opens the store, with its caches spoilt. */
  | readonly ["kill", number]
  /** The power goes, what is not synced fares as the number says, and the store is opened again. */
  | readonly ["power", number];

export const KEYS: readonly string[] = ["a", "b", "c", ""];
/** The key of that number. */
export function keyOf(number: number): string {
  return KEYS[number % KEYS.length]!;
}

/** An operation in words. `keys` by their numbers. */
export function describeOperation(operation: CrashOperation, keys: readonly string[] = KEYS): string {
  const quoted = (key: number): string => JSON.stringify(keys[key % keys.length]);
  switch (operation[0]) {
    case "put":
      return `put ${quoted(operation[1])}, ${operation[2]} characters`;
    case "put-synced":
      return `put ${quoted(operation[1])}, ${operation[2]} characters${SYNCED}`;
    case "put-expiring":
      return `put ${quoted(operation[1])}, ${operation[2]} characters, to expire in ${operation[3]} ms`;
    case "put-for":
      return `put ${quoted(operation[1])}, ${operation[2]} characters, for ${operation[3]} ms`;
    case "delete":
      return `delete ${quoted(operation[1])}`;
    case "delete-synced":
      return `delete ${quoted(operation[1])}${SYNCED}`;
    case "batch":
      return describeBatch(operation[1], quoted);
    case "batch-synced":
      return `${describeBatch(operation[1], quoted)}${SYNCED}`;
    case "put-if":
      return `put ${quoted(operation[1])}, ${operation[2]} characters, ${describeCondition(operation[3] % 3)}`;
    case "delete-if":
      return `delete ${quoted(operation[1])}, ${describeCondition(operation[2] % 3)}`;
    case "batch-if":
      return `${describeBatch(operation[1], quoted)}: ${operation[1].map(([, , kind]) => describeCondition(kind)).join("; ")}`;
    case "clear-synced":
      return `clear()${SYNCED}`;
    case "clear-from":
      return `clear() from ${quoted(operation[1])} on`;
    case "turns":
      return `${operation[1]} microtasks pass`;
    case "tick":
      return operation[1] < 0 ? `the clock is set back by ${-operation[1]} ms` : `${operation[1]} ms pass`;
    case "compact-some":
      return `compact() of the segments ${operation[1].toString(2)}, the oldest last`;
    case "await":
      return "wait for everything";
    case "read":
      return "look at every key";
    case "iterate":
      return "begin to iterate";
    case "iterate-back":
      return `begin to iterate from the last key back to ${quoted(operation[1])}`;
    case "snapshot":
      return "open a snapshot";
    case "follow":
      return "begin to follow the store by a feed";
    case "drain":
      return "read everything that is open to its end";
    case "read-beside":
      return "a reader beside the writer is opened, or catches up";
    case "import":
      return `import: ${describeEntries(operation[1], quoted)}`;
    case "pause":
      return "merges in the background pause";
    case "resume":
      return "merges in the background go on";
    case "repair":
      return "close, repair what is sound, and open again";
    case "reopen":
      return `close and open again${withCaches(operation[1])}`;
    case "kill":
      return `the process is killed, another opens the store${withCaches(operation[1])}`;
    case "power":
      return "the power is cut, the store is opened again";
    default:
      return `${operation[0]}()`;
  }
}

const SYNCED = ", with { sync: true }";

/** A condition by its number. */
export function conditionKind(number: number): ConditionKind {
  return CONDITIONS[number % CONDITIONS.length]!;
}

const IN_WORDS: Readonly<Record<ConditionKind, string>> = {
  absent: "if it is absent",
  current: "if it has the version that the log shows last",
  old: "if it has the version before that",
  none: "whatever it has",
};

function describeCondition(number: number): string {
  return IN_WORDS[conditionKind(number)];
}

function describeBatch(
  entries: readonly (readonly [number, number, number?])[],
  quoted: (key: number) => string,
): string {
  return `batch: ${describeEntries(entries, quoted)}`;
}

function describeEntries(
  entries: readonly (readonly [number, number, number?])[],
  quoted: (key: number) => string,
): string {
  return entries
    .map(([key, length]) => (length < 0 ? `delete ${quoted(key)}` : `put ${quoted(key)}, ${length} characters`))
    .join("; ");
}

function withCaches(spoilt: number): string {
  const how = SPOILINGS[spoilt % SPOILINGS.length]!;
  return how === "nothing" ? "" : `, with its caches spoilt: ${how}`;
}
