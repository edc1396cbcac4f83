import { FsError, type AppendFile, type DirectoryLock, type ReadFile } from "@hashlog/fs-io";
import type { Observed } from "../properties/p20-conformance.ts";
import type { PortOperation, PortScript } from "./port-script.ts";
import { filesIn, isOfLock, nameIn, pathIn, type World } from "./worlds.ts";

/** Runs the calls one after the other, each when the one before it has returned. */
export async function runPortScript(world: World, script: PortScript): Promise<Observed> {
  const run = new PortRun(world);
  const results: string[] = [];
  for (const operation of script) results.push(`${JSON.stringify(operation)} ${await run.outcomeOf(operation)}`);
  await run.end();
  const { fileSystem, effects } = world;
  return { on: fileSystem.name, results, calls: [], effects: effects?.(), files: await filesIn(world) };
}

class PortRun {
  readonly #world: World;
  readonly #handles: ReadFile[] = [];
  /** Those of the handles that were opened for appending. */
  readonly #appending: Set<AppendFile> = new Set();
  readonly #locks: DirectoryLock[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  /** What the call gives, as text; an error by all that the port says about it. */
  async outcomeOf(operation: PortOperation): Promise<string> {
    try {
      return JSON.stringify(await this.#do(operation)) ?? "done";
    } catch (error) {
      if (!FsError.is(error)) throw error;
      const at = nameIn(this.#world, error.path);
      return ["fails with", error.code, "of", error.operation, "at", at, error.outcome ?? ""].join(" ").trimEnd();
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.#locks.map((lock) => lock.release()));
    await Promise.all(this.#handles.map((handle) => handle.close()));
  }

  #do(operation: PortOperation): unknown {
    switch (operation[0]) {
      case "size":
      case "sync":
      case "close":
      case "append":
      case "read":
      case "readSync":
        return this.#useHandle(operation, this.#handles[operation[1] % Math.max(1, this.#handles.length)]);
      case "release":
        return this.#locks[operation[1] % Math.max(1, this.#locks.length)]?.release();
      default:
        return this.#useFileSystem(operation);
    }
  }

  #useHandle(operation: OnHandle, handle: ReadFile | undefined): unknown {
    if (handle === undefined) return "left out";
    switch (operation[0]) {
      case "size":
      case "close":
        return handle[operation[0]]();
      case "sync":
        return this.#appending.has(handle as AppendFile) ? (handle as AppendFile).sync() : "left out";
      case "append":
        return this.#append(handle as AppendFile, operation);
      default:
        return readWith(handle, operation);
    }
  }

  #append(
    handle: AppendFile,
    [, on, bytes, start, end]: Extract<OnHandle, readonly ["append", ...unknown[]]>,
  ): unknown {
    if (!this.#appending.has(handle)) return "left out";
    return handle.append(content(bytes, on + start), start, end);
  }

  async #useFileSystem(operation: Exclude<PortOperation, OnHandle | readonly ["release", number]>): Promise<unknown> {
    const { fileSystem } = this.#world;
    const path = pathIn(this.#world, operation[1]);
    switch (operation[0]) {
      case "list":
        return (await fileSystem.list(path)).filter((name) => !isOfLock(name)).toSorted();
      case "freeBytes":
        return (await fileSystem.freeBytes(path)) >= 0;
      case "sharedVolume":
        // Whether it is one, the machine decides.
        return void (await fileSystem.sharedVolume(path));
      case "openRead":
        return this.#keep(await fileSystem.openRead(path));
      case "create":
      case "openAppend":
        return this.#keepForAppending(await fileSystem[operation[0]](path));
      case "replace":
        return fileSystem.replace(path, content(operation[2], operation[2]));
      case "link":
        return fileSystem.link(path, pathIn(this.#world, operation[2]));
      case "lock":
        this.#locks.push(await fileSystem.lock(path, operation[2]));
        return undefined;
      case "isLocked":
        return fileSystem.isLocked(path, operation[2]);
      default:
        return fileSystem[operation[0]](path);
    }
  }

  #keep(handle: ReadFile): string {
    this.#handles.push(handle);
    return nameIn(this.#world, handle.path);
  }

  #keepForAppending(handle: AppendFile): string {
    this.#appending.add(handle);
    return this.#keep(handle);
  }
}

type OnHandle = Extract<
  PortOperation,
  readonly ["size" | "sync" | "close" | "append" | "read" | "readSync", ...unknown[]]
>;

async function readWith(
  handle: ReadFile,
  [kind, , length, at, bytes, position]: Extract<OnHandle, readonly ["read" | "readSync", ...unknown[]]>,
): Promise<string> {
  // What a read does not fill stays as it was.
  const target = new Uint8Array(length).fill(0xee);
  const count = await handle[kind](target, at, bytes, position);
  return `${count}: ${Buffer.from(target).toString("hex")}`;
}

function content(bytes: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, index) => (index * 31 + seed * 101 + (index >> 8)) & 0xff);
}
