import {
  BACKUP_MARK_NAME,
  encodeManifest,
  MANIFEST_NAME,
  segmentFileName,
  type Manifest,
  type ManifestSegment,
  type SealedSegment,
} from "@hashlog/format";
import { syncWayTo, type AppendFile, type DirectoryLock, type FileSystem } from "@hashlog/fs-io";
import { invalidArgument } from "./errors.ts";
import { readManifest } from "./manifest-file.ts";
import { randomIdentity, type RandomSource } from "./random.ts";
import { sameBytes } from "./same-bytes.ts";
import { checkVolume, listFiles, makeDirectories, takeLock } from "./store-directory.ts";

/** What a directory is entered with, to be backed up into. */
export interface BackupTargetParts {
  readonly fileSystem: FileSystem;
  readonly random: RandomSource;
  readonly allowSharedVolume: boolean;
}

/**
 * The directory that a backup goes to, locked: an empty one, or one that holds an earlier backup and has not been written to
 * since. Whatever moment a backup is cut off at, the earlier one is whole and opens.
 *
 * - Files come first and the manifest last. Before any comes or goes, the manifest that is there is written once more: it
 *   may be one that a process put there and died before it was durable. And it is raised above their ids: what it does not
 *   list is then left over, and no sign that the manifest is an old one (check-loaded.ts).
 * - Where there is no manifest yet, a mark says that a first backup was begun. Without it, files without a manifest are a
 *   damaged store, and nobody's to clear away.
 * - The manifest of a backup has the epoch 0, as no opening for writing leaves it.
 */
export class BackupTarget {
  readonly #parts: BackupTargetParts;
  readonly #directory: string;
  readonly #lock: DirectoryLock;
  #manifest: Manifest | undefined;
  /** Ids of segments that the manifest lists, and whose files are not there, or not all of them. */
  readonly #broken = new Set<number>();

  private constructor(
    parts: BackupTargetParts,
    directory: string,
    lock: DirectoryLock,
    manifest: Manifest | undefined,
  ) {
    this.#parts = parts;
    this.#directory = directory;
    this.#lock = lock;
    this.#manifest = manifest;
  }

  /**
   * @param store the manifest of what is backed up. Its hash key is the same in all its backups
   * @throws HashlogError `HASHLOG_INVALID_ARGUMENT` (what is there is no backup of that store, or was written to since, or is
   * the store itself) | `HASHLOG_LOCKED` | `HASHLOG_CORRUPT` | ...; FsError
   */
  static async enter(directory: string, parts: BackupTargetParts, store: Manifest): Promise<BackupTarget> {
    const { fileSystem } = parts;
    await checkVolume(directory, parts);
    await makeDirectories(fileSystem, directory);
    const lock = await lockOther(fileSystem, directory, store);
    try {
      const found = await readManifest(fileSystem, directory);
      const target = new BackupTarget(parts, directory, lock, found?.manifest);
      if (found === undefined) await target.#begin();
      else target.#checkEarlier(found.manifest, store.hashKey);
      return target;
    } catch (error) {
      // mark: backup/directory-not-entered
      await lock.release();
      throw error;
    }
  }

  /** Whether the segment is there already, as long as it has to be. Only after `expect`. */
  has(segment: SealedSegment): boolean {
    const listed = this.#listed(segment);
    return listed !== undefined && isSame(listed, segment) && !this.#broken.has(segment.segmentId);
  }

  /**
   * From now on files with ids below `nextFileId` may come, for these segments. What an earlier attempt left behind goes.
   * @throws HashlogError `HASHLOG_INVALID_ARGUMENT` where the earlier backup has another segment in the place of one of these;
   * FsError
   */
  async expect(nextFileId: number, segments: readonly SealedSegment[]): Promise<void> {
    this.#checkSameHistory(segments);
    const manifest = this.#manifest;
    if (manifest !== undefined) {
      await this.#write({ ...manifest, nextFileId: Math.max(manifest.nextFileId, nextFileId) });
    }
    await this.#findBroken();
    await this.#removeUnlisted();
  }

  /**
   * Another name for a file of the store. @throws FsError `FS_NOT_SUPPORTED` where it has to be copied, also across
   * volumes
   */
  link(source: string, name: string): Promise<void> {
    return this.#parts.fileSystem.link(source, this.#path(name));
  }

  /** A file to copy into. */
  create(name: string): Promise<AppendFile> {
    return this.#parts.fileSystem.create(this.#path(name));
  }

  /** All files are there: makes their entries durable, and then this manifest, which lists them, the one that counts. */
  async publish(manifest: Omit<Manifest, "storeId" | "epoch" | "checkpoint">): Promise<void> {
    const { fileSystem, random } = this.#parts;
    await fileSystem.syncDirectory(this.#directory);
    const storeId = this.#manifest?.storeId ?? randomIdentity(random, 16);
    await this.#write({ ...manifest, storeId, epoch: 0, checkpoint: undefined });
    this.#broken.clear();
  }

  /** Removes what the manifest does not list any more; resolves to how many segments that were. @throws FsError */
  tidy(): Promise<number> {
    return this.#removeUnlisted();
  }

  /** Gives the directory free. */
  release(): Promise<void> {
    return this.#lock.release();
  }

  // Whoever made the directory, or the mark in it, may have died before they were durable.
  async #begin(): Promise<void> {
    const { fileSystem } = this.#parts;
    const files = await listFiles(fileSystem, this.#directory);
    const isBegun = files.some(({ file }) => file.kind === "backup-mark");
    if (!isBegun && files.some(({ file }) => "id" in file)) {
      throw invalidArgument(
        `${this.#directory} holds files of a store without a manifest, and no backup was begun there: it is damaged, or ` +
          "somebody else's; take another directory",
        { path: this.#directory },
      );
    }
    await syncWayTo(fileSystem, this.#directory);
    if (!isBegun) return this.#makeMark();
    // mark: backup/first-one-begun-again
    return fileSystem.syncDirectory(this.#directory);
  }

  async #makeMark(): Promise<void> {
    const mark = await this.create(BACKUP_MARK_NAME);
    try {
      mark.append(MARK, 0, MARK.length);
      await mark.sync();
    } finally {
      await mark.close();
    }
    await this.#parts.fileSystem.syncDirectory(this.#directory);
  }

  #checkEarlier(manifest: Manifest, hashKey: Uint8Array): void {
    const path = this.#directory;
    if (!sameBytes(manifest.hashKey, hashKey)) {
      throw invalidArgument(`${path} holds another store, or its backup; take another directory`, { path });
    }
    if (manifest.epoch === 0) return;
    throw invalidArgument(`${path} was opened for writing since it was backed up into; take another directory`, {
      path,
    });
  }

  // A store that was restored from a backup goes on with it, and with the ids of its files. Two such stores give the same ids out.
  #checkSameHistory(segments: readonly SealedSegment[]): void {
    for (const segment of segments) {
      const listed = this.#listed(segment);
      if (listed === undefined || isSame(listed, segment)) continue;
      // mark: backup/of-another-copy
      throw invalidArgument(
        `${this.#directory} holds a backup of another copy of this store, which was written to since; take another directory`,
        { path: this.#directory },
      );
    }
  }

  #listed({ segmentId }: SealedSegment): ManifestSegment | undefined {
    return this.#manifest?.segments.find((listed) => listed.segmentId === segmentId);
  }

  async #write(manifest: Manifest): Promise<void> {
    await this.#parts.fileSystem.replace(this.#path(MANIFEST_NAME), encodeManifest(manifest));
    this.#manifest = manifest;
  }

  // Somebody may have tidied up, or a copy of the backup have come to an end too early.
  async #findBroken(): Promise<void> {
    for (const listed of this.#manifest?.segments ?? []) {
      const stat = await this.#parts.fileSystem.stat(this.#path(segmentFileName(listed.segmentId)));
      const isWhole = stat?.kind === "file" && listed.state === "sealed" && stat.bytes >= listed.sealedBytes;
      if (isWhole) continue;
      // mark: backup/segment-of-an-earlier-one-broken
      this.#broken.add(listed.segmentId);
    }
  }

  async #removeUnlisted(): Promise<number> {
    const { fileSystem } = this.#parts;
    const listed = new Set((this.#manifest?.segments ?? []).map(({ segmentId }) => segmentId));
    let removed = 0;
    for (const { name, file } of await listFiles(fileSystem, this.#directory)) {
      const isListed = "id" in file && file.kind !== "checkpoint" && listed.has(file.id) && !this.#broken.has(file.id);
      const isMark = file.kind === "backup-mark" && this.#manifest !== undefined;
      if (isListed || !("id" in file || isMark)) continue;
      await fileSystem.remove(this.#path(name));
      if (file.kind === "segment") removed += 1;
    }
    return removed;
  }

  #path(name: string): string {
    return this.#parts.fileSystem.join(this.#directory, name);
  }
}

function isSame(listed: ManifestSegment, { identity, sealedBytes }: SealedSegment): boolean {
  return listed.state === "sealed" && listed.identity === identity && listed.sealedBytes === sealedBytes;
}

/** @throws HashlogError `HASHLOG_LOCKED`; `HASHLOG_INVALID_ARGUMENT` if it is the store's own directory, by whatever path */
async function lockOther(fileSystem: FileSystem, directory: string, store: Manifest): Promise<DirectoryLock> {
  try {
    return await takeLock(fileSystem, directory);
  } catch (error) {
    const found = await readManifest(fileSystem, directory).catch(() => undefined);
    if (found?.manifest.storeId !== store.storeId) throw error;
    // mark: backup/into-itself
    throw invalidArgument(`${directory} is the directory of the store itself; take another directory`, {
      path: directory,
    });
  }
}

const MARK = new TextEncoder().encode("a first backup into this directory was begun\n");
