import { FsError } from "../errors.ts";
import { type FileSystem, replacementPath } from "../file-system.ts";
import {
  contentOf,
  type ContractTest,
  createWith,
  ensure,
  ensureBytes,
  ensureEqual,
  ensureNames,
  ensureRefused,
  pattern,
  readAt,
} from "./contract-support.ts";

export function replacingContract(test: ContractTest): void {
  test("replace creates a file, and replaces the whole of it afterwards", async ({ fileSystem, directory }) => {
    const path = fileSystem.join(directory, "file");
    for (const content of [pattern(100, 1), pattern(7, 2), new Uint8Array(0), pattern(5000, 3)]) {
      await fileSystem.replace(path, content);
      ensureBytes(await contentOf(fileSystem, path), content, "the replaced file");
    }
    ensure((await fileSystem.list(directory)).includes("file"), "the directory lists the file");
  });

  test("replace may be given a part of a larger buffer, and keeps none of it", async ({ fileSystem, directory }) => {
    const path = fileSystem.join(directory, "file");
    const content = pattern(50, 1);
    const replacing = fileSystem.replace(path, content.subarray(10, 30));
    content.fill(0);
    await replacing;
    ensureBytes(await contentOf(fileSystem, path), pattern(50, 1).subarray(10, 30), "the replaced file");
  });

  test("replace overwrites what a crash left where it prepares the new content", async ({ fileSystem, directory }) => {
    const path = fileSystem.join(directory, "file");
    await fileSystem.replace(path, pattern(10, 1));
    await (await createWith(fileSystem, replacementPath(path), pattern(500, 2))).close();
    await fileSystem.replace(path, pattern(20, 3));
    ensureBytes(await contentOf(fileSystem, path), pattern(20, 3), "the replaced file");
  });

  test("a replace without the directory fails, and says that nothing has changed", async ({
    fileSystem,
    directory,
  }) => {
    const path = fileSystem.join(fileSystem.join(directory, "missing"), "file");
    const refusal = { code: "FS_NOT_FOUND", operation: "replace", path } as const;
    const error = await ensureRefused(() => fileSystem.replace(path, pattern(10, 1)), refusal);
    ensureEqual(error.outcome, "unchanged", "the outcome");
  });

  test("a removed file is gone, and its name can be given again", async ({ fileSystem, directory }) => {
    const path = fileSystem.join(directory, "file");
    await (await createWith(fileSystem, path, pattern(10, 1))).close();
    await fileSystem.remove(path);
    await fileSystem.syncDirectory(directory);
    ensureEqual(await fileSystem.stat(path), undefined, "stat of a removed file");
    ensureNames(await fileSystem.list(directory), [], "the names");
    await (await createWith(fileSystem, path, pattern(4, 2))).close();
    ensureBytes(await contentOf(fileSystem, path), pattern(4, 2), "the new file of that name");
  });

  test("removing what is not there is FS_NOT_FOUND", async ({ fileSystem, directory }) => {
    const path = fileSystem.join(directory, "file");
    await ensureRefused(() => fileSystem.remove(path), { code: "FS_NOT_FOUND", operation: "remove", path });
  });

  test("a removed file stays readable through open handles, or is FS_BUSY", async ({ fileSystem, directory }) => {
    const path = fileSystem.join(directory, "file");
    const writer = await createWith(fileSystem, path, pattern(1000, 1));
    const reader = await fileSystem.openRead(path);
    const removed = await removedOrBusy(fileSystem, path);
    ensureBytes(await readAt(reader, 1000, 0), pattern(1000, 1), "the file through the reading handle");
    ensureBytes(await readAt(writer, 1000, 0), pattern(1000, 1), "the file through the appending handle");
    ensureEqual((await fileSystem.list(directory)).includes("file"), !removed, "whether the file is listed");
    await reader.close();
    await writer.close();
  });

  test("syncDirectory of what is not there is FS_NOT_FOUND where it does anything", async ({
    fileSystem,
    directory,
  }) => {
    await fileSystem.syncDirectory(directory);
    const missing = fileSystem.join(directory, "missing");
    const error = await fileSystem.syncDirectory(missing).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error === undefined) return;
    const refusal = { code: "FS_NOT_FOUND", operation: "syncDirectory", path: missing } as const;
    await ensureRefused(() => Promise.reject(error), refusal);
  });

  test("a link is a second name of the same file", async ({ fileSystem, directory }) => {
    const source = fileSystem.join(directory, "source");
    const target = fileSystem.join(directory, "target");
    const file = await createWith(fileSystem, source, pattern(10, 1));
    if (!fileSystem.supportsLinks) {
      await ensureRefused(() => fileSystem.link(source, target), { code: "FS_NOT_SUPPORTED", operation: "link" });
      return file.close();
    }
    await fileSystem.link(source, target);
    file.append(pattern(5, 2), 0, 5);
    await file.close();
    await fileSystem.remove(source);
    const expected = new Uint8Array([...pattern(10, 1), ...pattern(5, 2)]);
    ensureBytes(await contentOf(fileSystem, target), expected, "the file by its second name");
  });

  test("replacing one name of a linked file leaves the other as it was", async ({ fileSystem, directory }) => {
    if (!fileSystem.supportsLinks) return;
    const source = fileSystem.join(directory, "source");
    const target = fileSystem.join(directory, "target");
    await fileSystem.replace(source, pattern(10, 1));
    await fileSystem.link(source, target);
    await fileSystem.replace(source, pattern(20, 2));
    ensureBytes(await contentOf(fileSystem, target), pattern(10, 1), "the linked file");
  });

  test("linking from nothing is FS_NOT_FOUND, to what exists FS_EXISTS", async ({ fileSystem, directory }) => {
    if (!fileSystem.supportsLinks) return;
    const source = fileSystem.join(directory, "source");
    const target = fileSystem.join(directory, "target");
    const refusal = { operation: "link", path: target } as const;
    await ensureRefused(() => fileSystem.link(source, target), { ...refusal, code: "FS_NOT_FOUND" });
    await fileSystem.replace(source, pattern(1, 1));
    await fileSystem.replace(target, pattern(2, 2));
    await ensureRefused(() => fileSystem.link(source, target), { ...refusal, code: "FS_EXISTS" });
    ensureBytes(await contentOf(fileSystem, target), pattern(2, 2), "the file that existed");
  });
}

/** Whether the file could be removed although it is open; where it cannot, the refusal has to be `FS_BUSY`. */
async function removedOrBusy(fileSystem: FileSystem, path: string): Promise<boolean> {
  try {
    await fileSystem.remove(path);
    return true;
  } catch (error) {
    ensureEqual(FsError.is(error) && error.code, "FS_BUSY", "the code when an open file cannot be removed");
    return false;
  }
}
