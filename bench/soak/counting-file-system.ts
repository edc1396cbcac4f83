/** A file system that counts what a store writes into which kind of file, and how many handles it has open. */
import { parseFileName } from "@hashlog/format";
import type { AppendFile, FileSystem, ReadFile } from "@hashlog/fs-io";

/** Bytes handed over since the beginning, by kind of file. */
export interface WrittenBytes {
  readonly segments: number;
  readonly hints: number;
  readonly checkpoints: number;
  /** The manifest, the reserve, and whatever has another name. */
  readonly others: number;
}

/** What was counted. */
export interface Counts {
  readonly written: WrittenBytes;
  readonly openHandles: number;
}

/** The same file system, and what was counted of it so far. */
export function countingFileSystem(inner: FileSystem): { fileSystem: FileSystem; counts: () => Counts } {
  const written = { segments: 0, hints: 0, checkpoints: 0, others: 0 };
  let openHandles = 0;

  function counted(file: ReadFile): { close: () => Promise<void> } {
    let isOpen = true;
    openHandles += 1;
    return {
      close: () => {
        openHandles -= isOpen ? 1 : 0;
        isOpen = false;
        return file.close();
      },
    };
  }

  function reading(file: ReadFile): ReadFile {
    return {
      path: file.path,
      size: () => file.size(),
      readSync: (target, at, bytes, position) => file.readSync(target, at, bytes, position),
      read: (target, at, bytes, position) => file.read(target, at, bytes, position),
      ...counted(file),
    };
  }

  function appending(file: AppendFile): AppendFile {
    const kind = kindOf(file.path);
    return {
      ...reading(file),
      append: (source, start, end) => {
        file.append(source, start, end);
        written[kind] += end - start;
      },
      sync: () => file.sync(),
    };
  }

  const fileSystem: FileSystem = {
    name: inner.name,
    readsSynchronously: inner.readsSynchronously,
    supportsLinks: inner.supportsLinks,
    join: (directory, name) => inner.join(directory, name),
    parent: (path) => inner.parent(path),
    stat: (path) => inner.stat(path),
    makeDirectory: (path) => inner.makeDirectory(path),
    list: (directory) => inner.list(directory),
    create: async (path) => appending(await inner.create(path)),
    openAppend: async (path) => appending(await inner.openAppend(path)),
    openRead: async (path) => reading(await inner.openRead(path)),
    replace: async (path, bytes) => {
      await inner.replace(path, bytes);
      written[kindOf(path)] += bytes.length;
    },
    remove: (path) => inner.remove(path),
    syncDirectory: (directory) => inner.syncDirectory(directory),
    link: (source, target) => inner.link(source, target),
    freeBytes: (directory) => inner.freeBytes(directory),
    sharedVolume: (directory) => inner.sharedVolume(directory),
    lock: (directory, name) => inner.lock(directory, name),
    isLocked: (directory, name) => inner.isLocked(directory, name),
  };
  return { fileSystem, counts: () => ({ written: { ...written }, openHandles }) };
}

/** All of it. */
export function sumOfWritten(written: WrittenBytes): number {
  return written.segments + written.hints + written.checkpoints + written.others;
}

/** Of which kind a file is, by its name. */
export function kindOf(path: string): keyof WrittenBytes {
  switch (parseFileName(path.split(/[\\/]/).at(-1) ?? "")?.kind) {
    case "segment":
      return "segments";
    case "hint":
      return "hints";
    case "checkpoint":
      return "checkpoints";
    default:
      return "others";
  }
}
