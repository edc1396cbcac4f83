import {
  checkpointFileName,
  decodeManifest,
  MANIFEST_NAME,
  parseFileName,
  segmentFileName,
  type Manifest,
} from "@hashlog/format";
import type { DiskTraits, MicroOperation, SimulatedDisk, SyncOperation, TraceEvent } from "@hashlog/fs-io/testing";
import { violated, type Property } from "./property.ts";

export const ioDiscipline: Property = {
  id: "P18",
  title: "Discipline of the file system calls",
  statement:
    "No segment and no checkpoint is removed that the durable manifest lists, or the one that is about to take its place. " +
    "A manifest replaces the old one only when it is durable itself, and every segment that it lists, and a checkpoint " +
    "that it newly names, is there for certain, up to the length that it vouches for. A hint is begun only when the " +
    "durable manifest lists its segment as sealed. A file whose sync failed is neither written nor synced again, once " +
    "that is known. (On Windows, where directory operations become durable in their order, removals are free.)",
  why:
    "Most bugs of this kind need an unlucky crash to show. The order of the calls shows them without any crash: each of " +
    "these rules, broken, is a window in which a power cut loses data. SQLite watches its journal in the same way.",
};

/**
 * Watches the steps of one disk as they are taken, and judges each. It knows nothing of the store but its manifest.
 */
export class DisciplineMonitor {
  readonly #disk: SimulatedDisk;
  readonly #directory: string;
  readonly #manifestPath: string;
  /** Whether all changes of directories become durable in their order: then no removal overtakes a replacement. */
  readonly #keepsOrder: boolean;
  /** Whether the sync of a file makes its name durable. */
  readonly #syncsNames: boolean;
  #durable: Manifest | undefined;
  /** The one that programs see: its replacement of the durable one may not be durable yet. */
  #seen: Manifest | undefined;
  /** The checkpoint that a manifest named last. */
  #named: Manifest["checkpoint"];
  /** Whether somebody else than the store is at its caches now. */
  #mayBeSpoilt = false;
  readonly #failedSyncs = new FailedSyncs();
  readonly #unsynced = new UnsyncedFiles();
  /** The first rule that was broken: a listener must not throw, so it is asked for later. */
  #broken: string | undefined;

  constructor(disk: SimulatedDisk, directory: string, { platform, safeFileFlush }: DiskTraits = {}) {
    this.#disk = disk;
    this.#directory = directory;
    this.#manifestPath = `${directory}/${MANIFEST_NAME}`;
    this.#keepsOrder = platform === "windows";
    this.#syncsNames = platform === "windows" || safeFileFlush === true;
    this.#readDurable();
  }

  /** One more line of the trace. */
  take(event: TraceEvent): void {
    const touched = this.#failedSyncs.take(event);
    if (touched !== undefined) this.#break(touched);
    if (event.type !== "step") return;
    const { operation, ordinal } = event;
    this.#unsynced.take(operation, ordinal);
    if (operation.kind === "rename" && operation.path === this.#manifestPath) this.#watchReplacement(operation.target);
    if (operation.kind === "link" && !this.#mayBeSpoilt) this.#watchHint(operation.path);
    if (operation.kind === "unlink" && !this.#keepsOrder) this.#watchRemoval(operation.path);
    if (operation.kind === "power-cut") this.#startOver();
    if (operation.kind === "sync" && (this.#syncsNames || operation.path === this.#directory)) this.#readDurable();
  }

  /** While the work runs, the case itself removes caches. */
  async whileSpoiling(work: () => Promise<void>): Promise<void> {
    this.#mayBeSpoilt = true;
    await work();
    this.#mayBeSpoilt = false;
  }

  /** @throws PropertyViolation if a rule was broken */
  judge(): void {
    if (this.#broken !== undefined) violated(ioDiscipline, this.#broken);
  }

  #watchReplacement(file: number): void {
    if (this.#unsynced.has(file)) this.#break("a manifest replaces the old one, and its bytes are not durable");
    const manifest = decodeManifest(this.#disk.image().bytes(this.#manifestPath)!);
    if (manifest.kind !== "ok") return this.#break("a manifest that does not parse replaces the old one");
    this.#seen = manifest.value;
    for (const segment of manifest.value.segments) {
      const needed = segment.state === "sealed" ? segment.sealedBytes : segment.cleanBytes;
      this.#mustBeDurable(segmentFileName(segment.segmentId), needed);
    }
    // One that was named before may have been spoilt or removed since, as caches may.
    const { checkpoint } = manifest.value;
    if (checkpoint === undefined || checkpoint.id === this.#named?.id) return;
    this.#named = checkpoint;
    this.#mustBeDurable(checkpointFileName(checkpoint.id), checkpoint.bytes);
  }

  #mustBeDurable(name: string, bytes: number): void {
    const file = `${this.#directory}/${name}`;
    if (!this.#disk.isEntryDurable(file)) this.#break(`${file} is listed, and its entry is not durable`);
    if (this.#disk.durableBytes(file) < bytes) this.#break(`${file} is listed with more bytes than are durable`);
  }

  /** What a hint says of a segment must not outlive the segment: it is there, whole, and stays. */
  #watchHint(path: string): void {
    const file = parseFileName(path.slice(path.lastIndexOf("/") + 1));
    if (file?.kind !== "hint") return;
    const listed = this.#durable?.segments.find(({ segmentId }) => segmentId === file.id);
    if (listed?.state !== "sealed") this.#break(`${path} is begun, and the durable manifest does not seal its segment`);
  }

  #watchRemoval(path: string): void {
    for (const { segments, checkpoint } of [this.#durable, this.#seen].filter((manifest) => manifest !== undefined)) {
      const listed = segments.map(({ segmentId }) => segmentFileName(segmentId));
      if (checkpoint !== undefined && !this.#mayBeSpoilt) listed.push(checkpointFileName(checkpoint.id));
      if (listed.some((name) => path.endsWith(`/${name}`))) this.#break(`${path} is removed, and a manifest lists it`);
    }
  }

  /** What a lost edit had named was never named: its predecessor is the manifest again, with the checkpoint of its own. */
  #startOver(): void {
    this.#named = undefined;
    this.#readDurable();
  }

  #readDurable(): void {
    const bytes = this.#disk.image().bytes(this.#manifestPath);
    if (bytes === undefined || this.#disk.durableBytes(this.#manifestPath) < bytes.length) return;
    const manifest = decodeManifest(bytes);
    if (manifest.kind !== "ok") return;
    this.#durable = manifest.value;
    this.#seen = manifest.value;
    this.#named ??= manifest.value.checkpoint;
  }

  #break(rule: string): void {
    this.#broken ??= rule;
  }
}

/** Knows which files have bytes that no sync covers, of the steps that it was given. */
class UnsyncedFiles {
  /** The step of each file's last append. */
  readonly #appended = new Map<number, number>();

  has(file: number): boolean {
    return this.#appended.has(file);
  }

  take(operation: MicroOperation, ordinal: number): void {
    if (operation.kind === "append") this.#appended.set(operation.file, ordinal);
    if (operation.kind === "power-cut") this.#appended.clear();
    if (operation.kind !== "sync") return;
    const last = this.#appended.get(operation.target);
    if (last !== undefined && last < operation.upTo) this.#appended.delete(operation.target);
  }
}

/**
 * Knows which files' syncs have failed, of the calls and steps that it was given as they happened. Whoever asked for a sync
 * learns of its failure when the promise has gone through their hands, some microtasks after the call has returned: what
 * was written until then was written in good faith.
 */
export class FailedSyncs {
  readonly #files = new Set<number>();
  /** The files of failed syncs whose calls have not returned yet, by path. */
  readonly #untold = new Map<string, number>();
  readonly #told = new Set<number>();
  readonly #syncs = new Map<number, string>();

  /** What is wrong with this line of the trace, if it touches a file whose sync is known to have failed. */
  take(event: TraceEvent): string | undefined {
    if (event.type === "step") return this.#takeStep(event.operation);
    if (event.type === "call" && event.operation === "sync") this.#syncs.set(event.call, event.path);
    if (event.type === "return") this.#returned(event.call);
    return undefined;
  }

  #takeStep(operation: MicroOperation): string | undefined {
    if (operation.kind === "append") {
      this.#files.add(operation.file);
      return this.#told.has(operation.file) ? `${operation.path} was written after its sync had failed` : undefined;
    }
    if (!isSync(operation)) return undefined;
    if (this.#told.has(operation.target)) return `${operation.path} was synced again after its sync had failed`;
    // One that lies went well, for all that its caller can know.
    const hasFailed = operation.kind === "sync-failed" || operation.kind === "sync-reverted";
    if (hasFailed && this.#files.has(operation.target)) this.#untold.set(operation.path, operation.target);
    return undefined;
  }

  #returned(call: number): void {
    const path = this.#syncs.get(call);
    const file = path === undefined ? undefined : this.#untold.get(path);
    this.#syncs.delete(call);
    if (file === undefined) return;
    this.#untold.delete(path!);
    void this.#tell(file);
  }

  async #tell(file: number): Promise<void> {
    for (let microtask = 0; microtask < MICROTASKS; microtask += 1) await Promise.resolve();
    this.#told.add(file);
  }
}

/** About twice as many as the failure of a sync needs from the port to the log. */
const MICROTASKS = 20;

function isSync(operation: MicroOperation): operation is SyncOperation {
  return operation.kind.startsWith("sync");
}
