import { scanFrames, SEGMENT_HEADER_BYTES, type Manifest, type ScannedFrame } from "@hashlog/format";
import type { Clock, FileSystem } from "@hashlog/fs-io";
import type { Keydir } from "@hashlog/index";
import type { LoadedCheckpoint } from "./load-checkpoint.ts";
import { corrupt } from "./errors.ts";
import { countingSource } from "./files.ts";
import type { Limits } from "./limits.ts";
import { LoadProgress } from "./load-progress.ts";
import { readHintInto } from "./hint-files.ts";
import { readRun, type LogRun, type RunSource } from "./log-run.ts";
import { runSource, type LogSegment } from "./log-segments.ts";
import { countingSink, replaySink, type RecordSink } from "./record-sink.ts";
import { FrameReplayer } from "./frame-replayer.ts";
import type { Segment } from "./segment.ts";

export interface LoadedIndex<Run = LogRun> {
  /** What the reading of the unsealed segments gave. */
  readonly run: Run;
  readonly road: IndexRoad;
  /** Sealed segments that have no usable hint file. */
  readonly withoutHint: readonly Segment[];
}

/** How most of the keydir was filled. */
export type IndexRoad = "checkpoint" | "hints" | "scan";

export interface LoadParts {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly manifest: Manifest;
  readonly keydir: Keydir;
  /** What the checkpoint said that filled the keydir; `undefined` if there was none, and the keydir is empty. */
  readonly checkpoint: LoadedCheckpoint | undefined;
  readonly sealed: readonly Segment[];
  readonly unsealed: readonly LogSegment[];
  /** Ids of the hint files that the directory holds. */
  readonly hintIds: ReadonlySet<number>;
  readonly progress: LoadProgress;
  readonly limits: Limits;
  readonly clock: Pick<Clock, "yield">;
}

/**
 * Fills the keydir when a store is opened, by the quickest road that leads there:
 *
 *     checkpoint   the keydir as it lay in memory (load-checkpoint.ts has read it), then the log from there on
 *     hints        of each sealed segment the newest record of each of its keys
 *     scan         of a sealed segment without a usable hint every record
 *
 * Hints and checkpoints are caches: a missing, damaged, foreign or stale one costs time and nothing else. A writer scans the
 * unsealed segments whole, as it will seal them and vouch for them then.
 * @throws HashlogError `HASHLOG_CORRUPT` for damage that no hint ties to a key | `HASHLOG_ABORTED` | `HASHLOG_IO`
 */
export function loadIndex(parts: LoadParts): Promise<LoadedIndex> {
  return loadIndexWith(parts, (sink) => loadRun(parts, sink));
}

/** As `loadIndex`, with another way to read the unsealed segments: `readLog` hands their records to the sink. */
export async function loadIndexWith<Run>(
  parts: LoadParts,
  readLog: (sink: RecordSink) => Promise<Run>,
): Promise<LoadedIndex<Run>> {
  const { keydir, checkpoint } = parts;
  const loader = checkpoint === undefined ? keydir.beginLoad() : undefined;
  const sink = checkpoint === undefined ? loader! : replaySink(keydir, checkpoint.counts);
  const sealed = new SealedLoader(parts, sink);
  for (const segment of parts.sealed) {
    const { bytesDone } = parts.progress;
    await sealed.load(segment);
    parts.progress.loaded(segment.sealed.sealedBytes, parts.progress.bytesDone - bytesDone);
  }
  const run = await readLog(sink);
  while (loader?.finish() === false) await parts.clock.yield();
  const road = checkpoint !== undefined ? "checkpoint" : sealed.hinted > 0 ? "hints" : "scan";
  return { run, road, withoutHint: sealed.withoutHint };
}

async function loadRun(parts: LoadParts, sink: RecordSink): Promise<LogRun> {
  const replayer = new FrameReplayer(sink);
  const segments = new Map(parts.unsealed.map(({ segment }) => [segment.segmentId, segment]));
  const covered = parts.checkpoint?.header.replay.sequence ?? 0;
  const onFrame = (source: RunSource, frame: ScannedFrame): void => {
    parts.progress.read("scan", frame.end - frame.offset);
    if (frame.header.firstSequence >= covered) replayer.replay(segments.get(source.segmentId)!, frame);
  };
  return readRun(parts.unsealed.map(runSource), parts.manifest.floor, onFrame, { limits: parts.limits });
}

class SealedLoader {
  readonly #parts: LoadParts;
  readonly #sink: RecordSink;
  readonly #known: ReadonlySet<number>;
  readonly withoutHint: Segment[] = [];
  hinted = 0;

  constructor(parts: LoadParts, sink: RecordSink) {
    this.#parts = parts;
    this.#sink = sink;
    this.#known = new Set(parts.checkpoint?.header.segments.map(({ segmentId }) => segmentId));
  }

  async load(segment: Segment): Promise<void> {
    const state = segment.sealed;
    const replay = this.#parts.checkpoint?.header.replay;
    const hasHint = this.#parts.hintIds.has(segment.segmentId);
    const known = this.#known.has(segment.segmentId);
    if (known && replay !== undefined && state.highestSequence < replay.sequence) {
      // mark: load/covered-by-checkpoint
      if (!hasHint) this.withoutHint.push(segment);
      return;
    }
    // Not known to the checkpoint, and merged: the output of a merge that was killed before its inputs went, and the
    // checkpoint with them. Its records are read where they were copied from, so they are only counted. To replay them
    // would be wrong: they are in no order, and a tombstone may stand before the put that it hides.
    let sink = this.#sink;
    if (replay !== undefined && !known && state.merged) {
      // mark: load/output-of-cut-off-merge-counted
      sink = countingSink;
    }
    let from = SEGMENT_HEADER_BYTES;
    if (replay?.segmentId === segment.segmentId) {
      // What lies before was counted by the checkpoint.
      // mark: load/replay-from-inside-a-segment
      from = replay.offset;
    }
    if (from === SEGMENT_HEADER_BYTES && hasHint && (await this.#loadHint(segment, sink))) {
      // mark: load/by-hint
      this.hinted += 1;
      return;
    }
    if (!hasHint || from === SEGMENT_HEADER_BYTES) this.withoutHint.push(segment);
    // mark: load/by-scan
    await this.#scan(segment, sink, state.sealedBytes, from);
  }

  async #loadHint(segment: Segment, sink: RecordSink): Promise<boolean> {
    const { fileSystem, directory, progress } = this.#parts;
    return readHintInto(segment, sink, { fileSystem, directory }, (bytes) => progress.read("hints", bytes));
  }

  async #scan(segment: Segment, sink: RecordSink, sealedBytes: number, from: number): Promise<void> {
    const source = countingSource(segment.file, sealedBytes, (bytes) => this.#parts.progress.read("scan", bytes));
    const replayer = new FrameReplayer(sink);
    const end = await scanFrames(source, {
      place: segment.place,
      chunkBytes: this.#parts.limits.scanBytes,
      from,
      onFrame: (frame) => replayer.replay(segment, frame),
    });
    if (end.kind === "end") return;
    // mark: load/sealed-segment-damaged
    throw corrupt(`${segment.path}, a sealed segment, is damaged at offset ${end.offset}: ${end.reason}`, {
      path: segment.path,
      segmentId: segment.segmentId,
      offset: end.offset,
      actual: end.reason,
    });
  }
}
