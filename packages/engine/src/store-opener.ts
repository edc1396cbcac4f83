import { MANIFEST_NAME, type Manifest } from "@hashlog/format";
import { type Keydir } from "@hashlog/index";
import { BackgroundFiles } from "./background-files.ts";
import { checkLoaded, testimoniesOfUnlisted } from "./check-loaded.ts";
import { Checkpointer } from "./checkpointer.ts";
import { CommitLog } from "./commit-log.ts";
import { countLive } from "./count-live.ts";
import { WriteCounts } from "./counts.ts";
import { DirectoryEntries } from "./directory-entries.ts";
import { inOwnWords, HashlogError, throwIfAborted } from "./errors.ts";
import { bytesToLoad, loadFiles, type LoadedFiles } from "./load-files.ts";
import { loadIndex, type LoadedIndex } from "./load-index.ts";
import { writtenLog } from "./feed-log.ts";
import { Feeds } from "./feeds.ts";
import { LoadProgress } from "./load-progress.ts";
import { segmentsWithoutRecords, type LogRun } from "./log-run.ts";
import { LogSegments, type LogSegment } from "./log-segments.ts";
import { Compaction } from "./compaction.ts";
import { Maintenance } from "./maintenance.ts";
import { ManifestFile } from "./manifest-file.ts";
import { Merger } from "./merger.ts";
import type { OpenedSegments } from "./open-segments.ts";
import { OpenState } from "./open-state.ts";
import { Ordering } from "./ordering.ts";
import { randomShare } from "./random.ts";
import { ReserveFile } from "./reserve-file.ts";
import { SegmentTable } from "./segment-table.ts";
import { StoreClock } from "./store-clock.ts";
import { idsOf, nextIdAbove, type ListedFile, type StoreDirectory } from "./store-directory.ts";
import type { StoreOptions } from "./store-options.ts";
import { ValueCache } from "./value-cache.ts";
import { pathOf, removeFile, type StoreParts } from "./store-parts.ts";
import { Failures } from "./failures.ts";
import { FileIds } from "./file-ids.ts";
import type { StoreMachinery } from "./store-machinery.ts";
import { Views } from "./views.ts";
import { WritePace } from "./write-pace.ts";

/**
 * From a locked directory with a manifest to an open store:
 *
 *     load      checkpoint, hints or scan; the unsealed segments as one log
 *     check     whether all of that belongs together; nothing is changed so far
 *     epoch     one manifest edit raises it and clears the mark of a clean close
 *     tidy      files of ours that the manifest does not list are removed
 *     recover   the tail above the last testified floor is appended again, everything unsealed is sealed, in one edit
 *
 * Without room for the edits the store opens all the same, shows everything readable, and finishes at the first write
 * that finds room; but what was to be acknowledged only when synced, and is not testified, must be copied first.
 */
export class StoreOpener<K, V, VI> {
  readonly #directory: string;
  readonly #options: StoreOptions<K, V, VI>;
  readonly #entered: StoreDirectory;
  readonly #manifest: Manifest;
  readonly #reserve: ReserveFile;
  readonly #failures = new Failures();
  readonly #maintenance = new Maintenance();
  readonly #clock: StoreClock;
  readonly #table = new SegmentTable();
  #log: CommitLog | undefined;
  #backgroundFiles: BackgroundFiles | undefined;
  #compacting: Compaction | undefined;

  constructor(directory: string, options: StoreOptions<K, V, VI>, entered: StoreDirectory) {
    this.#directory = directory;
    this.#options = options;
    this.#entered = entered;
    this.#manifest = entered.read.manifest;
    this.#reserve = new ReserveFile(options.fileSystem, directory);
    this.#clock = new StoreClock(options.clock);
  }

  async open(): Promise<StoreMachinery<K, V, VI>> {
    const { keydir, checkpoint, segments, loaded, progress } = await this.#load();
    const { run } = loaded;
    const acknowledged = lastSequence(segments, run, this.#manifest);
    await this.#check(keydir, run, acknowledged);
    const parts = this.#parts(keydir);
    const background = new BackgroundFiles(parts, this.#maintenance);
    this.#backgroundFiles = background;
    const logSegments = this.#logSegments(parts, segments.unsealed, run, background);
    const clean = logSegments.active !== undefined || segments.unsealed.length === 0;
    const recovered = await this.#recover(parts, logSegments, run, clean);
    const log = new CommitLog({
      parts,
      policy: this.#options.sync,
      segments: logSegments,
      hasPassed: this.#clock.hasPassed,
      nextSequence: this.#manifest.nextSequence,
      acknowledged,
      floor: recovered.noSpace === undefined ? acknowledged : run.testifiedFloor,
      noSpace: recovered.noSpace,
    });
    this.#log = log;
    const checkpointer = new Checkpointer(parts, log, (checkpoint?.header.replay.sequence ?? 0) - 1);
    background.begin(checkpointer, loaded.withoutHint);
    const ordering = new Ordering(keydir, this.#options.clock);
    if (this.#options.ordered) {
      await ordering.ready(
        () => progress.checkSignal(),
        (keysDone) => progress.ordered(keysDone, keydir.size),
      );
    }
    const state = new OpenState(this.#directory);
    const compaction = this.#compaction(parts, log, { background, checkpointer, state });
    this.#compacting = compaction;
    await compaction.begin(this.#options.signal);
    throwIfAborted(this.#options.signal, "opening the store");
    return {
      parts,
      state,
      log,
      compaction,
      checkpointer,
      maintenance: this.#maintenance,
      backgroundFiles: background,
      views: new Views(parts, this.#options.clock),
      feeds: this.#feeds(parts, log),
      ordering,
      ordered: this.#options.ordered,
      cache: new ValueCache(this.#options.cacheBytesMax),
      index: this.#options.index,
      clock: this.#clock,
      lock: this.#entered.lock,
      keys: this.#options.keys,
      values: this.#options.values,
      openReport: {
        created: this.#entered.created,
        clean,
        road: loaded.road,
        tornTail: run.tornTail,
        writesRescued: tailCount(run),
        filesRemoved: recovered.filesRemoved,
      },
    };
  }

  #feeds(parts: StoreParts, log: CommitLog): Feeds {
    const feeds = new Feeds(parts.directory, writtenLog(parts, log));
    log.onAcknowledged = () => feeds.notify();
    parts.table.onRemoved = (segment) => feeds.onRemoved(segment);
    return feeds;
  }

  #compaction(
    parts: StoreParts,
    log: CommitLog,
    around: { background: BackgroundFiles; checkpointer: Checkpointer; state: OpenState },
  ): Compaction {
    const { background, checkpointer, state } = around;
    const { compaction: settings } = this.#options;
    const merger = new Merger(parts, log, {
      now: () => this.#clock.now(),
      onSealed: (segment) => background.hint(segment),
      events: settings.events,
    });
    return new Compaction(parts, log, merger, this.#maintenance, settings, {
      checkOpen: () => state.mustBeOpen(),
      calls: () => state.calls,
      wholeMs: () => this.#clock.wholeMs(),
      random: () => randomShare(parts.random),
      merged: ({ bytesRead, bytesWritten }) => background.merged(bytesRead + bytesWritten),
      checkpoint: () => checkpointer.write().catch((error: unknown) => parts.failures.note(error)),
    });
  }

  /** Gives everything up that was opened so far. */
  async abandon(): Promise<void> {
    // mark: open/abandoned
    this.#compacting?.close();
    this.#backgroundFiles?.stop();
    await this.#maintenance.close();
    await this.#table.retireAll();
    try {
      await this.#options.compaction.executor.close();
    } finally {
      await this.#entered.lock.release();
    }
  }

  async #load(): Promise<LoadedFiles & { readonly loaded: LoadedIndex; readonly progress: LoadProgress }> {
    const { fileSystem, index, limits, clock, onProgress, signal } = this.#options;
    const manifest = this.#manifest;
    const progress = new LoadProgress(bytesToLoad(manifest), onProgress, signal);
    const shared = { fileSystem, directory: this.#directory, manifest, limits, progress };
    const files = await loadFiles({ ...shared, index, table: this.#table, readOnly: false });
    const { keydir, checkpoint, segments } = files;
    const loaded = await loadIndex({
      ...shared,
      ...segments,
      clock,
      keydir,
      checkpoint,
      hintIds: idsOf("hint", this.#entered.files),
    });
    const { expiryGraceMs } = this.#options.compaction.policy;
    await countLive({ keydir, checkpoint }, this.#table, clock, Math.max(0, this.#clock.wholeMs() - expiryGraceMs));
    return { ...files, loaded, progress };
  }

  async #check(keydir: Keydir, run: LogRun, lastSequence: number): Promise<void> {
    const { fileSystem } = this.#options;
    const { files } = this.#entered;
    const manifest = this.#manifest;
    const inDirectory = (name: string): string => pathOf({ fileSystem, directory: this.#directory }, name);
    checkLoaded({
      manifest,
      manifestPath: inDirectory(MANIFEST_NAME),
      table: this.#table,
      keydir,
      emptyIds: segmentsWithoutRecords(run),
      lastSequence,
      testimonies: await testimoniesOfUnlisted({ fileSystem, manifest, files, pathOf: inDirectory }),
    });
  }

  #parts(keydir: Keydir): StoreParts {
    const { fileSystem, clock, random, segmentBytesMax, limits } = this.#options;
    const directory = this.#directory;
    const entries = new DirectoryEntries(fileSystem);
    return {
      fileSystem,
      directory,
      entries,
      reserve: this.#reserve,
      clock,
      random,
      segmentBytesMax,
      rotation: { bytesMax: segmentBytesMax },
      limits,
      manifest: new ManifestFile({
        fileSystem,
        entries,
        path: pathOf({ fileSystem, directory }, MANIFEST_NAME),
        read: this.#entered.read,
        epoch: this.#manifest.epoch + 1,
        floor: () => this.#log?.floor ?? 0,
      }),
      table: this.#table,
      keydir,
      executor: this.#options.compaction.executor,
      // An unlisted file of a crashed predecessor is still there.
      fileIds: new FileIds(nextIdAbove(this.#entered.files, this.#manifest)),
      failures: this.#failures,
      filesInUse: new Map(),
      writePace: new WritePace(clock, limits.pacedBytesPerTurn),
      counts: new WriteCounts(),
    };
  }

  #logSegments(
    parts: StoreParts,
    unsealed: readonly LogSegment[],
    run: LogRun,
    background: BackgroundFiles,
  ): LogSegments {
    const [only] = unsealed;
    const continued =
      unsealed.length === 1 &&
      only!.segment.writer !== undefined &&
      run.tornTail === undefined &&
      tailCount(run) === 0 &&
      run.lastSequence + 1 === this.#manifest.nextSequence;
    if (continued && run.lastSequence >= only!.firstSequence) {
      // mark: open/clean-segment-continued
      only!.lastSequence = run.lastSequence;
      // Whoever closed it has synced all of it.
      only!.recordsEnd = only!.segment.bytes;
    }
    return new LogSegments({
      parts,
      unsealed,
      continued,
      onSealed: (segment) => background.sealed(segment),
    });
  }

  async #recover(parts: StoreParts, logSegments: LogSegments, run: LogRun, clean: boolean): Promise<Recovered> {
    throwIfAborted(this.#options.signal, "opening the store");
    const filesRemoved = new Set<string>();
    const recover = async (): Promise<void> => {
      await parts.manifest.edit((manifest) => ({
        ...manifest,
        nextFileId: parts.fileIds.next,
        nextSequence: manifest.nextSequence + parts.limits.sequencesReserved,
        segments: manifest.segments.map((listed) =>
          listed.state === "sealed" ? listed : { ...listed, cleanBytes: 0 },
        ),
      }));
      // mark: recovery/epoch-raised
      for (const name of await removeUnlisted(parts, this.#entered.files)) filesRemoved.add(name);
      if (!clean) {
        // mark: recovery/not-closed-clean
        await logSegments.rescue(run, run.lastSequence);
      }
    };
    try {
      await this.#reserve.lend(recover);
      await this.#reserve.ensure();
      return { noSpace: undefined, filesRemoved: [...filesRemoved] };
    } catch (error) {
      const reason = inOwnWords(error, `opening ${this.#directory} failed`);
      const full = HashlogError.is(reason) && reason.code === "HASHLOG_NO_SPACE";
      if (!full || run.parts.some((part) => part.tail.some((frame) => frame.acknowledgedWhenSynced))) {
        // mark: recovery/failed
        throw reason;
      }
      // mark: recovery/put-off-for-want-of-room
      logSegments.endActive();
      return { noSpace: reason, filesRemoved: [...filesRemoved] };
    }
  }
}

interface Recovered {
  /** The volume is full: recovery is to be finished by a later write. */
  readonly noSpace: HashlogError | undefined;
  readonly filesRemoved: readonly string[];
}

// Everything below was acknowledged or found readable; what comes after begins at the reserved sequence.
function lastSequence({ sealed, unsealed }: OpenedSegments, run: LogRun, manifest: Manifest): number {
  const highest = sealed.reduce((most, segment) => Math.max(most, segment.sealed.highestSequence), manifest.floor);
  return unsealed.length === 0 ? highest : Math.max(highest, run.lastSequence);
}

// Records above the testified floor, which recovery appends again.
function tailCount(run: LogRun): number {
  const first = run.parts.find((part) => part.tail.length > 0)?.tail[0]?.firstSequence;
  return first === undefined ? 0 : run.lastSequence - first + 1;
}

async function removeUnlisted(parts: StoreParts, files: readonly ListedFile[]): Promise<readonly string[]> {
  const { segments, checkpoint } = parts.manifest.current;
  const listed = new Set(segments.map(({ segmentId }) => segmentId));
  const sealed = new Set(segments.filter(({ state }) => state === "sealed").map(({ segmentId }) => segmentId));
  const removed: string[] = [];
  for (const { name, file } of files) {
    const unlisted =
      file.kind === "manifest-replacement" ||
      file.kind === "backup-mark" ||
      (file.kind === "segment" && !listed.has(file.id)) ||
      // One beside a segment that is not sealed is of another time than the manifest.
      (file.kind === "hint" && !sealed.has(file.id)) ||
      (file.kind === "checkpoint" && file.id !== checkpoint?.id);
    if (!unlisted) continue;
    // mark: recovery/unlisted-file-removed
    await removeFile(parts, pathOf(parts, name));
    removed.push(name);
  }
  return removed;
}
