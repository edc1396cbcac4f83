import type { AppendFile, FileSystem } from "@hashlog/fs-io";
import { overridden } from "./overridden.ts";

/** A file system that cannot read synchronously, and whose new files have methods of the test's in the place of theirs. */
export function withFiles(inner: FileSystem, change: (file: AppendFile) => Partial<AppendFile>): FileSystem {
  const create = async (path: string): Promise<AppendFile> => {
    const file = await inner.create(path);
    const changed = change(file);
    return new Proxy(file, {
      get: (target, name) => {
        if (Object.hasOwn(changed, name)) return Reflect.get(changed, name) as unknown;
        const member = Reflect.get(target, name, target) as unknown;
        return typeof member === "function" ? (member.bind(target) as unknown) : member;
      },
    });
  };
  return overridden(inner, { readsSynchronously: false, create });
}
