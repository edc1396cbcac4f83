import {
  HashlogError,
  open,
  type OpenOptions,
  type ReadOnlyOptions,
  type ReadOnlyStore,
  type Store,
} from "@hashlog/engine";
import { memoryFileSystem, nodeFileSystem, type FileSystem } from "@hashlog/fs-io";
import { SimulatedDisk } from "@hashlog/fs-io/testing";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { LIMITS, type Limits } from "../../src/limits.ts";
import { openWithin } from "../../src/open.ts";
import { checkInvariants, type CheckOptions } from "./check-invariants.ts";
import { FakeClock } from "./fake-clock.ts";
import type { StorePlace } from "./recount.ts";
import { checkRoads } from "./roads.ts";
import { WatchedFileSystem } from "./watched-file-system.ts";

/** What a test of the store lives in: a directory, a clock that stands still, a file system that counts. */
export class World implements StorePlace {
  readonly directory: string;
  readonly watched: WatchedFileSystem;
  readonly clock: FakeClock = new FakeClock();
  readonly #stores: { readonly db: Store<never, never, never>; readonly options: OpenOptions<never, never, never> }[] =
    [];
  readonly #readers: ReadOnlyStore<never, never>[] = [];
  #checked = true;

  constructor(fileSystem: FileSystem, directory: string) {
    this.watched = new WatchedFileSystem(fileSystem);
    this.directory = directory;
  }

  get fileSystem(): FileSystem {
    return this.watched.fileSystem;
  }

  /** The path of a file in the directory. */
  path(name: string): string {
    return this.fileSystem.join(this.directory, name);
  }

  /**
   * Opens the store of this world; it is checked and closed when the test ends. Nothing is merged in the background unless the
   * test asks for that: most are about files that must stay what they are.
   */
  async open<K = string, V = Uint8Array, VI = V extends Uint8Array ? Uint8Array | string : V>(
    options: OpenOptions<K, V, VI> = {},
  ): Promise<Store<K, V, VI>> {
    return this.openWithin(LIMITS, options);
  }

  /** As `open`, with limits of the test's. */
  async openWithin<K = string, V = Uint8Array, VI = V extends Uint8Array ? Uint8Array | string : V>(
    limits: Limits,
    options: OpenOptions<K, V, VI> = {},
  ): Promise<Store<K, V, VI>> {
    const { fileSystem, clock } = this;
    const db = await openWithin<K, V, VI>(limits, this.directory, {
      fileSystem,
      clock,
      compaction: false,
      ...options,
    });
    this.adopt(db, options);
    return db;
  }

  /** Takes a store of this world that was opened in another way for one of those that `open` gave. */
  adopt<K, V, VI>(db: Store<K, V, VI>, options: OpenOptions<K, V, VI>): void {
    this.#stores.push({ db: db as never, options: options as never });
  }

  /** Opens the store of this world to read it alone; it is closed when the test ends. */
  async openReader<K = string, V = Uint8Array>(
    options: Omit<ReadOnlyOptions<K, V>, "readOnly"> = {},
  ): Promise<ReadOnlyStore<K, V>> {
    const shared = { fileSystem: this.fileSystem, clock: this.clock, readOnly: true } as const;
    const reader = await open<K, V>(this.directory, { ...shared, ...options });
    this.#readers.push(reader as never);
    return reader;
  }

  /** Checks the store, closes it, and opens it again in the same way. */
  async reopen<K, V, VI>(db: Store<K, V, VI>): Promise<Store<K, V, VI>> {
    const { options } = this.#stores.find((one) => one.db === (db as never))!;
    await this.check(db);
    await db.close();
    return this.open(options as unknown as OpenOptions<K, V, VI>);
  }

  /** Holds the open store against its files. */
  async check<K, V, VI>(db: Store<K, V, VI>): Promise<void> {
    const { options } = this.#stores.find((one) => one.db === (db as never))!;
    await checkInvariants(db as never, { fileSystem: this.fileSystem, ...(options as CheckOptions) });
  }

  /** The test leaves behind what is no sound store, on purpose. */
  leaveUnchecked(): void {
    this.#checked = false;
  }

  /** Closes every store that was opened. */
  async close(): Promise<void> {
    this.watched.letGo();
    for (const reader of this.#readers) await reader.close();
    for (const { db } of this.#stores) await db.close();
  }

  /** After every test: the invariants of what is open, and, closed, that every road leads to the same store. */
  async finish(): Promise<void> {
    try {
      for (const { db } of this.#stores) if (this.#checked && isOpen(db)) await this.check(db);
    } finally {
      await this.close();
    }
    if (!this.#checked || this.#stores.length === 0) return;
    checkHandles(this.watched);
    await checkRoads(this, this.clock);
  }
}

function checkHandles({ openFiles }: WatchedFileSystem): void {
  expect({ openFiles }).toEqual({ openFiles: 0 });
}

function isOpen(db: Store<never, never, never>): boolean {
  try {
    void db.keys().return?.();
    return true;
  } catch (error) {
    if (HashlogError.is(error) && error.code === "HASHLOG_CLOSED") return false;
    throw error;
  }
}

/** A world on the machine's file system, in a temporary directory. */
export async function nodeWorld(): Promise<World> {
  const parent = await mkdtemp(join(tmpdir(), "hashlog-"));
  // Finished first, as what is registered last runs first.
  onTestFinished(() => rm(parent, { recursive: true, force: true }));
  return finishing(new World(nodeFileSystem(), join(parent, "store")));
}

/** A world in memory. */
export async function memoryWorld(): Promise<World> {
  return finishing(new World(memoryFileSystem(), "/store"));
}

/** A world on a simulated disk, and what a process that is killed at this moment leaves behind on it. */
export async function simulatedWorld(): Promise<{ readonly world: World; readonly killed: () => StorePlace }> {
  const disk = new SimulatedDisk();
  const world = finishing(new World(disk.boot(), "/store"));
  const killed = (): StorePlace => killedCopy(disk, world.directory);
  return { world, killed };
}

/** The disk as it is now, on another one where no process has run yet. */
function killedCopy(disk: SimulatedDisk, directory: string): StorePlace {
  return { fileSystem: new SimulatedDisk({ image: disk.image() }).boot(), directory };
}

/** For `describe.each`: the same tests on every file system. */
export const FILE_SYSTEMS: readonly { readonly name: string; readonly newWorld: () => Promise<World> }[] = [
  { name: "the node file system", newWorld: nodeWorld },
  { name: "the file system in memory", newWorld: memoryWorld },
];

/** A file system that cannot read synchronously, and is like that one else. */
export function readingAsynchronously(fileSystem: FileSystem): FileSystem {
  return new Proxy(fileSystem, {
    get: (target, name) => (name === "readsSynchronously" ? false : (Reflect.get(target, name, target) as unknown)),
  });
}

function finishing(world: World): World {
  onTestFinished(({ task }) => (task.result?.state === "fail" ? world.close() : world.finish()));
  return world;
}
