import type { Clock } from "./clock.ts";
import { FsError } from "./errors.ts";
import type { DirectoryLock } from "./file-system.ts";
import { type LockResult, takeLock } from "./lock-protocol.ts";
import { errnoOf, fsErrorOf } from "./node-errors.ts";
import type { NodeFs } from "./node-fs.ts";
import { NUMBER_DIGITS_MAX, SocketPlaces } from "./node-lock-places.ts";
import { type LockRoute, routeTo } from "./node-lock-route.ts";
import { askAt, isListeningAt, listenAt } from "./node-lock-server.ts";
import type { NodeNet } from "./node-net.ts";

/**
 * The lock of a directory: sockets on POSIX (lock-protocol.ts), a named pipe on Windows, whose namespace gives a name
 * to one process at a time and frees it with that process. Both live in the kernel of one machine and say nothing about
 * writers on another: see `FileSystem.sharedVolume`.
 */
export interface LockContext {
  readonly fs: NodeFs;
  readonly net: NodeNet;
  readonly clock: Clock;
  readonly platform: string;
  readonly processId: number;
  /** This and the next one are asked only where they are needed: under Deno each takes a permission. */
  readonly temporaryDirectory: () => string;
  readonly hostName: () => string;
  resolve(path: string): string;
}

/** The locks that this process holds or is taking. One set for all copies of this package that the process has loaded. */
const REGISTRY = Symbol.for("@hashlog/fs-io/locks");

function registry(): Set<string> {
  const holder = globalThis as { [REGISTRY]?: Set<string> };
  holder[REGISTRY] ??= new Set();
  return holder[REGISTRY];
}

export async function lockDirectory(context: LockContext, directory: string, name: string): Promise<DirectoryLock> {
  try {
    const who = `process ${context.processId} on ${context.hostName()}`;
    const key = keyOf(context, directory, name);
    // Before the first wait: two calls in one process never get as far as asking each other.
    if (registry().has(key)) {
      // mark: lock/held-by-this-process
      throw locked(directory, name, who);
    }
    registry().add(key);
    try {
      const release = await take(context, directory, name, who, key);
      return new NodeLock(async () => {
        // mark: lock/released
        await release();
        registry().delete(key);
      });
    } catch (error) {
      // mark: lock/not-taken
      registry().delete(key);
      throw error;
    }
  } catch (error) {
    throw FsError.is(error) ? error : fsErrorOf(error, "lock", directory);
  }
}

/** Whether somebody holds the lock or is about to take it; `true` also where that cannot be told. */
export async function isDirectoryLocked(context: LockContext, directory: string, name: string): Promise<boolean> {
  try {
    const key = keyOf(context, directory, name);
    if (registry().has(key)) return true;
    if (context.platform === "win32") return await isListeningAt(context.net, pipeOf(key));
    return await isAnySocketAlive(context, directory, name);
  } catch (error) {
    if (NO_DIRECTORY.has(errnoOf(error))) throw fsErrorOf(error, "isLocked", directory);
    // Not permitted, no sockets, a path that is too long: somebody may have it.
    return true;
  }
}

const NO_DIRECTORY: ReadonlySet<string | undefined> = new Set(["ENOENT", "ENOTDIR"]);

async function isAnySocketAlive(context: LockContext, directory: string, name: string): Promise<boolean> {
  const { places, route } = await placesOf(context, directory, name, "");
  try {
    for (const number of await places.list()) {
      if (await places.isAlive(number)) return true;
    }
    return false;
  } finally {
    await route.close();
  }
}

/** The lock by the directory itself, by whatever path it was named. */
function keyOf(context: LockContext, directory: string, name: string): string {
  const { dev, ino } = context.fs.statSync(context.resolve(directory), { bigint: true });
  return `${dev}-${ino}-${name}`;
}

function pipeOf(key: string): string {
  return `\\\\.\\pipe\\hashlog-${key}`;
}

type Release = () => Promise<void>;

function take(context: LockContext, directory: string, name: string, who: string, key: string): Promise<Release> {
  if (context.platform === "win32") return takePipe(context, pipeOf(key), directory, name, who);
  return takeSocket(context, directory, name, who);
}

async function takeSocket(context: LockContext, directory: string, name: string, who: string): Promise<Release> {
  const { places, route } = await placesOf(context, directory, name, who);
  try {
    return releaseOf(await takeLock(places), route, directory, name);
  } catch (error) {
    await route.close();
    throw error;
  }
}

async function placesOf(
  context: LockContext,
  directory: string,
  name: string,
  who: string,
): Promise<{ readonly places: SocketPlaces; readonly route: LockRoute }> {
  // Absolute, so that a change of the working directory leads nobody to another directory's sockets.
  const absolute = context.resolve(directory);
  const nameBytes = new TextEncoder().encode(name).length;
  const route = await routeTo(context, absolute, nameBytes + 1 + NUMBER_DIGITS_MAX);
  return { places: new SocketPlaces({ ...context, who }, absolute, route, name), route };
}

function releaseOf(result: LockResult, route: LockRoute, directory: string, name: string): Release {
  if (result.kind === "locked") throw locked(directory, name, result.holder);
  return async () => {
    await result.claim.close();
    await route.close();
  };
}

async function takePipe(
  context: LockContext,
  pipe: string,
  directory: string,
  name: string,
  who: string,
): Promise<Release> {
  const claim = await listenAt(context.net, pipe, who).catch((error: unknown) => {
    // A pipe of another user's.
    if (errnoOf(error) === "EACCES") return undefined;
    throw error;
  });
  if (claim === undefined) {
    const answer = await askAt(context.net, context.clock, pipe).catch(() => undefined);
    throw locked(directory, name, answer === undefined || answer.kind === "dead" ? undefined : answer.holder);
  }
  claim.hold();
  return () => claim.close();
}

class NodeLock implements DirectoryLock {
  readonly #giveUp: Release;
  #released: Promise<void> | undefined;

  constructor(giveUp: Release) {
    this.#giveUp = giveUp;
  }

  release(): Promise<void> {
    this.#released ??= this.#giveUp();
    return this.#released;
  }
}

function locked(directory: string, name: string, holder: string | undefined): FsError {
  const details = { operation: "lock", path: directory };
  const message = `the lock "${name}" of "${directory}" is held by ${holder ?? "a process that does not say who it is"}`;
  return new FsError("FS_LOCKED", message, holder === undefined ? details : { ...details, holder });
}
