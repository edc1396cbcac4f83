import { parseFileName } from "@hashlog/format";
import { DiskImage } from "@hashlog/fs-io/testing";
import { DIRECTORY } from "../world/text-store.ts";
import type { Damage } from "./damages.ts";
import { logOutcome } from "./log-outcome.ts";
import { DAMAGED, openImage, readEverything, type Outcome } from "./reading.ts";
import type { SmallStore } from "./stores.ts";

/**
 * Opens a store of which one segment file was damaged, and demands of everything it then says that it is right, or an
 * error that says it is damaged. What may be missing without an error is exactly what `logOutcome` gives up.
 */
export class SegmentJudge {
  readonly #store: SmallStore;
  readonly #lastSequence: number;
  readonly #unsealed: ReadonlySet<string>;
  /** How many damages were tried. */
  tried = 0;
  /** How many of them the opening refused. */
  refused = 0;
  /** How many stores opened, and told of a damaged record when it was read. */
  told = 0;
  /** How many lost the end of the log without an error. */
  torn = 0;

  private constructor(store: SmallStore, lastSequence: number) {
    this.#store = store;
    this.#lastSequence = lastSequence;
    this.#unsealed = new Set(unsealedPaths(store));
  }

  static async of(store: SmallStore): Promise<SegmentJudge> {
    const outcome = await logOutcome(store.image);
    if (outcome.kind === "corrupt") throw new Error("the store is damaged before anybody damaged it");
    return new SegmentJudge(store, outcome.lastSequence);
  }

  /** Tries each of the damages to that file, on a disk that is otherwise as `image`. */
  async tryAll(image: DiskImage, path: string, damages: Iterable<Damage>): Promise<void> {
    for (const damage of damages) {
      try {
        await this.tryOne(image.withFile(path, damage.bytes), [path]);
      } catch (error) {
        throw new Error(`${this.#store.name}: ${path} ${damage.what}: ${(error as Error).message}`, { cause: error });
      }
    }
  }

  /** Tries a disk on which those files are damaged. */
  async tryOne(image: DiskImage, paths: readonly string[]): Promise<void> {
    this.tried += 1;
    const asLong = paths.every((path) => image.bytes(path)?.length === this.#store.image.bytes(path)!.length);
    const isUnsealed = paths.every((path) => this.#unsealed.has(path));
    const expected = await logOutcome(image);
    const opened = await openImage(image, this.#store.shape);
    if (opened.kind === "failed") {
      this.refused += 1;
      mustBeToldOf(opened);
      if (isUnsealed && expected.kind === "readable") throw new Error("refused, and is only a torn tail");
      return;
    }
    if (expected.kind === "corrupt") throw new Error("opened, and lost what was testified to be durable");
    const { lastSequence } = expected;
    if (opened.stats.sequence !== lastSequence) {
      throw new Error(`goes on to ${opened.stats.sequence} instead of ${lastSequence}`);
    }
    if (lastSequence < this.#lastSequence) {
      this.torn += 1;
      if (asLong && opened.stats.open.tornTail === undefined) throw new Error("the report says nothing of the loss");
    }
    const found = await readEverything(opened.store);
    opened.disk.kill();
    const damaged = countDamaged(found, this.#store.contents[lastSequence]!);
    if (damaged > 0 && isUnsealed) throw new Error("what the opening verified is damaged when it is read");
    this.told += damaged > 0 ? 1 : 0;
  }
}

/** How many keys are told to be damaged; throws if any other is not as it was. */
export function countDamaged(found: ReadonlyMap<string, Outcome>, contents: ReadonlyMap<string, string>): number {
  let damaged = 0;
  for (const [key, value] of found) {
    if (value === DAMAGED) damaged += 1;
    else if (value !== contents.get(key)) {
      throw new Error(`${JSON.stringify(key)} is ${value} instead of ${contents.get(key)}`);
    }
  }
  return damaged;
}

// A version that is not known is told as such, also where it is damage: the header says it before anything else.
function mustBeToldOf(failed: { readonly code: string; readonly path: string | undefined }): void {
  if (failed.code !== "HASHLOG_CORRUPT" && failed.code !== "HASHLOG_VERSION") throw new Error(failed.code);
  if (failed.path === undefined || !failed.path.endsWith(".segment")) throw new Error(`blames ${failed.path}`);
}

/** The paths of the store's segments that the manifest lists. */
export function segmentPaths({ image, manifest }: SmallStore): readonly string[] {
  const listed = new Set(manifest.segments.map(({ segmentId }) => segmentId));
  return [...image.files.keys()].filter((path) => {
    const file = parseFileName(path.slice(DIRECTORY.length + 1));
    return file?.kind === "segment" && listed.has(file.id);
  });
}

/** The paths of its segments that are not sealed. */
export function unsealedPaths(store: SmallStore): readonly string[] {
  const unsealed = new Set(
    store.manifest.segments.filter(({ state }) => state === "unsealed").map(({ segmentId }) => segmentId),
  );
  return segmentPaths(store).filter((path) => {
    const file = parseFileName(path.slice(DIRECTORY.length + 1));
    return file?.kind === "segment" && unsealed.has(file.id);
  });
}

/** The disk without those caches. */
export function withoutCaches(image: DiskImage, kinds: readonly string[] = ["hint", "checkpoint"]): DiskImage {
  let left = image;
  for (const path of image.files.keys()) {
    if (kinds.includes(parseFileName(path.slice(DIRECTORY.length + 1))?.kind ?? "")) left = left.withoutFile(path);
  }
  return left;
}

/** The disk with a directory where that file was. */
export function withDirectory(image: DiskImage, path: string): DiskImage {
  const { directories, files } = image.withoutFile(path);
  return new DiskImage([...directories, path], files);
}
