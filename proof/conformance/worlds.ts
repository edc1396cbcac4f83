import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LOCK_NAME } from "@hashlog/format";
import { memoryFileSystem, nodeFileSystem, type FileSystem, type NodeFs } from "@hashlog/fs-io";
import { SimulatedDisk } from "@hashlog/fs-io/testing";
import { tellingNodeFs } from "./node-effects.ts";
import { effectsOn } from "./simulated-effects.ts";

/** A file system, and an empty directory in it. */
export interface World {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  /** What was done to the disk in the directory, in order, where it can be seen: `"sync d/a"`. */
  readonly effects: (() => readonly string[]) | undefined;
  dispose(): void;
}

/** The file systems that have to be alike. The simulated one comes first: it is what the others are held against. */
export const WORLDS: readonly (() => Promise<World>)[] = [simulatedWorld, () => nodeWorld(), memoryWorld];

/** A simulated disk on which nothing goes wrong. */
export async function simulatedWorld(): Promise<World> {
  const disk = new SimulatedDisk();
  const effects = (): string[] => toldOf(HERE, (tell) => effectsOn(disk, tell));
  return { ...(await inOwnDirectory(disk.boot())), effects };
}

/** In memory. */
export async function memoryWorld(): Promise<World> {
  return inOwnDirectory(memoryFileSystem());
}

/** A temporary folder of this machine; with functions of `node:fs` replaced, for a test that breaks them. */
export async function nodeWorld(broken: Partial<NodeFs> = {}): Promise<World> {
  const directory = mkdtempSync(join(realpathSync(tmpdir()), "hashlog-conformance-"));
  const told: [effect: string, path: string][] = [];
  const telling = tellingNodeFs((effect, path) => told.push([effect, path]));
  return {
    fileSystem: nodeFileSystem({ fs: { ...telling, ...broken } }),
    directory,
    effects: () => toldOf(directory, (tell) => told.forEach(([effect, path]) => tell(effect, path))),
    dispose: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** That world with some methods of its file system replaced, for a test that breaks them. */
export function withMethods(world: World, methods: Partial<FileSystem>): World {
  const fileSystem = new Proxy(world.fileSystem, {
    get(target, property) {
      const value: unknown = Reflect.get(property in methods ? methods : target, property);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  return { ...world, fileSystem };
}

const HERE = "/here";

async function inOwnDirectory(fileSystem: FileSystem): Promise<World> {
  await fileSystem.makeDirectory(HERE);
  return { fileSystem, directory: HERE, effects: undefined, dispose: () => undefined };
}

/** What is told of paths in the directory, but for the making of the directory itself and for what belongs to a lock. */
function toldOf(directory: string, by: (tell: (effect: string, path: string) => void) => void): string[] {
  const effects: string[] = [];
  by((effect, path) => {
    const name = nameIn({ directory }, path);
    const isInside = path.startsWith(directory) && !isOfLock(name.slice(name.lastIndexOf("/") + 1));
    if (isInside && !(effect === "makeDirectory" && name === ".")) effects.push(`${effect} ${name}`);
  });
  return effects;
}

/** Runs something in new worlds, the simulated one first, and removes them. */
export async function inWorlds<T>(
  makers: readonly (() => Promise<World>)[],
  run: (world: World) => Promise<T>,
): Promise<T[]> {
  const worlds = await Promise.all(makers.map((make) => make()));
  try {
    return await Promise.all(worlds.map((world) => run(world)));
  } finally {
    for (const world of worlds) world.dispose();
  }
}

/** The path of `name`, whose parts are separated by `/`; `"."` is the world's directory. */
export function pathIn({ fileSystem, directory }: Pick<World, "fileSystem" | "directory">, name: string): string {
  const parts = name.split("/").filter((part) => part !== ".");
  return parts.reduce((path, part) => fileSystem.join(path, part), directory);
}

/** What `pathIn` made a path of. */
export function nameIn({ directory }: Pick<World, "directory">, path: string): string {
  if (path === directory) return ".";
  const isInside = path.startsWith(directory);
  return isInside ? path.slice(directory.length + 1).replaceAll("\\", "/") : path;
}

/** The locks that are taken in a world. What they keep in the directory is the platform's affair: none of it is compared. */
const LOCK_NAMES: readonly string[] = ["one", "two", LOCK_NAME];

/** Whether a name in a directory is one that a lock made. */
export function isOfLock(name: string): boolean {
  return LOCK_NAMES.some((lock) => name.startsWith(`${lock}-`));
}

/** What lies in the world's directory, at any depth, by name; directories have no bytes. Files of locks are left out. */
export async function filesIn(world: World): Promise<Map<string, Uint8Array | undefined>> {
  const found = new Map<string, Uint8Array | undefined>();
  const look = async (directory: string): Promise<void> => {
    for (const entry of (await world.fileSystem.list(directory)).toSorted()) {
      if (isOfLock(entry)) continue;
      const path = world.fileSystem.join(directory, entry);
      const isDirectory = (await world.fileSystem.stat(path))?.kind === "directory";
      found.set(nameIn(world, path), isDirectory ? undefined : await contentOf(world.fileSystem, path));
      if (isDirectory) await look(path);
    }
  };
  await look(world.directory);
  return found;
}

async function contentOf(fileSystem: FileSystem, path: string): Promise<Uint8Array> {
  const file = await fileSystem.openRead(path);
  try {
    const bytes = new Uint8Array(file.size());
    const count = await file.read(bytes, 0, bytes.length, 0);
    return bytes.subarray(0, count);
  } finally {
    await file.close();
  }
}
