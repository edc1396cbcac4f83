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
  readonly writePace: WritePace;
  readonly counts: WriteCounts;
}

/** The path of a file of the store. */
export function pathOf(parts: Pick<StoreParts, "fileSystem" | "directory">, name: string): string {
  return parts.fileSystem.join(parts.directory, name);
}

/** Removes a file that the store does not need any more; one that stays is removed by a later opening. */
export async function removeFile(parts: Pick<StoreParts, "fileSystem" | "failures">, path: string): Promise<void> {
  try {
    await parts.fileSystem.remove(path);
  } catch (error) {
    if (!(FsError.is(error) && error.code === "FS_NOT_FOUND")) {
      // mark: files/not-removed
      parts.failures.note(error);
    }
  }
}
