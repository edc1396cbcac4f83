import { MANIFEST_NAME, type CheckpointHeader, type Manifest, type ScannedFrame } from "@hashlog/format";
import type { Clock, FileSystem } from "@hashlog/fs-io";
import type { Keydir, KeydirFactory } from "@hashlog/index";
import { checkLoaded, testimoniesOfUnlisted } from "./check-loaded.ts";
import { HashlogError } from "./errors.ts";
import type { Limits } from "./limits.ts";
import type { LogSegment } from "./log-segments.ts";
import { countLive, loadFiles } from "./load-files.ts";
import { loadIndexWith, type IndexRoad } from "./load-index.ts";
import type { LoadProgress } from "./load-progress.ts";
import { LogTail } from "./log-tail.ts";
import { growthOf } from "./manifest-growth.ts";
import { readManifest, sameBytes, type ReadManifest } from "./manifest-file.ts";
import { openSegment } from "./open-segments.ts";
import { Ordering } from "./ordering.ts";
import { RevocableSink, type RecordSink } from "./record-sink.ts";
import { FrameReplayer } from "./frame-replayer.ts";
import { SegmentTable } from "./segment-table.ts";
import { newTotals, type Segment } from "./segment.ts";
import { listFiles } from "./store-directory.ts";
import { Views } from "./views.ts";

/** Where a store is read, and with what. */
export interface ReaderParts {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly index: KeydirFactory;
  readonly clock: Clock;
  readonly limits: Limits;
}

/**
 * The store as one manifest and its segments give it, with an index of its own that follows the log. When segments were
 * removed another one is loaded beside it and takes its place; whoever reads in this one goes on in it.
 */
export class Generation {
  readonly #parts: ReaderParts;
  readonly keydir: Keydir;
  readonly table: SegmentTable;
  readonly tail: LogTail;
  readonly views: Views;
  readonly ordering: Ordering;
  /** How most of the index was loaded. */
  readonly road: IndexRoad;
  readonly #loadedUpTo: number;
  #read: ReadManifest;

  constructor(parts: ReaderParts, read: ReadManifest, loaded: LoadedGeneration) {
    this.#parts = parts;
    this.#read = read;
    this.#loadedUpTo = highestSequence(read.manifest);
    this.keydir = loaded.keydir;
    this.table = loaded.table;
    this.tail = loaded.tail;
    this.road = loaded.road;
    this.views = new Views(loaded, parts.clock);
    this.ordering = new Ordering(loaded.keydir, parts.clock);
  }

  get manifest(): Manifest {
    return this.#read.manifest;
  }

  /** The last sequence that is shown. */
  get sequence(): number {
    return Math.max(this.#loadedUpTo, this.tail.lastShown);
  }

  /** Whether this is the manifest that it rests on. */
  isOf(read: ReadManifest): boolean {
    return sameBytes(read.bytes, this.#read.bytes);
  }

  /**
   * Goes over to another manifest, if that has only grown: opens the segments that are new. Returns `false`, and has done
   * nothing, if the index has to be loaded again.
   * @throws HashlogError `HASHLOG_CORRUPT` | `HASHLOG_VERSION`, FsError; nothing is changed then
   */
  async grow(read: ReadManifest): Promise<boolean> {
    const growth = growthOf(this.manifest, read.manifest);
    if (growth === undefined) return false;
    if (!this.#fits(read.manifest)) {
      // mark: reader/read-what-the-log-left-out
      return false;
    }
    const opened: { readonly segment: Segment; readonly firstSequence: number }[] = [];
    const slots: number[] = [];
    try {
      for (const listed of growth.added) {
        const slot = this.table.takeSlot();
        slots.push(slot);
        const segment = await openSegment(listed, slot, newTotals(), { ...this.#parts, readOnly: true });
        const firstSequence = listed.state === "sealed" ? listed.lowestSequence : listed.firstSequence;
        opened.push({ segment, firstSequence });
      }
    } catch (error) {
      // mark: reader/new-segment-not-opened
      await Promise.all(opened.map(({ segment }) => segment.retire()));
      for (const slot of slots) this.table.returnSlot(slot);
      throw error;
    }
    // mark: reader/manifest-grown
    this.#read = read;
    this.#seal(read.manifest);
    for (const { segment, firstSequence } of opened) {
      this.table.add(segment);
      this.tail.add(segment, firstSequence);
    }
    this.tail.testify(read.manifest.floor);
    return true;
  }

  /** Whether what was read is part of the log still: the writer may have left out what it refused. */
  #fits(manifest: Manifest): boolean {
    return this.tail.parts.every(({ segment, position, expected }) => {
      const listed = manifest.segments.find(({ segmentId }) => segmentId === segment.segmentId);
      if (listed?.state !== "sealed") return true;
      const isAll = expected === listed.highestSequence + 1;
      return isAll || (position <= listed.sealedBytes && expected <= listed.highestSequence);
    });
  }

  #seal({ segments }: Manifest): void {
    for (const listed of segments) {
      const segment = this.table.byId(listed.segmentId);
      if (listed.state === "sealed" && segment?.state.kind === "unsealed")
        segment.state = { ...listed, kind: "sealed" };
    }
  }

  /** Closes every handle that no reader pins. */
  async retire(): Promise<void> {
    await Promise.all([...this.table.all()].map((segment) => segment.retire()));
  }

  /** Whether nobody holds a view of it. */
  get isIdle(): boolean {
    return this.views.count("iterator") + this.views.count("snapshot") === 0;
  }
}

interface LoadedGeneration {
  readonly keydir: Keydir;
  readonly table: SegmentTable;
  readonly tail: LogTail;
  readonly road: IndexRoad;
}

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
    await Promise.all([...table.all()].map((segment) => segment.retire()));
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
    const hintIds = new Set(listed.flatMap(({ file }) => (file.kind === "hint" ? [file.id] : [])));
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
      lastSequence: Math.max(highestSequence(manifest), log.tail.lastRead),
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

// What is sealed is shown, and so is what was durable, though a merge may have taken it out since.
function highestSequence({ segments, floor }: Manifest): number {
  return segments.reduce((most, one) => (one.state === "sealed" ? Math.max(most, one.highestSequence) : most), floor);
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
