import type { StoreStatistics } from "@hashlog/compactor";
import { countAll } from "./count-live.ts";
import { inOwnWords } from "./errors.ts";
import type { Reader } from "./reader.ts";
import type { ReaderOptions } from "./read-only-options.ts";
import { segmentStatistics } from "./store-statistics.ts";
import { SEGMENT_BYTES_DEFAULT } from "./store-options.ts";

/**
 * Counts what of each segment is live: a reader, which merges nothing, does not keep that count. It is one moment's: while the
 * reader catches up between two turns it is begun anew, and the last attempt gives way to nobody.
 */
export async function readerStatistics(
  directory: string,
  reader: Pick<Reader, "current">,
  { fileSystem, clock }: Pick<ReaderOptions<never, never>, "fileSystem" | "clock">,
): Promise<StoreStatistics> {
  const freeBytes = await fileSystem.freeBytes(directory).catch((error: unknown) => {
    throw inOwnWords(error, `looking how much room ${directory} has failed`);
  });
  const nowMs = clock.now();
  for (let attempt = 1; ; attempt += 1) {
    const generation = reader.current;
    const { sequence } = generation;
    const { keydir, table } = generation;
    await countAll(keydir, table, attempt < ATTEMPTS_MAX ? clock : undefined, Math.floor(nowMs));
    if (attempt < ATTEMPTS_MAX && (reader.current !== generation || generation.sequence !== sequence)) {
      continue;
    }
    const segments = [...table.all()];
    const active = segments.findLast(({ state }) => state.kind === "unsealed");
    return {
      segments: segments.map((segment) => ({
        ...segmentStatistics(segment, sequence),
        state: segment === active ? "active" : segment.state.kind,
      })),
      nowMs,
      idleMs: 0,
      freeBytes,
      segmentBytesMax: SEGMENT_BYTES_DEFAULT,
    };
  }
}

const ATTEMPTS_MAX = 3;
