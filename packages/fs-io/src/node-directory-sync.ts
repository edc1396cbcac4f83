import { errnoOf } from "./node-errors.ts";
import { type NodeFs, promised } from "./node-fs.ts";

/** What a file system answers that has no such thing as syncing a directory (some FUSE and SMB volumes). */
const NO_SUCH_THING: ReadonlySet<string | undefined> = new Set(["EINVAL", "ENOSYS", "ENOTSUP", "EOPNOTSUPP"]);

/** Syncs the entries of a directory on POSIX. Rejects with the platform's error. */
export async function syncDirectoryEntries(fs: NodeFs, directory: string): Promise<void> {
  const fd = await openDirectory(fs, directory);
  try {
    await syncEntriesOf(fs, fd);
  } finally {
    await promised((done) => fs.close(fd, done)).catch(() => {});
  }
}

/** For `syncEntriesOf`. Rejects with the platform's error. */
export function openDirectory(fs: NodeFs, directory: string): Promise<number> {
  return promised<number>((done) => fs.open(directory, fs.constants.O_RDONLY, 0, done));
}

/** Syncs the entries of an open directory. Rejects with the platform's error. */
export async function syncEntriesOf(fs: NodeFs, fd: number): Promise<void> {
  try {
    await promised((done) => fs.fsync(fd, done));
  } catch (error) {
    if (!NO_SUCH_THING.has(errnoOf(error))) throw error;
  }
}
