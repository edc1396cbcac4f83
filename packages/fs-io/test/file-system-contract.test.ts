import { describe, expect, test } from "vitest";
import { FsError } from "../src/errors.ts";
import { type AppendFile, type FileSystem, replacementPath } from "../src/file-system.ts";
import { memoryFileSystem } from "../src/memory-file-system.ts";
import { runFileSystemContract } from "../src/testing/file-system-contract.ts";

/** Runs the contract against the memory file system as `change` leaves it, and names the sentences that were broken. */
async function brokenBy(change: (fileSystem: Changeable) => void): Promise<string[]> {
  const tests: Array<{ name: string; body: () => Promise<void> }> = [];
  const runner = {
    describe: (_name: string, body: () => void) => body(),
    test: (name: string, body: () => Promise<void>) => tests.push({ name, body }),
  };
  runFileSystemContract(runner, "a changed file system", async () => {
    const fileSystem = memoryFileSystem();
    change(fileSystem);
    return { fileSystem, directory: "/", dispose: async () => {} };
  });
  expect(tests.length).toBeGreaterThan(30);
  const broken: string[] = [];
  for (const { name, body } of tests) await body().catch(() => broken.push(name));
  return broken;
}

type Changeable = { -readonly [Name in keyof FileSystem]: FileSystem[Name] };

/** Changes every file that is created or opened for appending. */
function withFiles(fileSystem: Changeable, change: (file: AppendFile) => void): void {
  for (const method of ["create", "openAppend"] as const) {
    const original = fileSystem[method].bind(fileSystem);
    fileSystem[method] = async (path) => {
      const file = await original(path);
      change(file);
      return file;
    };
  }
}

function sharedAs(name: string, fileSystem: FileSystem): FileSystem["sharedVolume"] {
  const original = fileSystem.sharedVolume.bind(fileSystem);
  return async (directory) => (await original(directory)) ?? name;
}

const unsupported = (operation: string): never => {
  throw new FsError("FS_NOT_SUPPORTED", "there is no such thing", { operation, path: "/" });
};

describe("the contract is kept by", () => {
  test("a file system without links", async () => {
    const broken = await brokenBy((fileSystem) => {
      fileSystem.supportsLinks = false;
      fileSystem.link = async () => unsupported("link");
    });
    expect(broken).toEqual([]);
  });

  test("a file system that cannot read synchronously", async () => {
    const broken = await brokenBy((fileSystem) => {
      fileSystem.readsSynchronously = false;
      withFiles(fileSystem, (file) => (file.readSync = () => unsupported("readSync")));
      const openRead = fileSystem.openRead.bind(fileSystem);
      fileSystem.openRead = async (path) => {
        const file = await openRead(path);
        file.readSync = () => unsupported("readSync");
        return file;
      };
    });
    expect(broken).toEqual([]);
  });

  test("a file system that refuses to remove an open file", async () => {
    const broken = await brokenBy((fileSystem) => {
      const open = new Set<string>();
      const openRead = fileSystem.openRead.bind(fileSystem);
      fileSystem.openRead = async (path) => (open.add(path), openRead(path));
      const remove = fileSystem.remove.bind(fileSystem);
      fileSystem.remove = (path) => {
        if (open.has(path)) throw new FsError("FS_BUSY", "it is open", { operation: "remove", path });
        return remove(path);
      };
    });
    expect(broken).toEqual([]);
  });

  test("a file system on a volume that other machines write too, if it says what kind of volume that is", async () => {
    expect(await brokenBy((fileSystem) => (fileSystem.sharedVolume = sharedAs("NFS", fileSystem)))).toEqual([]);
    const nameless = await brokenBy((fileSystem) => (fileSystem.sharedVolume = sharedAs("", fileSystem)));
    expect(nameless).toEqual(["there are free bytes, and the volume is shared or is not"]);
  });

  test("a file system that cannot sync directories", async () => {
    expect(await brokenBy((fileSystem) => (fileSystem.syncDirectory = async () => {}))).toEqual([]);
  });
});

describe("the contract is broken by", () => {
  const plain = (code: "FS_IO" | "FS_NOT_FOUND", operation: string, path: string): FsError =>
    new FsError(code, "planted", { operation, path });

  const planted: ReadonlyArray<[string, string, (fileSystem: Changeable) => void]> = [
    [
      "a creation that takes an existing file",
      "creating is exclusive: what exists is FS_EXISTS and stays as it is",
      (fileSystem) => {
        const create = fileSystem.create.bind(fileSystem);
        fileSystem.create = (path) => create(path).catch(() => fileSystem.openAppend(path));
      },
    ],
    [
      "an append that ignores where its range begins",
      "append takes exactly the given range, in order, and gives the bytes back",
      (fileSystem) =>
        withFiles(fileSystem, (file) => {
          const append = file.append.bind(file);
          file.append = (source, start, end) => append(source, 0, end - start);
        }),
    ],
    [
      "an append that keeps the caller's bytes for later",
      "append takes exactly the given range, in order, and gives the bytes back",
      (fileSystem) =>
        withFiles(fileSystem, (file) => {
          const append = file.append.bind(file);
          const close = file.close.bind(file);
          const kept: Array<() => void> = [];
          file.append = (source, start, end) => void kept.push(() => append(source, start, end));
          file.close = () => (kept.splice(0).forEach((each) => each()), close());
        }),
    ],
    [
      "a read that goes on beyond the end",
      "a read is short at the end of the file only, and empty beyond it",
      (fileSystem) => {
        const openRead = fileSystem.openRead.bind(fileSystem);
        fileSystem.openRead = async (path) => {
          const file = await openRead(path);
          file.read = async (_target, _at, bytes) => bytes;
          return file;
        };
      },
    ],
    [
      "the two forms of reading at odds",
      "a read fills exactly the asked part of its target",
      (fileSystem) => {
        const openRead = fileSystem.openRead.bind(fileSystem);
        fileSystem.openRead = async (path) => {
          const file = await openRead(path);
          const readSync = file.readSync.bind(file);
          file.readSync = (target, at, bytes, position) => readSync(target, at, bytes, position + 1);
          return file;
        };
      },
    ],
    [
      "a file that can be used when it is closed",
      "a closed file refuses everything with FS_CLOSED, and closing again is fine",
      (fileSystem) => withFiles(fileSystem, (file) => (file.close = async () => {})),
    ],
    [
      "a handle that opens the file as it was",
      "a handle that was opened for reading sees the file grow",
      (fileSystem) => {
        const openRead = fileSystem.openRead.bind(fileSystem);
        fileSystem.openRead = async (path) => {
          const file = await openRead(path);
          const bytes = file.size();
          file.size = () => bytes;
          return file;
        };
      },
    ],
    [
      "a replacement that overwrites only the beginning",
      "replace creates a file, and replaces the whole of it afterwards",
      (fileSystem) => {
        const replace = fileSystem.replace.bind(fileSystem);
        fileSystem.replace = async (path, bytes) => {
          const old = (await fileSystem.stat(path))?.bytes ?? 0;
          const whole = new Uint8Array(Math.max(old, bytes.length));
          whole.set(bytes);
          await replace(path, whole);
        };
      },
    ],
    [
      "a replacement that appends to what a crash left",
      "replace overwrites what a crash left where it prepares the new content",
      (fileSystem) => {
        const replace = fileSystem.replace.bind(fileSystem);
        fileSystem.replace = async (path, bytes) => {
          const left = (await fileSystem.stat(replacementPath(path)))?.bytes ?? 0;
          await replace(path, new Uint8Array([...new Uint8Array(left), ...bytes]));
        };
      },
    ],
    [
      "a replacement that does not say what has become of the old content",
      "a replace without the directory fails, and says that nothing has changed",
      (fileSystem) => {
        const replace = fileSystem.replace.bind(fileSystem);
        fileSystem.replace = (path, bytes) =>
          replace(path, bytes).catch(() => Promise.reject(plain("FS_NOT_FOUND", "replace", path)));
      },
    ],
    [
      "a removal that a missing file is no error for",
      "removing what is not there is FS_NOT_FOUND",
      (fileSystem) => {
        const remove = fileSystem.remove.bind(fileSystem);
        fileSystem.remove = (path) => remove(path).catch(() => {});
      },
    ],
    [
      "a removal of an open file that fails with the wrong code",
      "a removed file stays readable through open handles, or is FS_BUSY",
      (fileSystem) => (fileSystem.remove = (path) => Promise.reject(plain("FS_IO", "remove", path))),
    ],
    [
      "a link that is a copy",
      "a link is a second name of the same file",
      (fileSystem) => {
        fileSystem.link = async (source, target) => {
          const file = await fileSystem.openRead(source);
          const bytes = new Uint8Array(file.size());
          await file.read(bytes, 0, bytes.length, 0);
          await fileSystem.replace(target, bytes);
        };
      },
    ],
    [
      "a directory sync that fails with the wrong code",
      "syncDirectory of what is not there is FS_NOT_FOUND where it does anything",
      (fileSystem) => {
        const sync = fileSystem.syncDirectory.bind(fileSystem);
        fileSystem.syncDirectory = (path) =>
          sync(path).catch(() => Promise.reject(plain("FS_IO", "syncDirectory", path)));
      },
    ],
    [
      "a listing that forgets directories",
      "list names everything that was created and not removed",
      (fileSystem) => {
        const list = fileSystem.list.bind(fileSystem);
        fileSystem.list = async (path) => (await list(path)).filter((name) => name !== "d");
      },
    ],
    [
      "an error that names another method",
      "listing what is no directory is FS_NOT_FOUND or FS_NOT_A_DIRECTORY",
      (fileSystem) => {
        const list = fileSystem.list.bind(fileSystem);
        fileSystem.list = (path) => list(path).catch(() => Promise.reject(plain("FS_NOT_FOUND", "readdir", path)));
      },
    ],
    [
      "an error that is no FsError",
      "opening what is not there for reading is FS_NOT_FOUND",
      (fileSystem) => (fileSystem.openRead = () => Promise.reject(new Error("ENOENT"))),
    ],
    [
      "a lock that everybody gets",
      "a held lock is FS_LOCKED for everyone else, until it is released",
      (fileSystem) => (fileSystem.lock = async () => ({ release: async () => {} })),
    ],
    [
      "a lock that the first holder can release for the second",
      "releasing twice is fine, and does not take the lock from the next holder",
      (fileSystem) => {
        let held = false;
        fileSystem.lock = async (path) => {
          if (held) throw new FsError("FS_LOCKED", "planted", { operation: "lock", path });
          held = true;
          return { release: async () => void (held = false) };
        };
      },
    ],
    [
      "a lock that keeps a file of another name",
      "the lock keeps only files that begin with its name and a dash",
      (fileSystem) => {
        const lock = fileSystem.lock.bind(fileSystem);
        fileSystem.lock = async (path, name) => {
          await fileSystem.replace(fileSystem.join(path, name), new Uint8Array(1));
          return lock(path, name);
        };
      },
    ],
    [
      "a root that has no parent",
      "parent undoes join, and the root is its own parent",
      (fileSystem) => {
        const parent = fileSystem.parent.bind(fileSystem);
        fileSystem.parent = (path) => (path.replaceAll("/", "") === "" ? `${path}/` : parent(path));
      },
    ],
  ];

  test.each(planted)("%s", async (_what, sentence, change) => {
    expect(await brokenBy(change)).toContain(sentence);
  });
});
