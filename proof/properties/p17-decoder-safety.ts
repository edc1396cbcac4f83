import { HashlogError, type HashlogErrorCode } from "@hashlog/engine";
import type { SimulatedDisk } from "@hashlog/fs-io/testing";
import { violated, type Property } from "./property.ts";

export const decoderSafety: Property = {
  id: "P17",
  title: "Decoder safety",
  statement:
    "Whatever bytes lie in a store's files, opening it ends, in memory bounded by the size of the files, with a store or " +
    "with a HashlogError that says what is wrong, and then nothing was touched; every read of that store ends likewise.",
  why:
    "A length that is believed before it is checked makes one flipped bit an allocation of four gigabytes, and a parser " +
    "that throws a TypeError is a program that crashes where it should have said which file to restore. A store that was " +
    "refused has to lie there as it was found: it is evidence, and somebody will want to repair it.",
};

/** How an opening or a read of damaged files may end: the data is damaged, or the file system says no by itself. */
const ENDINGS: ReadonlySet<HashlogErrorCode> = new Set(["HASHLOG_CORRUPT", "HASHLOG_VERSION", "HASHLOG_IO"]);

/**
 * What was thrown is an error of the store's, of a kind that damage has; returns it.
 * @throws PropertyViolation
 */
export function mustBeTyped(what: string, error: unknown): HashlogError {
  if (HashlogError.is(error) && ENDINGS.has(error.code)) return error;
  const words = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return violated(decoderSafety, `${what} ends with ${words}`, { cause: error });
}

/**
 * The opening that was refused has not changed a byte or a name.
 * @throws PropertyViolation
 */
export function mustBeUntouched(disk: SimulatedDisk): void {
  if (disk.position > 0)
    violated(decoderSafety, `the opening was refused, and took ${disk.position} steps on the disk`);
}

/** What was allocated while something ran. */
export interface Allocations {
  /** The largest at once, in bytes. */
  readonly largestBytes: number;
  readonly totalBytes: number;
}

/**
 * No more memory was asked for than the files on the disk account for.
 * @throws PropertyViolation
 */
export function mustBeBounded({ largestBytes, totalBytes }: Allocations, limit: Allocations): void {
  if (largestBytes > limit.largestBytes) violated(decoderSafety, `${largestBytes} bytes were allocated at once`);
  if (totalBytes > limit.totalBytes) violated(decoderSafety, `${totalBytes} bytes were allocated in all`);
}
