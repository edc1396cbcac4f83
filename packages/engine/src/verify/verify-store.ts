import { checkOptions } from "../check-options.ts";
import { inOwnWords, throwIfAborted } from "../errors.ts";
import type { StoreMachinery } from "../store-machinery.ts";
import { TRACES } from "../tracing.ts";
import type { View } from "../views.ts";
import { examinedSegment, type ExaminedSegment } from "./examined-segment.ts";
import { finding } from "./finding.ts";
import { verifyParts, type SegmentCounts, type StoreInMemory, type VerificationParts } from "./verification.ts";
import { VERIFY_CHECKS, type VerifyOptions, type VerifyReport } from "./verify-options.ts";
import { VerifyProgressTeller } from "./verify-progress.ts";

type Verifiable = Pick<
  StoreMachinery<never, never, never>,
  "parts" | "log" | "views" | "maintenance" | "compaction" | "state" | "index"
>;

/**
 * Verifies a store that is open, as of a moment, while it goes on being read and written: its files (verification.ts), and what
 * it has in memory. Segments that are merged away meanwhile are read all the same, as it holds them.
 * @throws HashlogError `HASHLOG_ABORTED` | `HASHLOG_CLOSED` | `HASHLOG_IO`
 */
export function verifyStore<K, V, VI>(
  machinery: StoreMachinery<K, V, VI>,
  options: VerifyOptions,
): Promise<VerifyReport> {
  return TRACES.verify.around(
    () => ({ directory: machinery.parts.directory }),
    () => verifyOpen(machinery, options),
    (trace, report) => {
      trace.report = report;
    },
  );
}

async function verifyOpen(store: Verifiable, options: VerifyOptions): Promise<VerifyReport> {
  checkOptions(options, VERIFY_CHECKS, "verify");
  throwIfAborted(options.signal, "the verification");
  const { parts, log, maintenance, compaction, state } = store;
  const begun = parts.clock.elapsedMs();
  compaction.makeWay();
  const moment = await maintenance.run(async () => {
    // Meanwhile keys still lie in segments that the manifest does not list any more.
    while (log.segments.rescuing !== undefined) await log.segments.rescuing.catch(() => undefined);
    return stopAt(store);
  });
  try {
    const bytesTotal = moment.segments.reduce((sum, { bytes }) => sum + bytes, moment.manifest.checkpoint?.bytes ?? 0);
    const progress = new VerifyProgressTeller(options, "the verification", bytesTotal);
    const { fileSystem, directory, clock, limits } = parts;
    const { findings, examination, records, keys } = await verifyParts({
      ...{ fileSystem, directory, clock, limits, index: store.index },
      ...{ manifest: moment.manifest, segments: moment.segments, memory: moment.memory },
      atRest: (work) => maintenance.run(work),
      onRead: (bytes) => {
        state.mustBeOpen();
        progress.read(bytes);
      },
    });
    progress.tell();
    return {
      findings: [...(await manifestFinding(store)), ...findings],
      tornTail: examination.tear,
      segments: moment.segments.length,
      ...{ records, keys, bytesRead: progress.bytesDone, durationMs: parts.clock.elapsedMs() - begun },
    };
  } catch (error) {
    throw inOwnWords(error, `verifying ${parts.directory} failed`);
  } finally {
    moment.view.close();
  }
}

interface Moment {
  readonly view: View;
  readonly manifest: VerificationParts["manifest"];
  readonly segments: readonly ExaminedSegment[];
  readonly memory: StoreInMemory;
}

/** All in one go: nothing is acknowledged in between. */
function stopAt({ parts, log, views }: Verifiable): Moment {
  const { table } = parts;
  const manifest = parts.manifest.current;
  const view = views.open("verification");
  const counts = new Map<number, SegmentCounts>();
  const segments = manifest.segments.flatMap((listed, slot) => {
    const segment = table.byId(listed.segmentId);
    // One that was listed a moment ago: nothing is in it yet.
    if (segment === undefined) return [];
    const { segmentId, totals, liveRecords, liveBytes, expiredRecords, expiredBytes } = segment;
    counts.set(segment.slot, {
      ...{ segmentId, liveRecords, liveBytes, expiredRecords, expiredBytes },
      totals: { ...totals },
    });
    const bytes = listed.state === "sealed" ? listed.sealedBytes : segment.bytes;
    return [examinedSegment(listed, slot, segment.path, segment.file, bytes)];
  });
  const memory: StoreInMemory = {
    sequence: log.acknowledged,
    view: {
      size: view.keyCount,
      find: (bytes, start, end, found) => view.find(bytes.subarray(start, end), found),
      openScan: () => view.openScan(),
    },
    isCheckpoint: (id) => parts.manifest.current.checkpoint?.id === id,
    counts,
    expiredAsOfMs: table.expiry.asOfMs,
  };
  return { view, manifest, segments, memory };
}

async function manifestFinding({ parts }: Verifiable): Promise<VerifyReport["findings"]> {
  try {
    await parts.manifest.check();
    return [];
  } catch (error) {
    // mark: verify/manifest-is-another
    return [
      finding("manifest", `it is not the one that this store wrote: ${String(error)}`, { path: parts.manifest.path }),
    ];
  }
}
