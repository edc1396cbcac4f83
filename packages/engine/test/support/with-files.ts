import type { AppendFile, FileSystem } from "@hashlog/fs-io";
import { overridden } from "./overridden.ts";

/** A file system that cannot read synchronously, and whose new files have methods of the test's in the place of theirs. */
export function withFiles(inner: FileSystem, change: (file: AppendFile) => Partial<AppendFile>): FileSystem {
  const create = async (path: string): Promise<AppendFile> => {
    const file = await inner.create(path);
    return overridden(file, change(file));
  };
  return overridden(inner, { readsSynchronously: false, create });
}
