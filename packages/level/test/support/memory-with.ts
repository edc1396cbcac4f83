import { memoryFileSystem, type FileSystem } from "@hashlog/fs-io";
import { altered } from "../../../../test/support/altered.ts";

/** A file system in memory, with some of its properties and methods in the place of its own. */
export function memoryWith(changes: (target: FileSystem) => Partial<FileSystem>): FileSystem {
  const target = memoryFileSystem();
  return altered(target, changes(target));
}
