import type { AppendFile, FileSystem } from "@hashlog/fs-io";
import { altered } from "../../../../test/support/altered.ts";

/** A file system that cannot read synchronously, and whose new files have methods of the test's in the place of theirs. */
export function withFiles(inner: FileSystem, change: (file: AppendFile) => Partial<AppendFile>): FileSystem {
  const create = async (path: string): Promise<AppendFile> => {
    const file = await inner.create(path);
    return altered(file, change(file));
  };
  return altered(inner, { readsSynchronously: false, create });
}
