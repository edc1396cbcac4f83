import type { Clock } from "@hashlog/fs-io";
import { unlessAborted } from "./abortable.ts";
import { abortSignal, checkOptions, ofType, type Check } from "./check-options.ts";
import { throwIfAborted } from "./errors.ts";
import { destinationFailed, sinkOf, type ExportDestination, type Sink } from "./export-destination.ts";
import type { ChunkIterator, IterateOptions } from "./iterate.ts";
import type { CodecNames, ExportedEntry } from "./exported-entry.ts";
import { LineWriter } from "./line-writer.ts";
import { RANGE_CHECKS } from "./range.ts";
import { TRACES } from "./tracing.ts";

/** Options of `exportTo`. Without any of those of a range all entries are exported, in no particular order. */
export interface ExportOptions<K> extends IterateOptions<K> {
  /**
   * End the destination when everything is written, or, where that fails, have it fail. Default `false`: it is left open, and has
   * taken everything all the same.
   */
  readonly end?: boolean | undefined;
  /** Called whenever the destination has taken a chunk, of up to 64 KiB. */
  readonly onProgress?: ((progress: ExportProgress) => void) | undefined;
}

const EXPORT_CHECKS: Readonly<Record<keyof ExportOptions<unknown>, Check>> = {
  ...RANGE_CHECKS,
  signal: abortSignal,
  end: ofType("boolean"),
  onProgress: ofType("function"),
};

/** How far an export has come. */
export interface ExportProgress {
  readonly entriesDone: number;
  /** How many there are at most, as some may have expired; `undefined` where a range was asked for. */
  readonly entriesTotal: number | undefined;
  /** Bytes that were handed to the destination. */
  readonly bytesDone: number;
}

/** What an export has done. */
export interface ExportReport {
  readonly entries: number;
  /** Bytes that the destination has taken. */
  readonly bytes: number;
  readonly durationMs: number;
}

/** What it takes to export. */
export interface ExportParts<K> {
  readonly directory: string;
  readonly codecs: CodecNames;
  readonly clock: Pick<Clock, "elapsedMs">;
  /** Begins to iterate, as of the call. */
  readonly begin: () => ChunkIterator<ExportedEntry, K>;
}

/**
 * Writes entries as lines (EXPORT-FORMAT.md), as of the call, as fast as the destination takes them: what is held meanwhile is a
 * chunk, what the destination has not taken yet, and the few values that an iterator reads ahead.
 * @throws HashlogError `HASHLOG_IO` with the destination's error as its cause; what iterating throws
 */
export function exportEntries<K>(
  parts: ExportParts<K>,
  destination: ExportDestination,
  options: ExportOptions<K>,
): Promise<ExportReport> {
  return TRACES.export.around(
    () => ({ directory: parts.directory }),
    () => exportTo(parts, destination, options),
    (trace, report) => {
      trace.report = report;
    },
  );
}

async function exportTo<K>(
  parts: ExportParts<K>,
  destination: ExportDestination,
  options: ExportOptions<K>,
): Promise<ExportReport> {
  checkOptions(options, EXPORT_CHECKS, "exportTo");
  const { end = false, onProgress, signal } = options;
  const begun = parts.clock.elapsedMs();
  const sink = sinkOf(destination);
  let entries: ChunkIterator<ExportedEntry, K> | undefined;
  try {
    throwIfAborted(signal, EXPORTING);
    // Before anything is waited for: what is exported is the store as of the call.
    entries = parts.begin();
    const done = await writeAll(sink, { codecs: parts.codecs, entries, end, onProgress, signal });
    return { ...done, durationMs: parts.clock.elapsedMs() - begun };
  } catch (error) {
    // It is not whole, and whoever reads it is to know.
    if (end) sink.abandon(error as Error);
    throw error;
  } finally {
    await entries?.return();
    sink.release();
  }
}

async function writeAll<K>(
  sink: Sink,
  given: {
    readonly codecs: CodecNames;
    readonly entries: ChunkIterator<ExportedEntry, K>;
    readonly end: boolean;
    readonly onProgress: ((progress: ExportProgress) => void) | undefined;
    readonly signal: AbortSignal | undefined;
  },
): Promise<{ readonly entries: number; readonly bytes: number }> {
  const { codecs, entries, end, onProgress, signal } = given;
  const { entriesMost: entriesTotal } = entries;
  const lines = new LineWriter();
  let entriesDone = 0;
  let bytesDone = 0;
  const waitFor = (taken: Promise<void>): Promise<void> => {
    const inWords = taken.catch((error: unknown) => {
      throw destinationFailed(error);
    });
    return unlessAborted(inWords, signal, EXPORTING);
  };
  const send = async (chunk: Uint8Array): Promise<void> => {
    await waitFor(sink.write(chunk));
    bytesDone += chunk.length;
    onProgress?.({ entriesDone, entriesTotal, bytesDone });
  };
  for (const chunk of lines.header(codecs)) await send(chunk);
  for (let some = await entries.nextChunk(); some.length > 0; some = await entries.nextChunk()) {
    for (const { key, value, expiresAtMs } of some) {
      for (const chunk of lines.entry(key, value, expiresAtMs)) await send(chunk);
      entriesDone += 1;
    }
  }
  for (const chunk of lines.trailer(entriesDone)) await send(chunk);
  await waitFor(sink.flush());
  if (end) await waitFor(sink.end());
  return { entries: entriesDone, bytes: bytesDone };
}

const EXPORTING = "the export";
