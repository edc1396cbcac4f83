import type { FileSystem } from "@hashlog/fs-io";
import { memoryFileSystem } from "@hashlog/fs-io";

/** A file system in memory, with some of its properties and methods in the place of its own. */
export function memoryWith(changes: (target: FileSystem) => Partial<FileSystem>): FileSystem {
  const target = memoryFileSystem();
  const changed = changes(target);
  return new Proxy(target, {
    get(_target, name) {
      const value: unknown = Reflect.get(name in changed ? changed : target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
