import {
  type ContractTest,
  createWith,
  ensure,
  ensureEqual,
  ensureNames,
  ensureRefused,
  pattern,
} from "./contract-support.ts";

export function directoryContract(test: ContractTest): void {
  test("parent undoes join, and the root is its own parent", async ({ fileSystem, directory }) => {
    const path = fileSystem.join(directory, "name");
    ensure(path !== directory, "a file's path is not its directory's");
    ensureEqual(fileSystem.parent(path), directory, "parent(join(directory, name))");
    let above = directory;
    for (let steps = 0; fileSystem.parent(above) !== above; steps += 1) {
      ensure(steps < 1000, "going from parent to parent reaches the root");
      above = fileSystem.parent(above);
    }
  });

  test("a name with dots and dashes is joined as it is", async ({ fileSystem, directory }) => {
    const file = await fileSystem.create(fileSystem.join(directory, "hashlog-0000000001.segment"));
    await file.close();
    ensureNames(await fileSystem.list(directory), ["hashlog-0000000001.segment"], "the names");
  });

  test("stat tells files, directories and what is not there apart", async ({ fileSystem, directory }) => {
    const path = fileSystem.join(directory, "file");
    ensureEqual(await fileSystem.stat(path), undefined, "stat of nothing");
    const file = await createWith(fileSystem, path, pattern(5, 1));
    const found = await fileSystem.stat(path);
    ensureEqual(found?.kind, "file", "the kind of a file");
    ensureEqual(found?.bytes, 5, "the bytes of a file");
    await file.close();
    const around = await fileSystem.stat(directory);
    ensureEqual(around?.kind, "directory", "the kind of a directory");
    ensureEqual(around?.bytes, 0, "the bytes of a directory");
  });

  test("stat of a path below a file, or below nothing, finds nothing", async ({ fileSystem, directory }) => {
    const path = fileSystem.join(directory, "file");
    await (await fileSystem.create(path)).close();
    ensureEqual(await fileSystem.stat(fileSystem.join(path, "below")), undefined, "stat below a file");
    const missing = fileSystem.join(directory, "missing");
    ensureEqual(await fileSystem.stat(fileSystem.join(missing, "below")), undefined, "stat below nothing");
  });

  test("a directory that was made is empty, and can be used and synced", async ({ fileSystem, directory }) => {
    const inner = fileSystem.join(directory, "inner");
    await fileSystem.makeDirectory(inner);
    ensureNames(await fileSystem.list(inner), [], "the names in a new directory");
    await (await fileSystem.create(fileSystem.join(inner, "file"))).close();
    await fileSystem.syncDirectory(inner);
    await fileSystem.syncDirectory(directory);
    ensureNames(await fileSystem.list(inner), ["file"], "the names in the inner directory");
    ensureNames(await fileSystem.list(directory), ["inner"], "the names in the outer directory");
  });

  test("making a directory where something is, is FS_EXISTS", async ({ fileSystem, directory }) => {
    const refusal = { code: "FS_EXISTS", operation: "makeDirectory" } as const;
    const path = fileSystem.join(directory, "file");
    await (await fileSystem.create(path)).close();
    await ensureRefused(() => fileSystem.makeDirectory(directory), { ...refusal, path: directory });
    await ensureRefused(() => fileSystem.makeDirectory(path), { ...refusal, path });
  });

  test("making a directory without its parent is FS_NOT_FOUND", async ({ fileSystem, directory }) => {
    const path = fileSystem.join(fileSystem.join(directory, "missing"), "inner");
    const refusal = { code: "FS_NOT_FOUND", operation: "makeDirectory", path } as const;
    await ensureRefused(() => fileSystem.makeDirectory(path), refusal);
  });

  test("list names everything that was created and not removed", async ({ fileSystem, directory }) => {
    ensureNames(await fileSystem.list(directory), [], "the names at first");
    for (const name of ["a", "b", "c"]) await (await fileSystem.create(fileSystem.join(directory, name))).close();
    await fileSystem.makeDirectory(fileSystem.join(directory, "d"));
    ensureNames(await fileSystem.list(directory), ["a", "b", "c", "d"], "the names after creating");
    await fileSystem.remove(fileSystem.join(directory, "b"));
    ensureNames(await fileSystem.list(directory), ["a", "c", "d"], "the names after removing");
  });

  test("listing what is no directory is FS_NOT_FOUND or FS_NOT_A_DIRECTORY", async ({ fileSystem, directory }) => {
    const missing = fileSystem.join(directory, "missing");
    const refusal = { operation: "list" } as const;
    await ensureRefused(() => fileSystem.list(missing), { ...refusal, code: "FS_NOT_FOUND", path: missing });
    const path = fileSystem.join(directory, "file");
    await (await fileSystem.create(path)).close();
    await ensureRefused(() => fileSystem.list(path), { ...refusal, code: "FS_NOT_A_DIRECTORY", path });
  });
}
