import { nodeFileSystem } from "@hashlog/fs-io";
import { hashKeydir } from "@hashlog/index";
import { checkDirectory } from "./check-options.ts";
import { inOwnWords, throwIfAborted } from "./errors.ts";
import { LIMITS, type Limits } from "./limits.ts";
import { openReadOnly } from "./open-read-only.ts";
import { areReadOnly, type EitherOptions, type ReadOnlyOptions } from "./read-only-options.ts";
import type { ReadOnlyStore } from "./read-only-store.ts";
import { enterDirectory } from "./store-directory.ts";
import { resolveOptions, type OpenOptions } from "./store-options.ts";
import { StoreOpener } from "./store-opener.ts";
import { Store } from "./store.ts";
import { TRACES } from "./tracing.ts";

/**
 * Opens a store to read it alone: without a lock, beside a writer in whatever process, or without one. Resolves when the
 * index is loaded. It shows what the writer had acknowledged then, and catches up with `refresh`, or with `follow` by itself.
 * Without a writer it shows everything that can be read, made durable as far as this process may.
 *
 * @throws HashlogError `HASHLOG_NOT_FOUND` when there is no store; `HASHLOG_CORRUPT`, `HASHLOG_VERSION`,
 * `HASHLOG_NOT_PERMITTED`, `HASHLOG_INVALID_ARGUMENT`, `HASHLOG_ABORTED`, `HASHLOG_IO`
 */
export function open<K = string, V = Uint8Array>(
  directory: string,
  options: ReadOnlyOptions<K, V>,
): Promise<ReadOnlyStore<K, V>>;
/**
 * Opens the store in `directory`, and makes it if there is none. Resolves when the keydir is filled, what a crash left is
 * recovered, and everything that can be read is durable.
 *
 * @throws HashlogError `HASHLOG_LOCKED` when it is open for writing already, in whatever process; `HASHLOG_CORRUPT`,
 * `HASHLOG_VERSION`, `HASHLOG_NOT_FOUND`, `HASHLOG_NOT_PERMITTED`, `HASHLOG_NOT_SUPPORTED`, `HASHLOG_NO_SPACE`,
 * `HASHLOG_INVALID_ARGUMENT`, `HASHLOG_ABORTED`, `HASHLOG_IO`
 */
export function open<K = string, V = Uint8Array, VI = V extends Uint8Array ? Uint8Array | string : V>(
  directory: string,
  options?: OpenOptions<K, V, VI>,
): Promise<Store<K, V, VI>>;
/** Opens the store in either way, as `readOnly` says: only then it is known which of the two it gives. */
export function open<K = string, V = Uint8Array, VI = V extends Uint8Array ? Uint8Array | string : V>(
  directory: string,
  options: EitherOptions<K, V, VI>,
): Promise<Store<K, V, VI> | ReadOnlyStore<K, V>>;
/** Opens a store, to write it or to read it alone. */
export function open<K, V, VI>(
  directory: string,
  options: OpenOptions<K, V, VI> | ReadOnlyOptions<K, V> = {},
): Promise<Store<K, V, VI> | ReadOnlyStore<K, V>> {
  return areReadOnly(options) ? openReadOnly(directory, options) : openWithin(LIMITS, directory, options);
}

/** As `open`, with limits of the caller's: for tests, and not exported. */
export function openWithin<K = string, V = Uint8Array, VI = V extends Uint8Array ? Uint8Array | string : V>(
  limits: Limits,
  directory: string,
  options: OpenOptions<K, V, VI> = {},
): Promise<Store<K, V, VI>> {
  return TRACES.open.around(
    () => ({ directory, readOnly: false }),
    () => openToWrite(limits, directory, options),
    (trace, store) => {
      const { open: report, keys } = store.stats();
      Object.assign(trace, { road: report.road, keys });
    },
  );
}

async function openToWrite<K, V, VI>(
  limits: Limits,
  directory: string,
  options: OpenOptions<K, V, VI>,
): Promise<Store<K, V, VI>> {
  checkDirectory(directory);
  const resolved = resolveOptions(options, { fileSystem: nodeFileSystem, index: hashKeydir, limits });
  throwIfAborted(resolved.signal, "opening the store");
  const entered = await enterDirectory(directory, resolved);
  const opener = new StoreOpener(directory, resolved, entered);
  try {
    return new Store(await opener.open());
  } catch (error) {
    await opener.abandon();
    throw inOwnWords(error, `opening ${directory} failed`);
  }
}
