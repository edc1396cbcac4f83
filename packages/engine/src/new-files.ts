import { encodeSegmentHeader, placeOf, segmentFileName, type Place } from "@hashlog/format";
import { FsError, SegmentWriter } from "@hashlog/fs-io";
import type { FileMaker } from "./directory-entries.ts";
import { randomIdentity } from "./random.ts";
import type { StoreParts } from "./store-parts.ts";

/**
 * Files with ids of their own: segments of the log, copies of its tail, outputs of merges, checkpoints.
 *
 * Ids are given once, so a file that is there already is another writer's: either one that has opened the store beside
 * this one, which has lost it then; or the one before, that had lost it, and went on until its next edit. What that one
 * made no manifest lists, and the next opening removes it: it is passed over.
 */
export async function makeWithNewId<T>(
  { fileIds, manifest }: Pick<StoreParts, "fileIds" | "manifest">,
  make: (id: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await make(fileIds.take());
    } catch (error) {
      if (!(FsError.is(error) && error.code === "FS_EXISTS") || attempt === ATTEMPTS_MAX) {
        // mark: files/not-made
        throw error;
      }
      // mark: files/another-writers-passed-over
      await manifest.check();
    }
  }
}

/** A new segment that no manifest lists yet; its header, and the file's entry in the directory, are durable. */
export interface NewSegment {
  readonly segmentId: number;
  readonly place: Place;
  readonly writer: SegmentWriter;
}

/** @throws FsError as `SegmentWriter.create`; HashlogError `HASHLOG_WRITES_DISABLED` if another writer has the store */
export function makeSegment(
  files: FileMaker,
  parts: Pick<StoreParts, "fileIds" | "manifest" | "random" | "directory">,
): Promise<NewSegment> {
  return makeWithNewId(parts, async (segmentId) => {
    const place = newPlace(parts);
    const header = encodeSegmentHeader({ segmentId, identity: place.identity });
    const name = segmentFileName(segmentId);
    return { segmentId, place, writer: await SegmentWriter.create(files, parts.directory, name, header) };
  });
}

/** That of a segment which nothing written before can be mistaken for. */
export function newPlace({ random }: Pick<StoreParts, "random">): Place {
  return placeOf(randomIdentity(random, 8));
}

/** How many files of another writer's are passed over for one. */
const ATTEMPTS_MAX = 16;
