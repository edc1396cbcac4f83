import type { Repository } from "../pages/repository.ts";

/** A repository of these files alone. */
export function madeUpRepository(files: Readonly<Record<string, string>>): Repository {
  return {
    paths: Object.keys(files).toSorted(),
    read(path) {
      const text = files[path];
      if (text === undefined) throw new Error(`there is no ${path}`);
      return text;
    },
  };
}
