import type { FsError } from "./errors.ts";
import { replacementPath } from "./file-system.ts";
import { errnoOf, fsErrorOf } from "./node-errors.ts";
import { syncDescriptor, writeAll } from "./node-file.ts";
import { openDirectory, syncEntriesOf } from "./node-directory-sync.ts";
import { type NodeFs, promised } from "./node-fs.ts";

/** What `replaceFile` needs of the file system around it. */
export interface ReplaceContext {
  readonly fs: NodeFs;
  readonly fullSync: boolean;
  /** On Windows a virus scanner or an indexer may hold the file, under its old name or its new one, for a moment. */
  readonly mayBeHeld: boolean;
  pause(delayMs: number): Promise<void>;
  /** The directory whose sync makes the rename durable; `undefined` where directories cannot be synced. */
  readonly parent: string | undefined;
}

/** The pauses between the attempts at a file that somebody holds: 11 attempts in about 2 seconds. */
export const HELD_PAUSES_MS: readonly number[] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

/**
 * Replaces a small file so that a crash leaves the old bytes or the new ones:
 *
 *     write path.new, sync it     a crash leaves path as it was          failure: outcome "unchanged"
 *     open the directory          the same                               failure: outcome "unchanged"
 *     rename path.new to path     a crash leaves either, whole           failure: outcome "unknown"
 *     sync the directory          from here on only the new one          failure: outcome "unknown"
 *
 * Where directories cannot be synced, the file is synced once more, under its new name: a file system with a journal (NTFS)
 * writes that up to its latest entry for the file, and the rename is one.
 */
export async function replaceFile(context: ReplaceContext, path: string, bytes: Uint8Array): Promise<void> {
  const replacement = replacementPath(path);
  // A copy before the first wait: the caller's bytes are the caller's again when `replace` has returned its promise.
  const content = new Uint8Array(bytes);
  let parent: number | undefined;
  try {
    await writeDurably(context, replacement, content);
    // Before the rename: that there is no handle left must not leave it open what has become of it.
    parent = context.parent === undefined ? undefined : await openDirectory(context.fs, context.parent);
  } catch (error) {
    // Not needed by anyone, and on a full volume in the way.
    await promised((done) => context.fs.unlink(replacement, done)).catch(() => {});
    throw failed(error, path, "unchanged");
  }
  try {
    await patiently<void>(context, (done) => context.fs.rename(replacement, path, done));
    await (parent === undefined ? syncAgain(context, path) : syncEntriesOf(context.fs, parent));
  } catch (error) {
    throw failed(error, path, "unknown");
  } finally {
    if (parent !== undefined) await promised((done) => context.fs.close(parent, done)).catch(() => {});
  }
}

async function writeDurably({ fs, fullSync }: ReplaceContext, path: string, content: Uint8Array): Promise<void> {
  const fd = await openFresh(fs, path);
  try {
    writeAll(fs, fd, content, 0, content.length);
    await syncDescriptor(fs, fd, fullSync);
  } finally {
    await promised((done) => fs.close(fd, done)).catch(() => {});
  }
}

async function syncAgain(context: ReplaceContext, path: string): Promise<void> {
  const { fs, fullSync } = context;
  const fd = await patiently<number>(context, (done) => fs.open(path, fs.constants.O_RDWR, 0o666, done));
  try {
    await syncDescriptor(fs, fd, fullSync);
  } finally {
    await promised((done) => fs.close(fd, done)).catch(() => {});
  }
}

/**
 * What a crash left at `path` is removed, not truncated: where a crash in the middle of a rename left both names on
 * one file, truncating the one would empty the other.
 */
async function openFresh(fs: NodeFs, path: string): Promise<number> {
  const flags = fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_EXCL;
  try {
    return await promised((done) => fs.open(path, flags, 0o666, done));
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    await promised((done) => fs.unlink(path, done));
    return promised((done) => fs.open(path, flags, 0o666, done));
  }
}

/** Tries again, while somebody else holds the file. The last attempt's failure is told. */
async function patiently<T>(context: ReplaceContext, begin: Parameters<typeof promised<T>>[0]): Promise<T> {
  const pauses = context.mayBeHeld ? HELD_PAUSES_MS : [];
  for (const pauseMs of pauses) {
    try {
      return await promised(begin);
    } catch (error) {
      if (!heldByAnother(error)) throw error;
      await context.pause(pauseMs);
    }
  }
  return promised(begin);
}

function heldByAnother(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === "EPERM" || errno === "EACCES" || errno === "EBUSY";
}

function failed(error: unknown, path: string, outcome: "unchanged" | "unknown"): FsError {
  return fsErrorOf(error, "replace", path, undefined, outcome);
}
