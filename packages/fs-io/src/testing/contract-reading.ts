import type { FileSystem, ReadFile } from "../file-system.ts";
import { type ContractTest, createWith, ensureBytes, ensureEqual, ensureRefused, pattern } from "./contract-support.ts";

export function readingContract(test: ContractTest): void {
  test("a read fills exactly the asked part of its target", async ({ fileSystem, directory }) => {
    const content = pattern(100, 1);
    const file = await reopened(fileSystem, fileSystem.join(directory, "file"), content);
    for (const read of formsOf(fileSystem, file)) {
      const target = new Uint8Array(20).fill(7);
      ensureEqual(await read(target, 5, 10, 42), 10, "the number of bytes read");
      ensureBytes(target.subarray(5, 15), content.subarray(42, 52), "what was read");
      ensureBytes(target.subarray(0, 5), new Uint8Array(5).fill(7), "the target before it");
      ensureBytes(target.subarray(15), new Uint8Array(5).fill(7), "the target behind it");
    }
    await file.close();
  });

  test("a read is short at the end of the file only, and empty beyond it", async ({ fileSystem, directory }) => {
    const content = pattern(100, 1);
    const file = await reopened(fileSystem, fileSystem.join(directory, "file"), content);
    for (const read of formsOf(fileSystem, file)) {
      const target = new Uint8Array(200);
      ensureEqual(await read(target, 0, 100, 0), 100, "a read that ends where the file ends");
      ensureEqual(await read(target, 0, 200, 60), 40, "a read across the end");
      ensureBytes(target.subarray(0, 40), content.subarray(60), "what was read across the end");
      ensureEqual(await read(target, 0, 10, 100), 0, "a read at the end");
      ensureEqual(await read(target, 0, 10, 5_000_000_000), 0, "a read far beyond the end");
      ensureEqual(await read(target, 0, 0, 10), 0, "a read of no bytes");
      ensureEqual(await read(new Uint8Array(0), 0, 0, 0), 0, "a read into nothing");
    }
    await file.close();
  });

  test("many reads at once do not disturb each other", async ({ fileSystem, directory }) => {
    const content = pattern(10_000, 1);
    const file = await reopened(fileSystem, fileSystem.join(directory, "file"), content);
    const target = new Uint8Array(10_000);
    const pieces = Array.from({ length: 100 }, (_, at) => file.read(target, at * 100, 100, at * 100));
    await Promise.all(pieces);
    ensureBytes(target, content, "what the reads found together");
    await file.close();
  });

  test("a handle that was opened for reading sees the file grow", async ({ fileSystem, directory }) => {
    const path = fileSystem.join(directory, "file");
    const writer = await createWith(fileSystem, path, pattern(10, 1));
    const file = await fileSystem.openRead(path);
    ensureEqual(file.size(), 10, "the size at first");
    writer.append(pattern(10, 2), 0, 10);
    ensureEqual(file.size(), 20, "the size after the append");
    for (const read of formsOf(fileSystem, file)) {
      const target = new Uint8Array(10);
      ensureEqual(await read(target, 0, 10, 10), 10, "the bytes that are there now");
      ensureBytes(target, pattern(10, 2), "what was appended");
    }
    await file.close();
    await writer.close();
  });

  test("a file system that cannot read synchronously says so", async ({ fileSystem, directory }) => {
    const file = await reopened(fileSystem, fileSystem.join(directory, "file"), pattern(3, 1));
    const target = new Uint8Array(3);
    if (fileSystem.readsSynchronously) ensureEqual(file.readSync(target, 0, 3, 0), 3, "the bytes read synchronously");
    else await ensureRefused(() => file.readSync(target, 0, 3, 0), { code: "FS_NOT_SUPPORTED", operation: "readSync" });
    await file.close();
  });

  test("opening what is not there for reading is FS_NOT_FOUND", async ({ fileSystem, directory }) => {
    const path = fileSystem.join(directory, "file");
    await ensureRefused(() => fileSystem.openRead(path), { code: "FS_NOT_FOUND", operation: "openRead", path });
  });

  test("a closed handle refuses with FS_CLOSED, others on the file do not mind", async ({ fileSystem, directory }) => {
    const path = fileSystem.join(directory, "file");
    const file = await reopened(fileSystem, path, pattern(3, 1));
    const other = await fileSystem.openRead(path);
    await file.close();
    await file.close();
    const target = new Uint8Array(3);
    await ensureRefused(() => file.size(), { code: "FS_CLOSED", operation: "size", path });
    await ensureRefused(() => file.read(target, 0, 3, 0), { code: "FS_CLOSED", operation: "read", path });
    ensureEqual(await other.read(target, 0, 3, 0), 3, "the bytes read through the other handle");
    await other.close();
  });
}

type Read = (target: Uint8Array, at: number, bytes: number, position: number) => Promise<number>;

/** The forms of reading that there are; both have to give the same. */
function formsOf(fileSystem: FileSystem, file: ReadFile): Read[] {
  const forms: Read[] = [(...range) => file.read(...range)];
  if (fileSystem.readsSynchronously) forms.push(async (...range) => file.readSync(...range));
  return forms;
}

async function reopened(fileSystem: FileSystem, path: string, content: Uint8Array): Promise<ReadFile> {
  await (await createWith(fileSystem, path, content)).close();
  return fileSystem.openRead(path);
}
