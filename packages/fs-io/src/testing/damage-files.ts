import { contentOf, type Damage } from "./damage.ts";
import type { DiskImage } from "./disk-image.ts";

/** Damage of whole files: lost, exchanged, restored from somewhere else. */

/** The file is gone. */
export function missingFile(path: string): Damage {
  return {
    description: `${path} is missing`,
    paths: [path],
    apply: (image) => {
      contentOf(image, path, 0);
      return image.withoutFile(path);
    },
  };
}

/** Two files of a disk have each other's content. */
export function swappedFiles(path: string, otherPath: string): Damage {
  return {
    description: `${path} and ${otherPath} have changed places`,
    paths: [path, otherPath],
    apply: (image) => {
      const first = contentOf(image, path, 0);
      return image.withFile(path, contentOf(image, otherPath, 0)).withFile(otherPath, first);
    },
  };
}

/**
 * The file has the content of a file of some image: of another file of the disk, of the same file at an earlier time
 * (a backup, a snapshot, writes that never came), or of another disk.
 * @throws FsError `FS_INVALID_ARGUMENT` if `source` has no file at `sourcePath`
 */
export function replacedFile(path: string, source: DiskImage, sourcePath: string = path): Damage {
  const content = contentOf(source, sourcePath, 0);
  return {
    description: `${path} is as ${sourcePath} of ${content.length} bytes is, or was`,
    paths: [path],
    apply: (image) => {
      contentOf(image, path, 0);
      return image.withFile(path, content);
    },
  };
}

/** The file is as it was in each of the earlier images: each content once, and not the one that it has. */
export function* staleFiles(image: DiskImage, path: string, earlier: readonly DiskImage[]): Generator<Damage> {
  const tried = new Set([contentOf(image, path, 0).join()]);
  for (const older of earlier) {
    const content = older.bytes(path)?.join();
    if (content === undefined || tried.has(content)) continue;
    tried.add(content);
    yield replacedFile(path, older);
  }
}
