import { decodeManifest, MANIFEST_NAME, segmentFileName } from "@hashlog/format";
import type { FsErrorCode } from "@hashlog/fs-io";
import type { MicroOperation, SimulatedDisk, TraceEvent } from "@hashlog/fs-io/testing";
import type { FailuresShown } from "../properties/p15-error-atomicity.ts";
import { FailedSyncs } from "../properties/p18-io-discipline.ts";
import { DIRECTORY } from "../world/text-store.ts";

/** A call that failed, and of what. */
export interface FailedCall {
  readonly operation: string;
  readonly path: string;
  readonly code: FsErrorCode;
}

/** Watches a disk: which of its calls have failed, and what that means for the store. The disk says it, not the store. */
export class FailuresSeen implements FailuresShown {
  readonly codes = new Set<FsErrorCode>();
  readonly calls: FailedCall[] = [];
  bytesWereMissing = false;
  /** A sync or an append of the log failed, and not for want of room: this opening may acknowledge nothing more. */
  logHasFailed = false;
  /** A file of the log was reverted, or has left the cache: what was not durable of it is gone. */
  logWasReverted = false;
  /** What was done to a file whose sync had failed, if anything was. */
  touched: string | undefined;
  /** Called when a sync is about to be believed that has lied, and when the log was reverted or has left the cache. */
  onLie: () => void = () => undefined;
  onRevert: () => void = () => undefined;
  readonly #disk: SimulatedDisk;
  readonly #failedSyncs = new FailedSyncs();
  readonly #underWay = new Map<number, { readonly operation: string; readonly path: string }>();

  constructor(disk: SimulatedDisk) {
    this.#disk = disk;
    disk.onOperation = (event) => this.#take(event);
  }

  /** Another process opens the store. */
  reopened(): void {
    this.logHasFailed = false;
  }

  #take(event: TraceEvent): void {
    this.touched ??= this.#failedSyncs.take(event);
    if (event.type === "call") this.#underWay.set(event.call, event);
    if (event.type === "step") this.#step(event.operation);
    if (event.type !== "return") return;
    const call = this.#underWay.get(event.call)!;
    this.#underWay.delete(event.call);
    if (event.outcome === "ok" || event.outcome === "FS_NOT_FOUND" || event.outcome === "FS_EXISTS") return;
    this.#fail({ operation: call.operation, path: call.path, code: event.outcome });
  }

  #fail(call: FailedCall): void {
    this.calls.push(call);
    this.codes.add(call.code);
    const isOfLog = (call.operation === "sync" || call.operation === "append") && this.#isUnsealed(call.path);
    if (isOfLog && call.code !== "FS_NO_SPACE") this.logHasFailed = true;
  }

  #step(operation: MicroOperation): void {
    const losesBytes = operation.kind === "sync-reverted" || operation.kind === "evict";
    if (losesBytes && operation.path.endsWith(".segment")) {
      this.logWasReverted = true;
      this.bytesWereMissing = true;
      this.onRevert();
    }
    if (operation.kind === "sync-late") this.onLie();
  }

  /** Whether the manifest lists it as a segment of the log. */
  #isUnsealed(path: string): boolean {
    const bytes = path.endsWith(".segment") ? this.#disk.image().bytes(`${DIRECTORY}/${MANIFEST_NAME}`) : undefined;
    const manifest = bytes && decodeManifest(bytes);
    if (manifest?.kind !== "ok") return false;
    return manifest.value.segments.some(
      ({ state, segmentId }) => state === "unsealed" && path.endsWith(segmentFileName(segmentId)),
    );
  }
}
