import { open, type OpenOptions, type ReadOnlyOptions, type ReadOnlyStore, type Store } from "@hashlog/engine";
import type { FileSystem, ReadFile } from "@hashlog/fs-io";
import { SimulatedDisk } from "@hashlog/fs-io/testing";
import { onTestFinished } from "vitest";
import { altered } from "../../../../test/support/altered.ts";
import { WatchedFileSystem } from "./watched-file-system.ts";

/** A writer and readers, each in a process of its own, on one simulated disk. The writer can be killed. */
export class Processes {
  readonly directory = "/store";
  readonly disk: SimulatedDisk = new SimulatedDisk();
  /** The writer's file system. */
  readonly writing: WatchedFileSystem;
  /** The readers'. */
  readonly reading: WatchedFileSystem = new WatchedFileSystem(this.disk.boot());
  readonly #writer = this.disk.boot();

  constructor() {
    this.writing = new WatchedFileSystem(this.#writer);
  }

  openWriter(options: OpenOptions = {}): Promise<Store<string, Uint8Array, Uint8Array | string>> {
    return open(this.directory, { fileSystem: this.writing.fileSystem, ...options });
  }

  async openReader(options: Omit<ReadOnlyOptions, "readOnly"> = {}): Promise<ReadOnlyStore<string, Uint8Array>> {
    const reader = await open(this.directory, { fileSystem: this.reading.fileSystem, readOnly: true, ...options });
    onTestFinished(() => reader.close());
    return reader;
  }

  /** Whatever the writer waits for never comes to it any more. */
  killWriter(): void {
    this.disk.kill(this.#writer);
  }
}

/** A file system on which files of that name seem shorter than they are: as they look while they are written. */
export class ShorteningFileSystem {
  readonly fileSystem: FileSystem;
  /** Bytes that seem to be missing at the end. */
  missingBytes = 0;

  constructor(inner: FileSystem, path: RegExp) {
    this.fileSystem = altered(inner, {
      openRead: async (opened) => {
        const file = await inner.openRead(opened);
        return path.test(opened) ? this.#shorten(file) : file;
      },
    });
  }

  #shorten(file: ReadFile): ReadFile {
    const size = (): number => file.size() - this.missingBytes;
    const within = (bytes: number, position: number): number => Math.max(0, Math.min(bytes, size() - position));
    return {
      path: file.path,
      size,
      readSync: (target, at, bytes, position) => file.readSync(target, at, within(bytes, position), position),
      read: (target, at, bytes, position) => file.read(target, at, within(bytes, position), position),
      close: () => file.close(),
    };
  }
}

/** A file system on which one byte of files of that name reads wrong, so many times. */
export class SpoilingFileSystem {
  readonly fileSystem: FileSystem;
  #offset = 0;
  #times = 0;

  constructor(inner: FileSystem, path: RegExp) {
    this.fileSystem = altered(inner, {
      openRead: async (opened) => {
        const file = await inner.openRead(opened);
        return path.test(opened) ? this.#spoilt(file) : file;
      },
    });
  }

  /** From now on the byte at that offset reads wrong the next so many times. */
  spoil(offset: number, times: number): void {
    this.#offset = offset;
    this.#times = times;
  }

  #spoilt(file: ReadFile): ReadFile {
    return {
      path: file.path,
      size: () => file.size(),
      readSync: (target, at, bytes, position) => file.readSync(target, at, bytes, position),
      read: async (target, at, bytes, position) => {
        const got = await file.read(target, at, bytes, position);
        const index = this.#offset - position;
        if (this.#times > 0 && index >= 0 && index < got) {
          this.#times -= 1;
          target[at + index]! ^= 0xff;
        }
        return got;
      },
      close: () => file.close(),
    };
  }
}
