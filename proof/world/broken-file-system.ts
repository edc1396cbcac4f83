import { SEGMENT_HEADER_BYTES } from "@hashlog/format";
import type { AppendFile, FileSystem } from "@hashlog/fs-io";
import { altered } from "../../test/support/altered.ts";

/**
 * Faults that are planted beneath a store to see that the proof finds them: a proof that cannot fail shows nothing.
 *
 * - `"syncs do nothing"`: nothing is ever durable, and everybody is told that it is.
 * - `"segments read short"`: a segment that is opened for reading, as an opening does, seems to lack its last bytes; so
 *   nothing is wrong before the process has ended.
 */
export type Breakage = "syncs do nothing" | "segments read short";

export const BREAKAGES: readonly Breakage[] = ["syncs do nothing", "segments read short"];

/** The file system with that fault in it. */
export function breakFileSystem(fileSystem: FileSystem, breakage: Breakage): FileSystem {
  return breakage === "syncs do nothing" ? withoutSyncs(fileSystem) : withShortSegments(fileSystem);
}

function withoutSyncs(fileSystem: FileSystem): FileSystem {
  const sync = (): Promise<void> => Promise.resolve();
  const without = (file: AppendFile): AppendFile => altered(file, { sync });
  return altered(fileSystem, {
    create: async (path) => without(await fileSystem.create(path)),
    openAppend: async (path) => without(await fileSystem.openAppend(path)),
    syncDirectory: sync,
  });
}

/** More than a fence, so that a record is missing as well. */
const LACKING_BYTES = 64;

function withShortSegments(fileSystem: FileSystem): FileSystem {
  return altered(fileSystem, {
    openRead: async (path) => {
      const file = await fileSystem.openRead(path);
      if (!path.endsWith(".segment")) return file;
      return altered(file, { size: () => Math.max(SEGMENT_HEADER_BYTES, file.size() - LACKING_BYTES) });
    },
  });
}
