import {
  encodeManifest,
  MANIFEST_NAME,
  placeOf,
  scanFrames,
  SEGMENT_HEADER_BYTES,
  segmentFileName,
  type Manifest,
  type SealedSegment,
} from "@hashlog/format";
import { FsError, nodeFileSystem, systemClock, type FileSystem } from "@hashlog/fs-io";
import { hashKeydir } from "@hashlog/index";
import { checkDirectory, checkOptions } from "../check-options.ts";
import { HashlogError, inOwnWords, throwIfAborted } from "../errors.ts";
import { fileSource } from "../files.ts";
import { LIMITS, type Limits } from "../limits.ts";
import { systemRandom } from "../random.ts";
import { checkVolume, nextIdAbove, takeLock } from "../store-directory.ts";
import { TRACES } from "../tracing.ts";
import type { Finding } from "../verify/finding.ts";
import { openStoreFiles, type StoreFiles, type UnknownSegment } from "../verify/store-files.ts";
import { verifyParts, type Verified } from "../verify/verification.ts";
import { manifestFindings, reasonToDistrust, UNKNOWN_IDENTITY } from "../verify/manifest-check.ts";
import { VerifyProgressTeller } from "../verify/verify-progress.ts";
import { planOf, type Plan } from "./plan-repair.ts";
import { REPAIR_CHECKS, type RepairOptions, type RepairProgress, type RepairReport } from "./repair-options.ts";
import { encodeReport, REPORT_NAME, type LastingReport } from "./report-file.ts";
import { SalvageWriter } from "./salvage-writer.ts";
import { salvage, type LostRange, type Salvage } from "./salvage.ts";
import { SideDirectory } from "./side-directory.ts";

/**
 * Makes a damaged store open again. Saves every record that verifies, and takes the files in which anything is damaged out of
 * the store, into a directory beside its files. What could not be saved stands in the report: keys whose value is known to be
 * lost, which are absent afterwards, and parts of which nobody knows what was in them.
 *
 * Files that are whole are not touched, but for the unsealed segments, which are one log. The store changes at one moment, when
 * all that is new is durable: cut off before, a repair has changed nothing, and it can be done again at any time; with nothing
 * to repair it changes nothing. It takes as much memory as the keydir of the store, and as much space as the files that are
 * damaged.
 * @throws HashlogError `HASHLOG_LOCKED` (somebody has the store open for writing) | `HASHLOG_NOT_FOUND` | `HASHLOG_VERSION` |
 * `HASHLOG_CORRUPT` (a backup that was cut off: make it again) | `HASHLOG_NO_SPACE` | `HASHLOG_NOT_PERMITTED` |
 * `HASHLOG_NOT_SUPPORTED` | `HASHLOG_INVALID_ARGUMENT` | `HASHLOG_ABORTED` | `HASHLOG_IO`
 */
export function repair(directory: string, options: RepairOptions = {}): Promise<RepairReport> {
  return repairWithin(LIMITS, directory, options);
}

/** As `repair`, with limits of the caller's: for tests, and not exported. */
export function repairWithin(limits: Limits, directory: string, options: RepairOptions = {}): Promise<RepairReport> {
  return TRACES.repair.around(
    () => ({ directory }),
    () => repairDirectory(limits, directory, options),
    (trace, report) => {
      trace.report = report;
    },
  );
}

async function repairDirectory(limits: Limits, directory: string, options: RepairOptions): Promise<RepairReport> {
  checkDirectory(directory);
  checkOptions(options, REPAIR_CHECKS, "repair");
  throwIfAborted(options.signal, "the repair");
  const fileSystem = options.fileSystem ?? nodeFileSystem();
  const { allowSharedVolume = false } = options;
  try {
    if ((await fileSystem.stat(directory))?.kind !== "directory") {
      throw new HashlogError("HASHLOG_NOT_FOUND", `there is no store at ${directory}`, { path: directory });
    }
    await checkVolume(directory, { fileSystem, allowSharedVolume });
    const lock = await takeLock(fileSystem, directory);
    try {
      return await new Repair(fileSystem, directory, limits, options).run();
    } finally {
      await lock.release();
    }
  } catch (error) {
    throw inOwnWords(error, `repairing ${directory} failed`);
  }
}

class Repair {
  readonly #fileSystem: FileSystem;
  readonly #directory: string;
  readonly #limits: Limits;
  readonly #options: RepairOptions;
  #mayBeListed = false;

  constructor(fileSystem: FileSystem, directory: string, limits: Limits, options: RepairOptions) {
    this.#fileSystem = fileSystem;
    this.#directory = directory;
    this.#limits = limits;
    this.#options = options;
  }

  async run(): Promise<RepairReport> {
    const { clock = systemClock } = this.#options;
    const begun = clock.elapsedMs();
    const { files, verified } = await this.#verify();
    try {
      const { lastSequence } = verified.examination;
      const ofManifest = await manifestFindings(files, this.#fileSystem, this.#directory, lastSequence);
      const plan = planOf(files, verified);
      const findings = [...ofManifest, ...verified.findings];
      const done = await this.#carryOut(files, plan, findings);
      return {
        ...(done?.lasting ?? lastingReport(files, findings, undefined)),
        changed: plan.isNeeded,
        tornTail: verified.examination.tear,
        keys: done?.keys ?? verified.keys,
        setAside: done?.setAside,
        durationMs: clock.elapsedMs() - begun,
      };
    } finally {
      await files.close();
    }
  }

  /** Verifies the store as its manifest has it, or, where that is an old one, as all segments that are there give it. */
  async #verify(distrust?: string): Promise<{ readonly files: StoreFiles; readonly verified: Verified }> {
    const files = await this.#open(distrust);
    let reason: string | undefined;
    try {
      const verified = await this.#verifyFiles(files);
      if (!files.isRebuilt) {
        const { lastSequence } = verified.examination;
        reason = await reasonToDistrust(files, this.#fileSystem, this.#directory, lastSequence);
      }
      if (reason === undefined) return { files, verified };
    } catch (error) {
      await files.close();
      throw error;
    }
    // mark: repair/manifest-distrusted
    await files.close();
    return this.#verify(reason);
  }

  #open(distrust?: string): Promise<StoreFiles> {
    const { random = systemRandom, clock = systemClock } = this.#options;
    const parts = { fileSystem: this.#fileSystem, directory: this.#directory, random, clock, limits: this.#limits };
    return openStoreFiles(parts, distrust);
  }

  async #verifyFiles(files: StoreFiles): Promise<Verified> {
    const progress = this.#progress("verify", files);
    const verified = await verifyParts({
      ...this.#shared(files),
      memory: undefined,
      atRest: (work) => work(),
      onRead: (bytes) => progress.read(bytes),
    });
    progress.tell();
    return verified;
  }

  #shared({ manifest, segments }: StoreFiles) {
    const { index = hashKeydir, clock = systemClock } = this.#options;
    return {
      ...{ fileSystem: this.#fileSystem, directory: this.#directory, clock, limits: this.#limits },
      ...{ index, manifest, segments },
    };
  }

  #progress(phase: RepairProgress["phase"], { segments, manifest }: StoreFiles): VerifyProgressTeller {
    const { signal, onProgress } = this.#options;
    const bytesTotal = segments.reduce((sum, { bytes }) => sum + bytes, manifest.checkpoint?.bytes ?? 0);
    return new VerifyProgressTeller(
      { signal, onProgress: onProgress && ((progress) => onProgress({ phase, ...progress })) },
      "the repair",
      bytesTotal,
    );
  }

  async #carryOut(files: StoreFiles, plan: Plan, findings: readonly Finding[]): Promise<Done | undefined> {
    if (!plan.isNeeded) return undefined;
    const { dryRun = false, signal } = this.#options;
    const writers = new Map<number, SalvageWriter>();
    try {
      if (!dryRun) await this.#makeWriters(files, plan, writers);
      const progress = this.#progress("save", files);
      const saved = await salvage({
        ...this.#shared(files),
        writerOf: (segmentId) => writers.get(segmentId),
        onRead: (bytes) => progress.read(bytes),
      });
      progress.tell();
      throwIfAborted(signal, "the repair");
      const lasting = lastingReport(files, findings, saved);
      if (dryRun) return { lasting, keys: saved.keys, setAside: undefined };
      const written = await this.#finish(writers);
      return { lasting, keys: saved.keys, setAside: await this.#publish(files, plan, written, lasting) };
    } catch (error) {
      await this.#abandon(writers);
      throw error;
    }
  }

  async #makeWriters(files: StoreFiles, { broken, floor }: Plan, writers: Map<number, SalvageWriter>): Promise<void> {
    const { random = systemRandom } = this.#options;
    const parts = { fileSystem: this.#fileSystem, directory: this.#directory, random };
    let id = nextIdAbove(files.files, files.manifest);
    for (const { segmentId } of broken) {
      writers.set(segmentId, await SalvageWriter.create(parts, id, floor));
      id += 1;
    }
  }

  /** What is written is durable, and reads back; by the id of the segment that it stands for. */
  async #finish(writers: ReadonlyMap<number, SalvageWriter>): Promise<Map<number, SealedSegment | undefined>> {
    const written = new Map<number, SealedSegment | undefined>();
    for (const [segmentId, writer] of writers) {
      const sealed = await writer.finish();
      written.set(segmentId, sealed);
      if (sealed === undefined) await this.#fileSystem.remove(this.#pathOf(segmentFileName(writer.segmentId)));
      else await this.#readBack(sealed);
    }
    await this.#fileSystem.syncDirectory(this.#directory);
    return written;
  }

  async #readBack({ segmentId, identity, sealedBytes }: SealedSegment): Promise<void> {
    const file = await this.#fileSystem.openRead(this.#pathOf(segmentFileName(segmentId)));
    try {
      const end = await scanFrames(fileSource(file, sealedBytes), {
        place: placeOf(identity),
        from: SEGMENT_HEADER_BYTES,
        onFrame: () => {},
      });
      if (end.kind === "end") return;
      // mark: repair/does-not-read-back
      throw new HashlogError("HASHLOG_IO", `${file.path}, which was written just now, does not read back`, {
        ...{ path: file.path, segmentId, offset: end.offset },
      });
    } finally {
      await file.close();
    }
  }

  /** The moment at which the store changes; before it everything that goes has its second name, afterwards it loses the first. */
  async #publish(
    files: StoreFiles,
    plan: Plan,
    written: ReadonlyMap<number, SealedSegment | undefined>,
    lasting: LastingReport,
  ): Promise<RepairReport["setAside"]> {
    const goes = await this.#filesOf(plan, files);
    const side = await SideDirectory.make(this.#fileSystem, this.#directory);
    for (const name of goes) await side.take(name);
    await side.write(REPORT_NAME, encodeReport(lasting));
    await side.sync();
    if (files.manifestFlaw !== undefined && !files.isRebuilt) await this.#keepManifest(files);
    await this.#replaceManifest(plan.manifestWith(written));
    // mark: repair/published
    // What stays is listed nowhere, and removed by the next opening.
    const names = goes.filter((name) => name !== MANIFEST_NAME);
    for (const name of names) await this.#fileSystem.remove(this.#pathOf(name)).catch(noMatter);
    await this.#fileSystem.syncDirectory(this.#directory).catch(noMatter);
    return { directory: side.path, files: side.files };
  }

  /**
   * What stands for the manifest lies under the name that every replacing writes to, and empties when it fails: it gets its
   * own name first, so that a repair that is cut off leaves it.
   */
  async #keepManifest({ files, manifest }: StoreFiles): Promise<void> {
    // mark: repair/replacement-takes-its-place
    const path = this.#pathOf(MANIFEST_NAME);
    if (files.some(({ name }) => name === MANIFEST_NAME)) await this.#fileSystem.remove(path);
    const bytes = encodeManifest(manifest);
    const file = await this.#fileSystem.create(path);
    try {
      file.append(bytes, 0, bytes.length);
      await file.sync();
    } finally {
      await file.close();
    }
    await this.#fileSystem.syncDirectory(this.#directory);
  }

  /** What there is to be set aside. A directory with a name of ours stays where it is, and nothing lists it any more. */
  async #filesOf({ setAside }: Plan, { files }: StoreFiles): Promise<readonly string[]> {
    const names: string[] = [];
    for (const { name } of files) {
      if (!setAside.has(name)) continue;
      const stat = await this.#fileSystem.stat(this.#pathOf(name)).catch(noMatter);
      if (stat?.kind !== "directory") names.push(name);
    }
    return names;
  }

  /** Where its outcome is not known, the manifest on the disk may list the new files: they stay. */
  async #replaceManifest(manifest: Manifest): Promise<void> {
    this.#mayBeListed = true;
    try {
      await this.#fileSystem.replace(this.#pathOf(MANIFEST_NAME), encodeManifest(manifest));
    } catch (error) {
      // mark: repair/manifest-not-replaced
      this.#mayBeListed = !FsError.is(error) || error.outcome !== "unchanged";
      throw error;
    }
  }

  async #abandon(writers: ReadonlyMap<number, SalvageWriter>): Promise<void> {
    // mark: repair/abandoned
    for (const writer of writers.values()) {
      await writer.close();
      if (this.#mayBeListed) continue;
      await this.#fileSystem.remove(this.#pathOf(segmentFileName(writer.segmentId))).catch(() => undefined);
    }
  }

  #pathOf(name: string): string {
    return this.#fileSystem.join(this.#directory, name);
  }
}

function lastingReport(files: StoreFiles, findings: readonly Finding[], saved: Salvage | undefined): LastingReport {
  return {
    findings,
    lost: saved?.lost ?? [],
    mayBeLost: [...(saved?.mayBeLost ?? []), ...files.unknown.map(unknownRange)],
    manifestRebuilt: files.isRebuilt,
    recordsSaved: saved?.recordsSaved ?? 0,
    framesInPart: saved?.framesInPart ?? 0,
  };
}

function unknownRange({ segmentId, bytes }: UnknownSegment): LostRange {
  const nothingKnown = { firstSequence: undefined, lastSequence: undefined, writes: undefined };
  return { segmentId, offset: 0, bytes, reason: UNKNOWN_IDENTITY, ...nothingKnown };
}

function noMatter(error: unknown): undefined {
  if (!FsError.is(error)) throw error;
  return undefined;
}

interface Done {
  readonly lasting: LastingReport;
  readonly keys: number;
  readonly setAside: RepairReport["setAside"];
}
