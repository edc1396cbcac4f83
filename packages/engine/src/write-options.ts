import {
  EXPIRY_MAX,
  KEY_BYTES_MAX,
  SEGMENT_BYTES_MAX,
  FRAME_HEADER_BYTES,
  SEGMENT_HEADER_BYTES,
} from "@hashlog/format";
import { describeType } from "./describe-type.ts";
import { invalidArgument, type HashlogError } from "./errors.ts";
import { checkOptions, ofType, unknownOption, type Check } from "./check-options.ts";

/** Options of one put. */
export interface PutOptions extends WriteOptions, Expiry {}

/** When a value expires; at most one of the two. */
export interface Expiry {
  /** Milliseconds from now after which the key counts as absent. A finite number above 0; rounded up. */
  readonly ttlMs?: number | undefined;
  /** Milliseconds since 1970 from which on the key counts as absent; an integer from 1 to 2^53 - 1, also one that has passed. */
  readonly expiresAtMs?: number | undefined;
}

/** Options of any write. */
export interface WriteOptions {
  /** `true`: acknowledged only when synced, whatever the store's sync policy. `false` (default): as the policy says. */
  readonly sync?: boolean | undefined;
}

/**
 * What has to be true of the key, at the write's place in the log, for it to be done; one of the two at most. A key that has
 * expired is absent. `ifAbsent: false` is no condition. Neither may be `undefined`: a version that was not there would be
 * as good as none, and the write overwrite whatever came meanwhile.
 */
export interface ConditionOptions {
  /** `true`: only if the key is not there. */
  readonly ifAbsent?: boolean;
  /** Only if the key is there, and what is there has this version (see `getEntry`). An integer from 1 to 2^53 - 1. */
  readonly ifVersion?: number;
}

/** Of a write that has no condition: whether it was done needs no answer. */
export interface Unconditional {
  readonly ifAbsent?: never;
  readonly ifVersion?: never;
}

/** One operation of a batch. */
export type BatchOperation<K, VI> =
  | ({ readonly type: "put"; readonly key: K; readonly value: VI } & Expiry)
  | { readonly type: "delete"; readonly key: K };

/** One operation of a batch, which may have a condition. */
export type ConditionalOperation<K, VI> = BatchOperation<K, VI> & ConditionOptions;

const TTL: Check = (value) =>
  typeof value === "number" && Number.isFinite(value) && value > 0
    ? undefined
    : "a finite number of milliseconds above 0";
const POSITIVE: Check = (value) =>
  Number.isSafeInteger(value) && (value as number) > 0 ? undefined : "an integer from 1 to 2^53 - 1";

export const WRITE_CHECKS: Readonly<Record<keyof WriteOptions, Check>> = { sync: ofType("boolean") };
const CONDITION_CHECKS: Readonly<Record<keyof ConditionOptions, Check>> = {
  ifAbsent: ofType("boolean"),
  ifVersion: POSITIVE,
};
const EXPIRY_CHECKS: Readonly<Record<keyof Expiry, Check>> = { ttlMs: TTL, expiresAtMs: POSITIVE };
const DELETE_CHECKS = { ...WRITE_CHECKS, ...CONDITION_CHECKS };
const PUT_CHECKS = { ...DELETE_CHECKS, ...EXPIRY_CHECKS };
const ANY: Check = () => undefined;
const BATCH_DELETE_CHECKS = { type: ANY, key: ANY, ...CONDITION_CHECKS };
const BATCH_PUT_CHECKS = { ...BATCH_DELETE_CHECKS, value: ANY, ...EXPIRY_CHECKS };

/** Whether the write asks for a sync of its own. @throws HashlogError `HASHLOG_INVALID_ARGUMENT` */
export function resolveWriteOptions(options: WriteOptions | undefined, of: string): boolean {
  if (options === undefined) return false;
  checkOptions(options, WRITE_CHECKS, of);
  return options.sync ?? false;
}

/** Whether the delete asks for a sync of its own, and what it rests on. @throws HashlogError `HASHLOG_INVALID_ARGUMENT` */
export function resolveDeleteOptions(options: (WriteOptions & ConditionOptions) | undefined): ResolvedWrite {
  if (options === undefined) return NO_OPTIONS;
  checkOptions(options, DELETE_CHECKS, "delete");
  return { sync: options.sync ?? false, version: requiredVersion(options) };
}

/** As `resolveDeleteOptions`, and when the put expires (0: never). @throws HashlogError `HASHLOG_INVALID_ARGUMENT` */
export function resolvePutOptions(
  options: (PutOptions & ConditionOptions) | undefined,
  now: number,
): ResolvedWrite & { readonly expiresAtMs: number } {
  if (options === undefined) return NO_OPTIONS;
  checkOptions(options, PUT_CHECKS, "put");
  return {
    expiresAtMs: resolveExpiry(options, now),
    sync: options.sync ?? false,
    version: requiredVersion(options),
  };
}

interface ResolvedWrite {
  readonly sync: boolean;
  /** The version that the key must have; 0: it must be absent; `undefined`: there is no condition. */
  readonly version: number | undefined;
}

const NO_OPTIONS = { expiresAtMs: 0, sync: false, version: undefined };

/** The version that the key must have; 0: it must be absent; `undefined`: any. @throws HashlogError `HASHLOG_INVALID_ARGUMENT` */
export function requiredVersion(options: ConditionOptions): number | undefined {
  const { ifAbsent, ifVersion } = options;
  if (ifAbsent === undefined && "ifAbsent" in options) throw conditionIsUndefined("ifAbsent");
  if (ifVersion === undefined && "ifVersion" in options) throw conditionIsUndefined("ifVersion");
  if (ifAbsent === true && ifVersion !== undefined) throw invalidArgument("ifAbsent and ifVersion exclude each other");
  return ifAbsent === true ? 0 : ifVersion;
}

function conditionIsUndefined(name: keyof ConditionOptions): HashlogError {
  return invalidArgument(`${name} is undefined: leave it out for no condition, and give ifAbsent for no version`);
}

/**
 * What an operation of a batch asks for besides its key and its value, each of which is read once.
 * @throws HashlogError `HASHLOG_INVALID_ARGUMENT`
 */
export function resolveOperation(operation: unknown, now: number): ResolvedOperation {
  if (typeof operation !== "object" || operation === null || Array.isArray(operation)) {
    throw invalidArgument(`an operation of a batch is ${describeType(operation)}, not an object`);
  }
  const { type: kind, ifAbsent, ifVersion } = operation as Partial<Record<string, unknown>>;
  if (kind !== "put" && kind !== "delete") {
    const given = typeof kind === "string" ? kind : describeType(kind);
    throw invalidArgument(`an operation of a batch has the type ${given}; it must be "put" or "delete"`);
  }
  const isPut = kind === "put";
  const checks = isPut ? BATCH_PUT_CHECKS : BATCH_DELETE_CHECKS;
  // Nearly all have these and no others, and there are so many operations that to look up each name would be felt.
  for (const name in operation) {
    const isUsual = name === "type" || name === "key" || (isPut && name === "value");
    if (isUsual || Object.hasOwn(checks, name) || !Object.hasOwn(operation, name)) continue;
    throw unknownOption(name, checks, `a batch's ${kind}`);
  }
  const { ttlMs, expiresAtMs } = isPut ? (operation as Partial<Record<string, unknown>>) : NO_EXPIRY;
  const isPlain =
    ifAbsent === undefined &&
    ifVersion === undefined &&
    ttlMs === undefined &&
    expiresAtMs === undefined &&
    !("ifAbsent" in operation) &&
    !("ifVersion" in operation);
  if (isPlain) return isPut ? PLAIN_PUT : PLAIN_DELETE;
  const given: Partial<Record<string, unknown>> = { ttlMs, expiresAtMs };
  if ("ifAbsent" in operation) given.ifAbsent = ifAbsent;
  if ("ifVersion" in operation) given.ifVersion = ifVersion;
  checkOptions(given, BATCH_PUT_CHECKS, `a batch's ${kind}`);
  return {
    isPut,
    expiresAtMs: resolveExpiry(given as Expiry, now),
    version: requiredVersion(given as ConditionOptions),
  };
}

/** What is asked for by an operation of a batch. */
export interface ResolvedOperation {
  readonly isPut: boolean;
  /** When the value expires; 0: never. */
  readonly expiresAtMs: number;
  /** As `requiredVersion`. */
  readonly version: number | undefined;
}

const NO_EXPIRY: Expiry = {};
const PLAIN_PUT: ResolvedOperation = { isPut: true, expiresAtMs: 0, version: undefined };
const PLAIN_DELETE: ResolvedOperation = { isPut: false, expiresAtMs: 0, version: undefined };

/** When a value with these options expires; 0: never. @throws HashlogError `HASHLOG_INVALID_ARGUMENT` */
export function resolveExpiry({ ttlMs, expiresAtMs }: Expiry, now: number): number {
  if (ttlMs === undefined) return expiresAtMs ?? 0;
  if (expiresAtMs !== undefined) throw invalidArgument("ttlMs and expiresAtMs exclude each other");
  const at = Math.ceil(now + ttlMs);
  if (at > EXPIRY_MAX) throw invalidArgument(`a ttlMs of ${ttlMs} ends beyond 2^53 - 1 milliseconds since 1970`);
  return at;
}

/** @throws HashlogError `HASHLOG_INVALID_ARGUMENT` */
export function checkKeyBytes(key: unknown, codec: string): asserts key is Uint8Array {
  checkEncoded(key, codec);
  if (key.length > KEY_BYTES_MAX) {
    throw invalidArgument(`a key of ${key.length} bytes is longer than ${KEY_BYTES_MAX}`, {
      expected: KEY_BYTES_MAX,
      actual: key.length,
    });
  }
}

/** @throws HashlogError `HASHLOG_INVALID_ARGUMENT` */
export function checkEncoded(bytes: unknown, codec: string): asserts bytes is Uint8Array {
  if (!(bytes instanceof Uint8Array))
    throw invalidArgument(`the codec "${codec}" encoded to ${describeType(bytes)}, not to a Uint8Array`);
  checkThere(bytes);
}

/** Bytes that are there still, where a codec has run since that may have handed on their buffer. @throws HashlogError `HASHLOG_INVALID_ARGUMENT` */
export function checkThere(bytes: Uint8Array): void {
  if (bytes.length === 0 && isGone(bytes))
    throw invalidArgument("bytes of a key or a value are gone: their buffer was transferred, or is shorter by now");
}

/** Whether an array that seems empty is one of a buffer that has been transferred, or does not reach so far any more. */
function isGone(bytes: Uint8Array): boolean {
  try {
    return new Uint8Array(bytes).length > 0;
  } catch {
    return true;
  }
}

/** What a commit takes in the log must fit into one segment. @throws HashlogError `HASHLOG_INVALID_ARGUMENT` */
export function checkCommitBytes(bytes: number): void {
  if (bytes <= COMMIT_BYTES_MAX) return;
  throw invalidArgument(`a commit of ${bytes} bytes is larger than ${COMMIT_BYTES_MAX}`, {
    expected: COMMIT_BYTES_MAX,
    actual: bytes,
  });
}

// Room for the segment's header, the frame's, and a few fences behind it.
const FENCES_ROOM = 16;
export const COMMIT_BYTES_MAX: number =
  SEGMENT_BYTES_MAX - SEGMENT_HEADER_BYTES - (1 + FENCES_ROOM) * FRAME_HEADER_BYTES;
