import { FsError } from "./errors.ts";
import type { FileSystem } from "./file-system.ts";

/**
 * Makes the names of the directory and of all above it durable: without them a power cut takes everything in it, however
 * durable that is. Also where the directory was there already: whoever made it may have died before its name was synced.
 * A directory above that this user may not sync is passed over: where it is not the caller who made something in it, that
 * is somebody else's to do. Whoever makes a directory syncs the one above it (`syncDirectory`), and is told.
 * @throws FsError as `syncDirectory`, but for `FS_NOT_PERMITTED`
 */
export async function syncWayTo(
  fileSystem: Pick<FileSystem, "parent" | "syncDirectory">,
  directory: string,
): Promise<void> {
  const parent = fileSystem.parent(directory);
  if (parent === directory) return;
  await syncWayTo(fileSystem, parent);
  try {
    await fileSystem.syncDirectory(parent);
  } catch (error) {
    // mark: open/parent-not-synced
    if (!(FsError.is(error) && error.code === "FS_NOT_PERMITTED")) throw error;
  }
}
