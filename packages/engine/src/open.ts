import { nodeFileSystem } from "@hashlog/fs-io";
import { hashKeydir } from "@hashlog/index";
import { describeType } from "./codecs.ts";
import { fromFileSystem, invalidArgument, throwIfAborted } from "./errors.ts";
import { LIMITS, type Limits } from "./limits.ts";
import { enterDirectory } from "./store-directory.ts";
import { resolveOptions, type OpenOptions } from "./store-options.ts";
import { StoreOpener } from "./store-opener.ts";
import { Store } from "./store.ts";

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
  options: OpenOptions<K, V, VI> = {},
): Promise<Store<K, V, VI>> {
  return openWithin(LIMITS, directory, options);
}

/** As `open`, with limits of the caller's: for tests, and not exported. */
export async function openWithin<K = string, V = Uint8Array, VI = V extends Uint8Array ? Uint8Array | string : V>(
  limits: Limits,
  directory: string,
  options: OpenOptions<K, V, VI> = {},
): Promise<Store<K, V, VI>> {
  if (typeof directory !== "string" || directory === "") {
    throw invalidArgument(`the directory is ${directory === "" ? "an empty string" : describeType(directory)}`);
  }
  const resolved = resolveOptions(options, { fileSystem: nodeFileSystem, index: hashKeydir, limits });
  throwIfAborted(resolved.signal, "opening the store");
  const entered = await enterDirectory(directory, resolved);
  const opener = new StoreOpener(directory, resolved, entered);
  try {
    return new Store(await opener.open());
  } catch (error) {
    await opener.abandon();
    throw fromFileSystem(error, `opening ${directory} failed`);
  }
}
