import { systemClock, type Clock, type FileSystem } from "@hashlog/fs-io";
import type { KeydirFactory } from "@hashlog/index";
import { bytes, utf8, type Codec } from "./codecs.ts";
import type { Limits } from "./limits.ts";
import { checkOptions, ofType, type Check } from "./check-options.ts";
import {
  CACHE_BYTES_DEFAULT,
  OPEN_CHECKS,
  type DefaultParts,
  type OpenOptions,
  type OpenProgress,
} from "./store-options.ts";

/**
 * What `open` takes besides the directory where a store is only to be read: beside a writer in this or another process, or
 * without one. Nothing is written, made or locked.
 */
export interface ReadOnlyOptions<K = string, V = Uint8Array> {
  readonly readOnly: true;
  /**
   * Catch up by itself: soon after a change (about 10 ms), and by looking every 200 ms when there was none for a while. It
   * does not keep the process alive. Default `false`: only `refresh` does.
   */
  readonly follow?: boolean | undefined;
  /** A store that is not there is `HASHLOG_NOT_FOUND`. */
  readonly createIfMissing?: false | undefined;
  /** As the writer's. */
  readonly keys?: Codec<K, NoInfer<K>> | undefined;
  /** As the writer's; only `decode` is called. */
  readonly values?: Codec<V, never> | undefined;
  /** As for writing; here the keys are put in order again whenever the index is loaded again. */
  readonly ordered?: boolean | undefined;
  /** As for writing. */
  readonly cacheBytesMax?: number | undefined;
  /** The file system. Default: the platform's, `nodeFileSystem()`. */
  readonly fileSystem?: FileSystem | undefined;
  /** The keydir. Default: `hashKeydir` of `@hashlog/index`. */
  readonly index?: KeydirFactory | undefined;
  /** Time and timers. Default: the machine's. */
  readonly clock?: Clock | undefined;
  /** Called now and then while a long opening reads. */
  readonly onProgress?: ((progress: OpenProgress) => void) | undefined;
  /** Cancels the opening, which then rejects with `HASHLOG_ABORTED`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Options that both kinds of opening have, where only the running program knows which of the two it is. Of what `open` gives
 * only a `ReadOnlyStore` has `refresh`.
 */
export interface EitherOptions<
  K = string,
  V = Uint8Array,
  VI = V extends Uint8Array ? Uint8Array | string : V,
> extends Omit<ReadOnlyOptions<K, V>, "readOnly" | "follow" | "values"> {
  readonly readOnly: boolean;
  /** As for writing. */
  readonly values?: Codec<V, VI> | undefined;
}

/** The options with their defaults filled in. */
export interface ReaderOptions<K, V> {
  readonly follow: boolean;
  readonly keys: Codec<K>;
  readonly values: Pick<Codec<V>, "name" | "decode">;
  readonly ordered: boolean;
  readonly cacheBytesMax: number;
  readonly fileSystem: FileSystem;
  readonly index: KeydirFactory;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly onProgress: ((progress: OpenProgress) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

const REFUSED: Check = () => "left out where readOnly is true";

const READ_ONLY_CHECKS: typeof OPEN_CHECKS = {
  ...OPEN_CHECKS,
  follow: ofType("boolean"),
  createIfMissing: (value) => (value === false ? undefined : "false where readOnly is true"),
  sync: REFUSED,
  segmentBytesMax: REFUSED,
  allowSharedVolume: REFUSED,
  compaction: REFUSED,
  random: REFUSED,
};

/** Whether these options ask for a store that is only read. */
export function areReadOnly<K, V, VI>(
  given: OpenOptions<K, V, VI> | ReadOnlyOptions<K, V>,
): given is ReadOnlyOptions<K, V> {
  return typeof given === "object" && given !== null && given.readOnly === true;
}

/**
 * Checks the options and fills in what is missing.
 * @throws HashlogError `HASHLOG_INVALID_ARGUMENT` naming the option, also where it is one for writing.
 */
export function resolveReadOnlyOptions<K, V>(
  given: ReadOnlyOptions<K, V>,
  defaults: DefaultParts,
): ReaderOptions<K, V> {
  checkOptions(given, READ_ONLY_CHECKS, "open");
  return {
    follow: given.follow ?? false,
    keys: given.keys ?? (utf8 as Codec<unknown> as Codec<K>),
    values: given.values ?? (bytes as Codec<unknown, never> as Codec<V, never>),
    ordered: given.ordered ?? false,
    cacheBytesMax: given.cacheBytesMax ?? CACHE_BYTES_DEFAULT,
    fileSystem: given.fileSystem ?? defaults.fileSystem(),
    index: given.index ?? defaults.index,
    clock: given.clock ?? systemClock,
    limits: defaults.limits,
    onProgress: given.onProgress,
    signal: given.signal,
  };
}
