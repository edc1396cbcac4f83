import { MANIFEST_NAME, type CheckpointHeader, type ScannedFrame } from "@hashlog/format";
import type { Keydir } from "@hashlog/index";
import { checkLoaded, testimoniesOfUnlisted } from "./check-loaded.ts";
import { countLive } from "./count-live.ts";
import { HashlogError } from "./errors.ts";
import { FrameReplayer } from "./frame-replayer.ts";
import { Generation, type LoadedGeneration, type ReaderParts } from "./generation.ts";
import type { LogSegment } from "./log-segments.ts";
import { loadFiles } from "./load-files.ts";
import { loadIndexWith } from "./load-index.ts";
import type { LoadProgress } from "./load-progress.ts";
import { LogTail } from "./log-tail.ts";
import { lastSequenceIn, readManifest, type ReadManifest } from "./manifest-file.ts";
import { RevocableSink, type RecordSink } from "./record-sink.ts";
import { sameBytes } from "./same-bytes.ts";
import { SegmentTable } from "./segment-table.ts";
import type { Segment } from "./segment.ts";
import { idsOf, listFiles } from "./store-directory.ts";

/**
 * Loads the store as the manifest lists it, and reads its log as far as that goes. What was shown up to `shownBefore` is
 * shown again.
 * @throws HashlogError, FsError: also for what is no damage where the manifest has been replaced meanwhile
 */
export async function loadGeneration(
  parts: ReaderParts,
  read: ReadManifest,
  shownBefore: number,
  progress: LoadProgress,
): Promise<Generation> {
  const table = new SegmentTable();
  const loader = new GenerationLoader(parts, read, table, progress);
  try {
    return new Generation(parts, read, await loader.load(shownBefore));
  } catch (error) {
    await table.retireAll();
    throw error;
  }
}

class GenerationLoader {
  readonly #parts: ReaderParts;
  readonly #read: ReadManifest;
  readonly #table: SegmentTable;
  readonly #progress: LoadProgress;

  constructor(parts: ReaderParts, read: ReadManifest, table: SegmentTable, progress: LoadProgress) {
    this.#parts = parts;
    this.#read = read;
    this.#table = table;
    this.#progress = progress;
  }

  async load(shownBefore: number): Promise<LoadedGeneration> {
    const { fileSystem, directory, index, limits, clock } = this.#parts;
    const { manifest } = this.#read;
    const table = this.#table;
    const progress = this.#progress;
    const pathOf = (name: string): string => fileSystem.join(directory, name);
    const listed = await listFiles(fileSystem, directory);
    const testimonies = await testimoniesOfUnlisted({ fileSystem, manifest, files: listed, pathOf });
    const shared = { fileSystem, directory, manifest, limits, progress };
    const { keydir, checkpoint, segments } = await loadFiles({ ...shared, index, table, readOnly: true });
    if (checkpoint === undefined && manifest.checkpoint !== undefined) await this.#checkCurrent();
    const log = new ReplayedLog(this.#parts, manifest.floor, shownBefore, checkpoint?.header.replay.sequence ?? 0);
    addUnsealed(log.tail, segments.unsealed, checkpoint?.header.replay);
    const hintIds = idsOf("hint", listed);
    const { road } = await loadIndexWith({ ...shared, ...segments, clock, keydir, checkpoint, hintIds }, (sink) =>
      log.read(sink, progress),
    );
    log.goOnInto(keydir);
    await countLive({ keydir, checkpoint }, table, clock, 0);
    checkLoaded({
      manifest,
      manifestPath: pathOf(MANIFEST_NAME),
      table,
      keydir,
      emptyIds: log.emptyIds,
      lastSequence: Math.max(lastSequenceIn(manifest), log.tail.lastRead),
      testimonies,
    });
    return { keydir, table, tail: log.tail, road };
  }

  // A checkpoint that is not there any more costs time, and for nothing where another one took its place.
  async #checkCurrent(): Promise<void> {
    const { fileSystem, directory } = this.#parts;
    const now = await readManifest(fileSystem, directory);
    if (now === undefined || sameBytes(now.bytes, this.#read.bytes)) return;
    // mark: reader/checkpoint-replaced-meanwhile
    throw changedMeanwhile(directory);
  }
}

/** A log tail whose frames go into the index. */
class ReplayedLog {
  readonly tail: LogTail;
  readonly #covered: number;
  #replayer: FrameReplayer | undefined;
  #sink: RevocableSink | undefined;

  /** Frames below the sequence `covered` are in the index already. */
  constructor({ limits, clock }: ReaderParts, floor: number, shownBefore: number, covered: number) {
    this.#covered = covered;
    const show = (segment: Segment, frame: ScannedFrame): void => {
      if (frame.header.firstSequence >= this.#covered) this.#replay(segment, frame);
    };
    this.tail = new LogTail({ limits, clock, floor, shownBefore, show });
  }

  /** Unsealed segments of which no record was read. */
  get emptyIds(): readonly number[] {
    return this.tail.parts
      .filter(({ expected, firstSequence }) => expected === firstSequence)
      .map(({ segment }) => segment.segmentId);
  }

  read(sink: RecordSink, progress: LoadProgress): Promise<void> {
    this.#replayer = new FrameReplayer(sink);
    return this.tail.read((bytes) => progress.read("scan", bytes));
  }

  /** From now on what is shown goes into the index as it comes: all of a frame, or nothing of it. */
  goOnInto(keydir: Keydir): void {
    this.#sink = new RevocableSink(keydir);
    this.#replayer = new FrameReplayer(this.#sink);
  }

  #replay(segment: Segment, frame: ScannedFrame): void {
    this.#sink?.begin();
    try {
      this.#replayer!.replay(segment, frame);
    } catch (error) {
      this.#sink?.revoke();
      throw error;
    }
  }
}

// What the checkpoint holds of the log was durable before the manifest named it, and is not read again. Where other segments
// wait to be sealed before that place, they are read, and what lies between.
function addUnsealed(
  tail: LogTail,
  unsealed: readonly LogSegment[],
  replay: CheckpointHeader["replay"] | undefined,
): void {
  for (const [index, { segment, firstSequence }] of unsealed.entries()) {
    // A file that ends before has lost its end, which a reading from the start finds out.
    const isCovered = segment.segmentId === replay?.segmentId && segment.file.size() >= replay.offset;
    if (index === 0 && isCovered) {
      // mark: reader/log-read-from-the-checkpoint-on
      tail.add(segment, firstSequence, replay);
    } else {
      tail.add(segment, firstSequence);
    }
  }
}

/** The files that the manifest listed were replaced while they were read. */
export function changedMeanwhile(directory: string): HashlogError {
  return new HashlogError(
    "HASHLOG_IO",
    `the files of ${directory} were replaced again and again while they were read`,
    {
      path: directory,
    },
  );
}
