import { type ContractTest, createWith, ensure, ensureEqual, ensureRefused, pattern } from "./contract-support.ts";

const NAME = "store.lock";

export function lockContract(test: ContractTest): void {
  test("there are free bytes, and the volume is shared or is not", async ({ fileSystem, directory }) => {
    ensure((await fileSystem.freeBytes(directory)) > 0, "a volume that was just written to has free bytes");
    const shared = await fileSystem.sharedVolume(directory);
    ensure(shared === undefined || shared.length > 0, "a shared volume has a name");
  });

  test("the volume of a directory that is not there is FS_NOT_FOUND", async ({ fileSystem, directory }) => {
    const path = fileSystem.join(directory, "missing");
    await ensureRefused(() => fileSystem.freeBytes(path), { code: "FS_NOT_FOUND", operation: "freeBytes", path });
    await ensureRefused(() => fileSystem.sharedVolume(path), { code: "FS_NOT_FOUND", operation: "sharedVolume", path });
  });

  test("a held lock is FS_LOCKED for everyone else, until it is released", async ({ fileSystem, directory }) => {
    const lock = await fileSystem.lock(directory, NAME);
    const refusal = { code: "FS_LOCKED", operation: "lock", path: directory } as const;
    await ensureRefused(() => fileSystem.lock(directory, NAME), refusal);
    await ensureRefused(() => fileSystem.lock(directory, NAME), refusal);
    await lock.release();
    const next = await fileSystem.lock(directory, NAME);
    await ensureRefused(() => fileSystem.lock(directory, NAME), refusal);
    await next.release();
  });

  test("releasing twice is fine, and does not take the lock from the next holder", async ({
    fileSystem,
    directory,
  }) => {
    const lock = await fileSystem.lock(directory, NAME);
    await Promise.all([lock.release(), lock.release()]);
    const next = await fileSystem.lock(directory, NAME);
    await lock.release();
    await ensureRefused(() => fileSystem.lock(directory, NAME), { code: "FS_LOCKED", operation: "lock" });
    await next.release();
  });

  test("of many who ask at once exactly one gets the lock", async ({ fileSystem, directory }) => {
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => fileSystem.lock(directory, NAME)));
    const held = results.filter((result) => result.status === "fulfilled");
    ensureEqual(held.length, 1, "the number of holders");
    for (const result of results) {
      if (result.status === "fulfilled") continue;
      await ensureRefused(() => Promise.reject(result.reason), { code: "FS_LOCKED", operation: "lock" });
    }
    await held[0].value.release();
  });

  test("locks of other names and other directories do not exclude each other", async ({ fileSystem, directory }) => {
    const inner = fileSystem.join(directory, "inner");
    await fileSystem.makeDirectory(inner);
    const locks = await Promise.all([
      fileSystem.lock(directory, NAME),
      fileSystem.lock(directory, "other.lock"),
      fileSystem.lock(inner, NAME),
    ]);
    for (const lock of locks) await lock.release();
  });

  test("the lock keeps only files that begin with its name and a dash", async ({ fileSystem, directory }) => {
    const file = await createWith(fileSystem, fileSystem.join(directory, "file"), pattern(3, 1));
    const ensureTidy = async (): Promise<void> => {
      const strange = (await fileSystem.list(directory)).filter((name) => !name.startsWith(`${NAME}-`));
      ensureEqual(strange.join(" "), "file", "what lies beside the lock's own files");
    };
    const lock = await fileSystem.lock(directory, NAME);
    await ensureTidy();
    await lock.release();
    await ensureTidy();
    await file.close();
  });

  test("a lock is seen as long as it is held, under its own name alone, by those who take none", async ({
    fileSystem,
    directory,
  }) => {
    const ensureLocked = async (name: string, expected: boolean): Promise<void> =>
      ensureEqual(await fileSystem.isLocked(directory, name), expected, `whether ${name} is locked`);
    await ensureLocked(NAME, false);
    const lock = await fileSystem.lock(directory, NAME);
    await ensureLocked(NAME, true);
    await ensureLocked("other.lock", false);
    const refusal = { code: "FS_LOCKED", operation: "lock", path: directory } as const;
    await ensureRefused(() => fileSystem.lock(directory, NAME), refusal);
    await ensureLocked(NAME, true);
    await lock.release();
    await ensureLocked(NAME, false);
  });

  test("asking whether there is a lock takes none and leaves nothing", async ({ fileSystem, directory }) => {
    const asked = await Promise.all([1, 2, 3].map(() => fileSystem.isLocked(directory, NAME)));
    ensure(!asked.includes(true), "who asks does not look like a holder to others who ask");
    ensureEqual((await fileSystem.list(directory)).length, 0, "how much lies in the directory");
    const [lock] = await Promise.all([fileSystem.lock(directory, NAME), fileSystem.isLocked(directory, NAME)]);
    await lock.release();
    const path = fileSystem.join(directory, "missing");
    await ensureRefused(() => fileSystem.isLocked(path, NAME), { code: "FS_NOT_FOUND", operation: "isLocked", path });
  });

  test("locking a directory that is not there is FS_NOT_FOUND", async ({ fileSystem, directory }) => {
    const path = fileSystem.join(directory, "missing");
    await ensureRefused(() => fileSystem.lock(path, NAME), { code: "FS_NOT_FOUND", operation: "lock", path });
  });
}
