import { nodeFileSystem } from "@hashlog/fs-io";
import { hashKeydir } from "@hashlog/index";
import { checkDirectory } from "./check-options.ts";
import { throwIfAborted } from "./errors.ts";
import { LIMITS, type Limits } from "./limits.ts";
import { resolveReadOnlyOptions, type ReadOnlyOptions } from "./read-only-options.ts";
import { ReadOnlyStore } from "./read-only-store.ts";
import { Reader } from "./reader.ts";
import { StoreClock } from "./store-clock.ts";
import { TRACES } from "./tracing.ts";

/** As `open` with `readOnly`, with limits of the caller's where it gives some: for tests, and not exported. */
export function openReadOnly<K, V>(
  directory: string,
  given: ReadOnlyOptions<K, V>,
  limits: Limits = LIMITS,
): Promise<ReadOnlyStore<K, V>> {
  return TRACES.open.around(
    () => ({ directory, readOnly: true }),
    () => openToRead(directory, given, limits),
    (trace, store) => {
      const { road, keys } = store.stats();
      Object.assign(trace, { road, keys });
    },
  );
}

async function openToRead<K, V>(
  directory: string,
  given: ReadOnlyOptions<K, V>,
  limits: Limits,
): Promise<ReadOnlyStore<K, V>> {
  checkDirectory(directory);
  const options = resolveReadOnlyOptions(given, { fileSystem: nodeFileSystem, index: hashKeydir, limits });
  const { signal, onProgress } = options;
  throwIfAborted(signal, "opening the store");
  const reader = new Reader({ directory, ...options }, options.ordered);
  try {
    await reader.refresh({ asksForWriter: true, onProgress, signal });
  } catch (error) {
    await reader.close();
    throw error;
  }
  return new ReadOnlyStore({ directory, reader, clock: new StoreClock(options.clock), options });
}
