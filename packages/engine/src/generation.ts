import type { Manifest } from "@hashlog/format";
import type { Clock, FileSystem } from "@hashlog/fs-io";
import type { Keydir, KeydirFactory } from "@hashlog/index";
import type { Limits } from "./limits.ts";
import type { IndexRoad } from "./load-index.ts";
import type { LogTail } from "./log-tail.ts";
import { growthOf } from "./manifest-growth.ts";
import { lastSequenceIn, type ReadManifest } from "./manifest-file.ts";
import { openSegment } from "./open-segments.ts";
import { Ordering } from "./ordering.ts";
import { sameBytes } from "./same-bytes.ts";
import type { SegmentTable } from "./segment-table.ts";
import { newTotals, type Segment } from "./segment.ts";
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
    this.#loadedUpTo = lastSequenceIn(read.manifest);
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
    const added = growthOf(this.manifest, read.manifest);
    if (added === undefined) return false;
    if (!this.#fits(read.manifest)) {
      // mark: reader/read-what-the-log-left-out
      return false;
    }
    const opened: { readonly segment: Segment; readonly firstSequence: number }[] = [];
    const slots: number[] = [];
    try {
      for (const listed of added) {
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
    await this.table.retireAll();
  }

  /** Whether nobody holds a view of it. */
  get isIdle(): boolean {
    return this.views.count("iterator") + this.views.count("snapshot") === 0;
  }
}

/** What a generation is made of, when it was loaded. */
export interface LoadedGeneration {
  readonly keydir: Keydir;
  readonly table: SegmentTable;
  readonly tail: LogTail;
  readonly road: IndexRoad;
}
