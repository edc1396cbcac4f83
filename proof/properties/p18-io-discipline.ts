import { decodeManifest, MANIFEST_NAME, segmentFileName, type Manifest } from "@hashlog/format";
import type { DiskTraits, MicroOperation, SimulatedDisk, SyncOperation, TraceEvent } from "@hashlog/fs-io/testing";
import { violated, type Property } from "./property.ts";

export const ioDiscipline: Property = {
  id: "P18",
  title: "Discipline of the file system calls",
  statement:
    "No file that the durable manifest lists is removed. A manifest replaces the old one only when its own bytes are " +
    "durable, and when every segment and checkpoint that it lists is there for certain, up to the length that it " +
    "vouches for. A file whose sync failed is neither written nor synced again.",
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
  /** Whether all changes of directories become durable in their order: then no removal overtakes a replacement. */
  readonly #keepsOrder: boolean;
  /** Whether the sync of a file makes its name durable. */
  readonly #syncsNames: boolean;
  #durable: Manifest | undefined;
  readonly #failedSyncs = new FailedSyncs();
  /** The first rule that was broken: a listener must not throw, so it is asked for later. */
  #broken: string | undefined;

  constructor(disk: SimulatedDisk, directory: string, { platform, safeFileFlush }: DiskTraits = {}) {
    this.#disk = disk;
    this.#directory = directory;
    this.#keepsOrder = platform === "windows";
    this.#syncsNames = safeFileFlush === true;
    this.#readDurable();
  }

  /** One more line of the trace. */
  take(event: TraceEvent): void {
    if (event.type !== "step") return;
    const { operation } = event;
    const touched = this.#failedSyncs.take(operation);
    if (touched !== undefined) this.#break(touched);
    if (this.#keepsOrder) return;
    if (operation.kind === "rename") this.#watchReplacement(operation.path);
    if (operation.kind === "unlink") this.#watchRemoval(operation.path);
    if (operation.kind === "power-cut") this.#readDurable();
    if (operation.kind === "sync" && (this.#syncsNames || operation.path === this.#directory)) this.#readDurable();
  }

  /** @throws PropertyViolation if a rule was broken */
  judge(): void {
    if (this.#broken !== undefined) violated(ioDiscipline, this.#broken);
  }

  // At this step the replacement has just taken the name; the bytes are the same, and must have been durable before.
  #watchReplacement(path: string): void {
    if (path !== `${this.#directory}/${MANIFEST_NAME}`) return;
    const bytes = this.#disk.image().bytes(path)!;
    const manifest = decodeManifest(bytes);
    if (manifest.kind !== "ok") return this.#break("a manifest that does not parse replaces the old one");
    for (const segment of manifest.value.segments) {
      const file = `${this.#directory}/${segmentFileName(segment.segmentId)}`;
      const needed = segment.state === "sealed" ? segment.sealedBytes : segment.cleanBytes;
      if (!this.#disk.isEntryDurable(file)) this.#break(`${file} is listed, and its entry is not durable`);
      if (this.#disk.durableBytes(file) < needed) this.#break(`${file} is listed with more bytes than are durable`);
    }
  }

  #watchRemoval(path: string): void {
    const removed = this.#durable?.segments.find(({ segmentId }) => path.endsWith(`/${segmentFileName(segmentId)}`));
    if (removed !== undefined) this.#break(`${path} is removed, and the durable manifest lists it`);
  }

  #readDurable(): void {
    const path = `${this.#directory}/${MANIFEST_NAME}`;
    const bytes = this.#disk.image().bytes(path);
    if (bytes === undefined || this.#disk.durableBytes(path) < bytes.length) return;
    const manifest = decodeManifest(bytes);
    if (manifest.kind === "ok") this.#durable = manifest.value;
  }

  #break(rule: string): void {
    this.#broken ??= rule;
  }
}

/** Knows which files' syncs have failed, of the steps that it was given. */
export class FailedSyncs {
  readonly #files = new Set<number>();
  readonly #failed = new Set<number>();

  /** What is wrong with this step, if it touches a file whose sync has failed. */
  take(operation: MicroOperation): string | undefined {
    if (operation.kind === "append") {
      this.#files.add(operation.file);
      return this.#failed.has(operation.file) ? `${operation.path} was written after its sync had failed` : undefined;
    }
    if (!isSync(operation)) return undefined;
    if (this.#failed.has(operation.target)) return `${operation.path} was synced again after its sync had failed`;
    // One that lies went well, for all that its caller can know.
    const hasFailed = operation.kind === "sync-failed" || operation.kind === "sync-reverted";
    if (hasFailed && this.#files.has(operation.target)) this.#failed.add(operation.target);
    return undefined;
  }
}

function isSync(operation: MicroOperation): operation is SyncOperation {
  return operation.kind.startsWith("sync");
}
