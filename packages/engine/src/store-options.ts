import { parseSyncPolicy, systemClock, type Clock, type FileSystem, type SyncPolicy } from "@hashlog/fs-io";
import type { KeydirFactory } from "@hashlog/index";
import { bytes, utf8, type Codec } from "./codecs.ts";
import { abortSignal, checkOptions, methods, ofType, type Check } from "./check-options.ts";
import { resolveCompaction, type CompactionOptions, type CompactionSettings } from "./compaction-options.ts";
import { invalidArgument } from "./errors.ts";
import type { Limits } from "./limits.ts";
import { systemRandom, type RandomSource } from "./random.ts";

/** What `open` takes besides the directory. Every option may be left out; an unknown one is refused by name. */
export interface OpenOptions<K = string, V = Uint8Array, VI = V extends Uint8Array ? Uint8Array | string : V> {
  /** How keys become bytes. Default `utf8`: strings. A key is at most 65,535 bytes. */
  readonly keys?: Codec<K, NoInfer<K>> | undefined;
  /** How values become bytes. Default `bytes`: `Uint8Array`, or strings that come back as bytes. */
  readonly values?: Codec<V, VI> | undefined;
  /**
   * When a write is acknowledged. `"always"` (default): once it is synced; nothing acknowledged is lost by a power cut.
   * `{ intervalMs }` and `"never"`: once the operating system has the bytes; a killed process loses nothing, a power cut
   * may lose the latest writes, with `{ intervalMs }` (1 to 2,147,483,647) those of at most that interval and one sync.
   */
  readonly sync?: SyncPolicy | undefined;
  /** Make the directory (and its parents) and an empty store where there is none. Default `true`. */
  readonly createIfMissing?: boolean | undefined;
  /**
   * Bytes after which a new segment is begun. Default 268,435,456 (256 MiB), from 512 to 2,147,483,648. Smaller
   * segments give their space back sooner and cost a file handle each; larger ones make fewer files.
   */
  readonly segmentBytesMax?: number | undefined;
  /**
   * Open for writing although the directory lies on a network or shared volume, where the lock keeps out only writers
   * of this machine. Default `false`: such a volume is refused with `HASHLOG_NOT_SUPPORTED`.
   */
  readonly allowSharedVolume?: boolean | undefined;
  /**
   * Keep the keys in order from the start: iterators go in that order, and a range costs nothing extra the first time.
   * Opening takes about a second longer for each million keys, and each key up to 12 bytes more. Default `false`: they are
   * put in order when a range is first asked for.
   */
  readonly ordered?: boolean | undefined;
  /**
   * Bytes of memory that keep values which were read more than once of late, of at most 4 KiB each; they are taken when there
   * are some, with up to three tenths as much for finding them. Default 16,777,216 (16 MiB), from 0 (none) to 1,073,741,824.
   */
  readonly cacheBytesMax?: number | undefined;
  /**
   * How and when segments are merged in the background, so that the space of what is overwritten, deleted or expired comes
   * back. Default `true`: when it is worth it, so that segments take less than half as much again as what is live. `false`:
   * only when `compact()` is called.
   */
  readonly compaction?: CompactionOptions | boolean | undefined;
  /** The file system. Default: the platform's, `nodeFileSystem()`. */
  readonly fileSystem?: FileSystem | undefined;
  /** The keydir. Default: `hashKeydir` of `@hashlog/index`. */
  readonly index?: KeydirFactory | undefined;
  /** Time and timers. Default: the machine's. */
  readonly clock?: Clock | undefined;
  /** Randomness for identities and the hash key. Default: the platform's cryptographic source. */
  readonly random?: RandomSource | undefined;
  /** `true`: see `ReadOnlyOptions`. Default `false`. */
  readonly readOnly?: false | undefined;
  /** Called now and then while a long opening reads. */
  readonly onProgress?: ((progress: OpenProgress) => void) | undefined;
  /** Cancels the opening, which then rejects with `HASHLOG_ABORTED` and leaves everything as it was. */
  readonly signal?: AbortSignal | undefined;
}

/** How far an opening is. */
export interface OpenProgress {
  /** What is being read: the checkpoint, hint files, or segments by scanning. With `ordered`, `"order"` when all is read. */
  readonly phase: "checkpoint" | "hints" | "scan" | "order";
  readonly bytesDone: number;
  readonly bytesTotal: number;
  /** How many keys are in order; both 0 before that phase. */
  readonly keysDone: number;
  readonly keysTotal: number;
}

/** The options with their defaults filled in. */
export interface StoreOptions<K, V, VI> {
  readonly keys: Codec<K>;
  readonly values: Codec<V, VI>;
  readonly sync: SyncPolicy;
  readonly createIfMissing: boolean;
  readonly segmentBytesMax: number;
  readonly allowSharedVolume: boolean;
  readonly ordered: boolean;
  readonly cacheBytesMax: number;
  readonly compaction: CompactionSettings;
  readonly fileSystem: FileSystem;
  readonly index: KeydirFactory;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly limits: Limits;
  readonly onProgress: ((progress: OpenProgress) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

export const SEGMENT_BYTES_DEFAULT: number = 256 * 1024 * 1024;
export const CACHE_BYTES_DEFAULT: number = 16 * 1024 * 1024;
const CACHE_BYTES_MOST = 2 ** 30;
const SEGMENT_BYTES_LEAST = 512;
const SEGMENT_BYTES_MOST = 2 ** 31;

/** What is used where the caller gives no part of their own; and limits, which are none of theirs. */
export interface DefaultParts {
  readonly fileSystem: () => FileSystem;
  readonly index: KeydirFactory;
  readonly limits: Limits;
}

/** What is checked of each option of `open`. */
export const OPEN_CHECKS: Readonly<Record<keyof OpenOptions<unknown, unknown> | "follow", Check>> = {
  keys: codec,
  values: codec,
  sync: () => undefined,
  createIfMissing: ofType("boolean"),
  segmentBytesMax: (value) =>
    Number.isInteger(value) && (value as number) >= SEGMENT_BYTES_LEAST && (value as number) <= SEGMENT_BYTES_MOST
      ? undefined
      : `an integer from ${SEGMENT_BYTES_LEAST} to ${SEGMENT_BYTES_MOST}`,
  allowSharedVolume: ofType("boolean"),
  ordered: ofType("boolean"),
  cacheBytesMax: (value) =>
    Number.isInteger(value) && (value as number) >= 0 && (value as number) <= CACHE_BYTES_MOST
      ? undefined
      : `an integer from 0 to ${CACHE_BYTES_MOST}`,
  compaction: (value) =>
    typeof value === "boolean" || (typeof value === "object" && value !== null && !Array.isArray(value))
      ? undefined
      : "false, or an object with options",
  fileSystem: methods("create", "openRead", "replace", "lock"),
  index: ofType("function"),
  clock: methods("now", "elapsedMs", "setTimer", "yield"),
  random: methods("fill"),
  readOnly: ofType("boolean"),
  follow: (value) => (value === false ? undefined : "false, unless readOnly is true"),
  onProgress: ofType("function"),
  signal: abortSignal,
};

/**
 * Checks the options and fills in what is missing.
 * @throws HashlogError `HASHLOG_INVALID_ARGUMENT` naming the option; `HASHLOG_NOT_SUPPORTED` where merges cannot run as
 * they shall in the file system
 */
export function resolveOptions<K, V, VI>(given: OpenOptions<K, V, VI>, defaults: DefaultParts): StoreOptions<K, V, VI> {
  checkOptions(given, OPEN_CHECKS, "open");
  const fileSystem = given.fileSystem ?? defaults.fileSystem();
  const compaction = resolveCompaction(given.compaction);
  compaction.executor.check(fileSystem);
  return {
    keys: given.keys ?? (utf8 as Codec<unknown> as Codec<K>),
    values: given.values ?? (bytes as Codec<unknown, never> as Codec<V, VI>),
    sync: resolveSyncPolicy(given.sync),
    createIfMissing: given.createIfMissing ?? true,
    segmentBytesMax: given.segmentBytesMax ?? SEGMENT_BYTES_DEFAULT,
    allowSharedVolume: given.allowSharedVolume ?? false,
    ordered: given.ordered ?? false,
    cacheBytesMax: given.cacheBytesMax ?? CACHE_BYTES_DEFAULT,
    compaction,
    fileSystem,
    index: given.index ?? defaults.index,
    clock: given.clock ?? systemClock,
    random: given.random ?? systemRandom,
    limits: defaults.limits,
    onProgress: given.onProgress,
    signal: given.signal,
  };
}

function resolveSyncPolicy(value: unknown): SyncPolicy {
  try {
    return value === undefined ? "always" : parseSyncPolicy(value);
  } catch (error) {
    throw invalidArgument(`the option "sync" is wrong: ${(error as Error).message}`, { actual: value, cause: error });
  }
}

function codec(value: unknown): string | undefined {
  const expected = methods("encode", "decode")(value);
  return expected && `a codec (utf8, bytes or json() of @hashlog/engine, or ${expected})`;
}
