import { FsError, type Clock, type FileSystem } from "@hashlog/fs-io";
import type { Keydir } from "@hashlog/index";
import type { WriteCounts } from "./counts.ts";
import type { DirectoryEntries } from "./directory-entries.ts";
import type { Limits } from "./limits.ts";
import type { ManifestFile } from "./manifest-file.ts";
import type { RandomSource } from "./random.ts";
import type { MergeExecutor } from "./merge-executor.ts";
import type { ReserveFile } from "./reserve-file.ts";
import type { SegmentTable } from "./segment-table.ts";
import type { WritePace } from "./write-pace.ts";
import { FileIds } from "./file-ids.ts";
import { Failures } from "./failures.ts";

/** What the parts of an open store share. */
export interface StoreParts {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly entries: DirectoryEntries;
  readonly reserve: ReserveFile;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly segmentBytesMax: number;
  /** Bytes after which the log begins another segment: at most `segmentBytesMax`, less where merges need them small. */
  readonly rotation: { bytesMax: number };
  readonly limits: Limits;
  readonly manifest: ManifestFile;
  readonly table: SegmentTable;
  readonly keydir: Keydir;
  readonly fileIds: FileIds;
  readonly executor: MergeExecutor;
  readonly failures: Failures;
  /** What could not be removed as it was open, by path: to be tried again (`removeFilesInUse`). */
  readonly filesInUse: Map<string, FsError>;
  readonly writePace: WritePace;
  readonly counts: WriteCounts;
}

/** The path of a file of the store. */
export function pathOf(parts: Pick<StoreParts, "fileSystem" | "directory">, name: string): string {
  return parts.fileSystem.join(parts.directory, name);
}

/**
 * Removes a file that the store does not need any more. One that stays is removed by a later opening; and where open files
 * cannot be removed, one that somebody still reads as soon as `removeFilesInUse` finds that nobody does.
 */
export async function removeFile(
  parts: Pick<StoreParts, "fileSystem" | "failures" | "filesInUse">,
  path: string,
): Promise<void> {
  try {
    await parts.fileSystem.remove(path);
  } catch (error) {
    if (FsError.is(error) && error.code === "FS_NOT_FOUND") return;
    if (FsError.is(error) && error.code === "FS_BUSY") {
      // mark: files/removed-when-nobody-reads-them
      parts.filesInUse.set(path, error);
      return;
    }
    // mark: files/not-removed
    parts.failures.note(error);
  }
}

/**
 * Tries again to remove what was open when it should have gone. Of the files that a store makes a hint alone may have the name of
 * another, and whoever makes it takes the name out (hint-files.ts).
 */
export async function removeFilesInUse(parts: StoreParts): Promise<void> {
  await parts.table.closeLeaving();
  const { filesInUse } = parts;
  for (const path of [...filesInUse.keys()]) if (filesInUse.delete(path)) await removeFile(parts, path);
}
