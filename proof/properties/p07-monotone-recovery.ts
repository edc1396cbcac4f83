import {
  checkpointFileName,
  decodeManifest,
  hintFileName,
  MANIFEST_NAME,
  parseFileName,
  segmentFileName,
  type Manifest,
} from "@hashlog/format";
import type { DiskImage, MicroOperation, SimulatedDisk } from "@hashlog/fs-io/testing";
import type { History } from "../oracle/history.ts";
import { describeContents } from "../oracle/model.ts";
import { DIRECTORY } from "../world/text-store.ts";
import { violated, type Property } from "./property.ts";

export const monotoneRecovery: Property = {
  id: "P7",
  title: "What an opening has shown stays",
  statement:
    "Whatever a store shows after it was opened survives every later crash; and to open a recovered store again " +
    "repairs nothing and shows the same. What a crash has left shows to one who only reads what it shows to the writer that " +
    "opens it next.",
  why:
    "Recovery reads through the operating system's cache. After a failed sync and a restart of the process the cache " +
    "holds bytes that the disk does not have and that no second sync will write: a recovery that shows them, and even " +
    "syncs them, has told its user of data that the next power cut takes. So recovery must make durable what it shows, " +
    "by itself; and must not do so twice: an opening that always finds something to mend has not mended it.",
};

/** A second look at a recovered store shows what the first did. */
export function mustShowTheSame(
  read: ReadonlyMap<string, string>,
  before: ReadonlyMap<string, string>,
  when: string,
): void {
  if (describeContents(read, Infinity) === describeContents(before, Infinity)) return;
  violated(
    monotoneRecovery,
    `${when} the store holds ${describeContents(read)}, and had shown ${describeContents(before)}`,
  );
}

/** What was shown to one who only reads is what the writer shows that opens the store next. */
export function mustShowToWriter(read: ReadonlyMap<string, string>, shownBefore: ReadonlyMap<string, string>): void {
  if (describeContents(read, Infinity) === describeContents(shownBefore, Infinity)) return;
  violated(
    monotoneRecovery,
    `the store holds ${describeContents(read)}, and showed ${describeContents(shownBefore)} to one who only reads`,
  );
}

/** One who only reads has found no store: so there is none yet, as its manifest is there before anything else. */
export function mustHaveNoStore(image: DiskImage): void {
  if (image.bytes(`${DIRECTORY}/${MANIFEST_NAME}`) === undefined) return;
  violated(monotoneRecovery, "one who only reads finds no store, and there is one");
}

/** A disk as an opening finds it. */
export interface Opening {
  readonly image: DiskImage;
  /** How many lines its trace had. */
  readonly since: number;
}

/** As the disk is now. */
export function beforeOpening(disk: SimulatedDisk): Opening {
  return { image: disk.image(), since: disk.trace.length };
}

/**
 * The store that a disk holds came to rest: an opening has nothing to seal. Not so where a store was closed clean, opened,
 * and killed.
 */
export function isAtRest({ image }: Opening): boolean {
  return manifestOf(image).segments.every((listed) => listed.state === "sealed" || listed.cleanBytes > 0);
}

/**
 * The opening of a store at rest has done what every opening does, and no more: one edit of the manifest, which raises the
 * epoch, reserves numbers, and clears the mark of a clean close; a file that was removed and came back with a power cut
 * is removed again; hints and a reserve that are missing, or are not whole, are made. No segment and no checkpoint is
 * made, written to or removed.
 */
export function mustNotRepair(disk: SimulatedDisk, opening: Opening): void {
  const edits = new OpeningSteps(opening).take(disk);
  if (edits !== 1) violated(monotoneRecovery, `opening a recovered store changed its manifest ${edits} times`);
  const [before, after] = [opening.image, disk.image()].map((image) => lasting(manifestOf(image)));
  if (before === after) return;
  violated(monotoneRecovery, `opening a recovered store changed what its manifest says: ${after} instead of ${before}`);
}

class OpeningSteps {
  readonly #image: DiskImage;
  readonly #since: number;
  readonly #listed: ReadonlySet<string>;
  /** Hints, and the reserve, that were made or removed. */
  readonly #caches = new Set<string>();
  #edits = 0;

  constructor({ image, since }: Opening) {
    this.#image = image;
    this.#since = since;
    const { segments, checkpoint } = manifestOf(image);
    this.#listed = new Set([
      ...segments.flatMap(({ segmentId }) => [segmentFileName(segmentId), hintFileName(segmentId)]),
      ...(checkpoint === undefined ? [] : [checkpointFileName(checkpoint.id)]),
    ]);
  }

  /** Returns how often the manifest was replaced. */
  take(disk: SimulatedDisk): number {
    for (const event of disk.trace.slice(this.#since)) {
      if (event.type === "step") this.#step(event.operation);
    }
    for (const path of this.#caches) this.#judgeCache(path, disk.image());
    return this.#edits;
  }

  #step(operation: MicroOperation): void {
    const { kind } = operation;
    if (kind !== "append" && kind !== "link" && kind !== "unlink" && kind !== "rename") return;
    const { path } = operation;
    const name = path.slice(DIRECTORY.length + 1);
    const file = parseFileName(name);
    if (file?.kind === "manifest" || file?.kind === "manifest-replacement") {
      if (kind === "rename") this.#edits += 1;
      return;
    }
    const isOurs = file?.kind === "reserve" || (file?.kind === "hint" && this.#listed.has(name));
    if (isOurs) this.#caches.add(path);
    const isLitter = kind === "unlink" && !this.#listed.has(name) && this.#image.bytes(path) !== undefined;
    if (isOurs || isLitter) return;
    violated(monotoneRecovery, `opening a recovered store took a step that it had no reason for: ${kind} ${path}`);
  }

  #judgeCache(path: string, image: DiskImage): void {
    const [before, after] = [this.#image.bytes(path), image.bytes(path)];
    if (after === undefined) violated(monotoneRecovery, `opening a recovered store removed ${path}`);
    if (before === undefined || !areEqual(before, after!)) return;
    violated(monotoneRecovery, `opening a recovered store made ${path} again, which was whole`);
  }
}

function manifestOf(image: DiskImage): Manifest {
  const manifest = decodeManifest(image.bytes(`${DIRECTORY}/${MANIFEST_NAME}`) ?? new Uint8Array());
  if (manifest.kind !== "ok") violated(monotoneRecovery, "a recovered store has no manifest that parses");
  return (manifest as Extract<typeof manifest, { kind: "ok" }>).value;
}

/** What an opening must not change. */
function lasting({ epoch: _epoch, nextFileId: _id, nextSequence: _sequence, segments, ...rest }: Manifest): string {
  const asOpened = segments.map((listed) => (listed.state === "sealed" ? listed : { ...listed, cleanBytes: 0 }));
  return JSON.stringify([rest, asOpened], (_key, value: unknown) => (typeof value === "bigint" ? `${value}` : value));
}

function areEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

/** The store was opened after a kill: all that it shows is on the disk by now. */
export function mustBeDurableNow(history: History): void {
  if (history.floor === history.units.length) return;
  violated(
    monotoneRecovery,
    `an opening shows ${history.units.length} writes, and the disk has ${history.floor} for certain`,
  );
}

/** The last sequence that a recovered store names is that of a state which it may show. */
export function mustKnowItsLast(count: number, counts: readonly number[]): void {
  if (counts.includes(count)) return;
  violated(
    monotoneRecovery,
    `the store shows the state after ${counts.join(" or ")} commits, and names the end of ${count}`,
  );
}
