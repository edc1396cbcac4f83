import {
  contentOf,
  type ContractTest,
  createWith,
  ensureBytes,
  ensureEqual,
  ensureRefused,
  pattern,
  readAt,
} from "./contract-support.ts";

export function appendingContract(test: ContractTest): void {
  test("a created file is empty, knows its path, and can be synced", async ({ fileSystem, directory }) => {
    const path = fileSystem.join(directory, "file");
    const file = await fileSystem.create(path);
    ensureEqual(file.path, path, "the path of the handle");
    ensureEqual(file.size(), 0, "the size of a new file");
    await file.sync();
    await fileSystem.syncDirectory(directory);
    await file.close();
    ensureEqual((await fileSystem.stat(path))?.bytes, 0, "the bytes of a new file");
  });

  test("creating is exclusive: what exists is FS_EXISTS and stays as it is", async ({ fileSystem, directory }) => {
    const path = fileSystem.join(directory, "file");
    const content = pattern(9, 1);
    await (await createWith(fileSystem, path, content)).close();
    const refusal = { code: "FS_EXISTS", operation: "create" } as const;
    await ensureRefused(() => fileSystem.create(path), { ...refusal, path });
    ensureBytes(await contentOf(fileSystem, path), content, "the file that existed");
    const inner = fileSystem.join(directory, "inner");
    await fileSystem.makeDirectory(inner);
    await ensureRefused(() => fileSystem.create(inner), { ...refusal, path: inner });
  });

  test("of many creations of one name at once exactly one succeeds", async ({ fileSystem, directory }) => {
    const path = fileSystem.join(directory, "file");
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => fileSystem.create(path)));
    const made = results.filter((result) => result.status === "fulfilled");
    ensureEqual(made.length, 1, "the number of successful creations");
    await made[0].value.close();
  });

  test("creating without the directory is FS_NOT_FOUND", async ({ fileSystem, directory }) => {
    const path = fileSystem.join(fileSystem.join(directory, "missing"), "file");
    await ensureRefused(() => fileSystem.create(path), { code: "FS_NOT_FOUND", operation: "create", path });
  });

  test("append takes exactly the given range, in order, and gives the bytes back", async ({
    fileSystem,
    directory,
  }) => {
    const path = fileSystem.join(directory, "file");
    const file = await fileSystem.create(path);
    const source = pattern(100, 1);
    file.append(source, 10, 40);
    ensureEqual(file.size(), 30, "the size after the first append");
    file.append(source, 90, 100);
    file.append(source, 50, 50);
    source.fill(0);
    await file.close();
    const expected = new Uint8Array([...pattern(100, 1).subarray(10, 40), ...pattern(100, 1).subarray(90)]);
    ensureBytes(await contentOf(fileSystem, path), expected, "the file");
  });

  test("append takes a part of a larger buffer, and a large range whole", async ({ fileSystem, directory }) => {
    const path = fileSystem.join(directory, "file");
    const bytes = 3_000_001;
    const view = new Uint8Array(new ArrayBuffer(bytes + 7), 7);
    view.set(pattern(bytes, 3));
    const file = await createWith(fileSystem, path, view);
    await file.sync();
    ensureEqual(file.size(), bytes, "the size");
    await file.close();
    ensureBytes(await contentOf(fileSystem, path), view, "the large file");
  });

  test("an opened file is appended to at its end", async ({ fileSystem, directory }) => {
    const path = fileSystem.join(directory, "file");
    await (await createWith(fileSystem, path, pattern(10, 1))).close();
    const again = await fileSystem.openAppend(path);
    ensureEqual(again.size(), 10, "the size when opened again");
    again.append(pattern(5, 2), 0, 5);
    await again.sync();
    await again.close();
    const expected = new Uint8Array([...pattern(10, 1), ...pattern(5, 2)]);
    ensureBytes(await contentOf(fileSystem, path), expected, "the file");
  });

  test("reading through an appending handle does not move its end", async ({ fileSystem, directory }) => {
    const path = fileSystem.join(directory, "file");
    const file = await createWith(fileSystem, path, pattern(20, 1));
    ensureBytes(await readAt(file, 4, 2), pattern(20, 1).subarray(2, 6), "what was read");
    file.append(pattern(3, 2), 0, 3);
    ensureBytes(
      await readAt(file, 99, 18),
      new Uint8Array([...pattern(20, 1).subarray(18), ...pattern(3, 2)]),
      "the end",
    );
    await file.close();
  });

  test("opening what is not there for appending is FS_NOT_FOUND", async ({ fileSystem, directory }) => {
    const path = fileSystem.join(directory, "file");
    await ensureRefused(() => fileSystem.openAppend(path), { code: "FS_NOT_FOUND", operation: "openAppend", path });
    ensureEqual(await fileSystem.stat(path), undefined, "what opening left there");
  });

  test("bytes may be appended while a sync runs, and are synced by the next", async ({ fileSystem, directory }) => {
    const path = fileSystem.join(directory, "file");
    const file = await createWith(fileSystem, path, pattern(1000, 1));
    const syncing = file.sync();
    file.append(pattern(10, 2), 0, 10);
    await syncing;
    await file.sync();
    ensureEqual(file.size(), 1010, "the size");
    await file.close();
    ensureBytes((await contentOf(fileSystem, path)).subarray(1000), pattern(10, 2), "what was appended meanwhile");
  });

  test("a closed file refuses everything with FS_CLOSED, and closing again is fine", async ({
    fileSystem,
    directory,
  }) => {
    const path = fileSystem.join(directory, "file");
    const file = await createWith(fileSystem, path, pattern(10, 1));
    await file.close();
    await file.close();
    const closed = (operation: string) => ({ code: "FS_CLOSED", operation, path }) as const;
    await ensureRefused(() => file.append(pattern(1, 1), 0, 1), closed("append"));
    await ensureRefused(() => file.sync(), closed("sync"));
    await ensureRefused(() => file.size(), closed("size"));
    await ensureRefused(() => file.read(new Uint8Array(1), 0, 1, 0), closed("read"));
    if (fileSystem.readsSynchronously) {
      await ensureRefused(() => file.readSync(new Uint8Array(1), 0, 1, 0), closed("readSync"));
    }
    ensureBytes(await contentOf(fileSystem, path), pattern(10, 1), "the file after it was closed");
  });

  test("closing waits for a sync and for reads that are under way, and so does closing again", async ({
    fileSystem,
    directory,
  }) => {
    const path = fileSystem.join(directory, "file");
    const file = await createWith(fileSystem, path, pattern(50_000, 1));
    const syncing = file.sync();
    const reading = readAt(file, 50_000, 0);
    const closing = file.close();
    await file.close();
    // Which is refused where somebody has it open, on systems that do not remove open files.
    await fileSystem.remove(path);
    await closing;
    await syncing;
    ensureBytes(await reading, pattern(50_000, 1), "what was read while the file was closed");
  });
}
