import { LOCK_NAME, parseFileName, type Manifest, type StoreFile } from "@hashlog/format";
import { FsError, syncWayTo, type DirectoryLock, type FileSystem } from "@hashlog/fs-io";
import { corrupt, inOwnWords, HashlogError } from "./errors.ts";
import { createManifest, readManifest, type ReadManifest } from "./manifest-file.ts";
import { randomBytes, randomIdentity, type RandomSource } from "./random.ts";

/**
 * The directory of a store before it is open: made if need be, locked, its manifest read or created, its files listed.
 *
 * A store begins with its manifest. A directory that holds segments, hints or checkpoints but no manifest is damaged,
 * never an empty store; one that holds only what a creation leaves that crashed halfway is one.
 */
export interface StoreDirectory {
  readonly lock: DirectoryLock;
  readonly read: ReadManifest;
  readonly created: boolean;
  readonly files: readonly ListedFile[];
}

/** A file with a name of ours. Whatever else lies in the directory is not even looked at. */
export interface ListedFile {
  readonly name: string;
  readonly file: StoreFile;
}

export interface DirectoryOptions {
  readonly fileSystem: FileSystem;
  readonly random: RandomSource;
  readonly createIfMissing: boolean;
  readonly allowSharedVolume: boolean;
}

/**
 * @throws HashlogError `HASHLOG_NOT_FOUND` | `HASHLOG_INVALID_ARGUMENT` (no directory) | `HASHLOG_NOT_PERMITTED` |
 * `HASHLOG_NOT_SUPPORTED` (a shared volume) | `HASHLOG_LOCKED` | `HASHLOG_CORRUPT` | `HASHLOG_VERSION` | `HASHLOG_IO`
 */
export async function enterDirectory(directory: string, options: DirectoryOptions): Promise<StoreDirectory> {
  try {
    return await enter(directory, options);
  } catch (error) {
    throw inOwnWords(error, `opening ${directory} failed`);
  }
}

async function enter(directory: string, options: DirectoryOptions): Promise<StoreDirectory> {
  const { fileSystem } = options;
  await checkExists(directory, options);
  await checkVolume(directory, options);
  if (options.createIfMissing) await makeDirectories(fileSystem, directory);
  const lock = await takeLock(fileSystem, directory);
  try {
    const files = await listFiles(fileSystem, directory);
    const found = await readManifest(fileSystem, directory);
    const read = found ?? (await createStore(directory, files, options));
    return { lock, read, created: found === undefined, files };
  } catch (error) {
    // mark: open/directory-not-entered
    await lock.release();
    throw error;
  }
}

async function checkExists(directory: string, { fileSystem, createIfMissing }: DirectoryOptions): Promise<void> {
  const exists = await isDirectory(fileSystem, directory);
  if (createIfMissing) return;
  if (exists && (await listFiles(fileSystem, directory)).length > 0) return;
  throw new HashlogError("HASHLOG_NOT_FOUND", `there is no store at ${directory}, and createIfMissing is false`, {
    path: directory,
  });
}

async function isDirectory(fileSystem: FileSystem, path: string): Promise<boolean> {
  const stat = await fileSystem.stat(path);
  if (stat !== undefined && stat.kind !== "directory") {
    // mark: open/not-a-directory
    throw new HashlogError("HASHLOG_INVALID_ARGUMENT", `${path} is not a directory`, { path });
  }
  return stat !== undefined;
}

/**
 * Makes the directory and those above it; each entry that it makes is durable. None is made where it cannot be: it would be there
 * the next time, and taken for somebody else's, whose name is not ours to sync (`syncWayTo`).
 */
export async function makeDirectories(fileSystem: FileSystem, directory: string): Promise<void> {
  if (await isDirectory(fileSystem, directory)) return;
  const parent = fileSystem.parent(directory);
  if (parent !== directory) await makeDirectories(fileSystem, parent);
  await fileSystem.syncDirectory(parent);
  try {
    await fileSystem.makeDirectory(directory);
  } catch (error) {
    // mark: open/making-the-directory-failed
    // Somebody else may have made it meanwhile.
    if (!(FsError.is(error) && error.code === "FS_EXISTS")) throw error;
  }
  // mark: open/directory-made
  try {
    await fileSystem.syncDirectory(parent);
  } catch (error) {
    // A sync that has failed is not made good by another that does not.
    const remedy = "remove the directory before you try again, or a power cut may take it with all that is in it";
    throw inOwnWords(error, `${directory} was made, and its name could not be made durable: ${remedy}`);
  }
}

/** @throws HashlogError `HASHLOG_NOT_SUPPORTED` for a shared volume, unless that is allowed */
export async function checkVolume(
  directory: string,
  options: Pick<DirectoryOptions, "fileSystem" | "allowSharedVolume">,
): Promise<void> {
  if (options.allowSharedVolume) return;
  // Before anything is made: what is missing will lie on the volume of what is there.
  const existing = await existingAbove(options.fileSystem, directory);
  const volume = await options.fileSystem.sharedVolume(existing);
  if (volume === undefined) return;
  // mark: open/shared-volume-refused
  throw new HashlogError(
    "HASHLOG_NOT_SUPPORTED",
    `${directory} lies on a shared volume (${volume}), which other machines may write too; ` +
      "use a local one, or pass allowSharedVolume: true if you are sure that no other machine does",
    { path: directory, actual: volume },
  );
}

// The directory itself, or the nearest one above it that is there.
async function existingAbove(fileSystem: FileSystem, directory: string): Promise<string> {
  if (await isDirectory(fileSystem, directory)) return directory;
  const parent = fileSystem.parent(directory);
  if (parent !== directory) return existingAbove(fileSystem, parent);
  throw new HashlogError("HASHLOG_NOT_FOUND", `there is no volume at ${directory}`, { path: directory });
}

/** @throws HashlogError `HASHLOG_LOCKED` */
export async function takeLock(fileSystem: FileSystem, directory: string): Promise<DirectoryLock> {
  try {
    return await fileSystem.lock(directory, LOCK_NAME);
  } catch (error) {
    if (!(FsError.is(error) && error.code === "FS_LOCKED")) throw error;
    // mark: lock/store-is-open-elsewhere
    throw new HashlogError(
      "HASHLOG_LOCKED",
      `${directory} is open for writing${error.holder === undefined ? "" : ` in ${error.holder}`}; it has one writer at a time`,
      { path: directory, holder: error.holder, cause: error },
    );
  }
}

/** The files in the directory that have names of ours. */
export async function listFiles(fileSystem: FileSystem, directory: string): Promise<readonly ListedFile[]> {
  const names = await fileSystem.list(directory);
  return names.flatMap((name) => {
    const file = parseFileName(name);
    return file === undefined ? [] : [{ name, file }];
  });
}

/** The ids of those files that are of that kind. */
export function idsOf(kind: "segment" | "hint", files: readonly ListedFile[]): ReadonlySet<number> {
  return new Set(files.flatMap(({ file }) => (file.kind === kind ? [file.id] : [])));
}

/** An id above all that the manifest has given out, and above all that the files bear. */
export function nextIdAbove(files: readonly ListedFile[], { nextFileId }: Manifest): number {
  return files.reduce((next, { file }) => ("id" in file ? Math.max(next, file.id + 1) : next), nextFileId);
}

async function createStore(
  directory: string,
  files: readonly ListedFile[],
  { fileSystem, random, createIfMissing }: DirectoryOptions,
): Promise<ReadManifest> {
  checkNoOrphans(directory, files);
  if (!createIfMissing) {
    throw new HashlogError("HASHLOG_NOT_FOUND", `there is no store at ${directory}, and createIfMissing is false`, {
      path: directory,
    });
  }
  // mark: open/new-store
  // Before the manifest, so that where there is one, nobody has to ask again.
  await syncWayTo(fileSystem, directory);
  return createManifest(fileSystem, directory, firstManifest(random));
}

function checkNoOrphans(directory: string, files: readonly ListedFile[]): void {
  if (files.some(({ file }) => file.kind === "backup-mark")) {
    // mark: open/backup-cut-off
    throw backupCutOff(directory);
  }
  const orphan = files.find(({ file }) => "id" in file);
  if (orphan === undefined) return;
  // mark: open/segments-without-a-manifest
  throw corrupt(
    `${directory} holds ${orphan.name} and more, but no manifest; restore it, let repair() make another, or use another directory`,
    { path: directory },
  );
}

/** The error for a directory that holds the mark of a backup and no manifest. */
export function backupCutOff(directory: string): HashlogError {
  return corrupt(`${directory} holds a backup that was cut off before it was whole; back up into it again`, {
    path: directory,
  });
}

/**
 * Reads the manifest of a store that is only to be read.
 * @throws HashlogError `HASHLOG_NOT_FOUND` | `HASHLOG_INVALID_ARGUMENT` (no directory) | `HASHLOG_CORRUPT` |
 * `HASHLOG_VERSION`, FsError
 */
export async function readManifestOfStore(fileSystem: FileSystem, directory: string): Promise<ReadManifest> {
  const found = await readManifest(fileSystem, directory);
  if (found !== undefined) return found;
  const isThere = await isDirectory(fileSystem, directory);
  const files = isThere ? await listFiles(fileSystem, directory) : [];
  // Once more: a writer may be making the store, and its manifest is there before anything else.
  const made = await readManifest(fileSystem, directory);
  if (made !== undefined) return made;
  checkNoOrphans(directory, files);
  throw new HashlogError("HASHLOG_NOT_FOUND", `there is no store at ${directory} to be read`, { path: directory });
}

function firstManifest(random: RandomSource): Manifest {
  return {
    storeId: randomIdentity(random, 16),
    hashKey: randomBytes(random, 16),
    epoch: 0,
    floor: 0,
    nextFileId: 1,
    nextSequence: 1,
    logCompleteFrom: 1,
    segments: [],
    checkpoint: undefined,
  };
}
