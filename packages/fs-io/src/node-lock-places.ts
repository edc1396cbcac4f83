import { type Clock, pause } from "./clock.ts";
import type { LockAnswer, LockClaim, LockPlaces } from "./lock-protocol.ts";
import { FsError } from "./errors.ts";
import { errnoOf } from "./node-errors.ts";
import { type NodeFs, promised } from "./node-fs.ts";
import { askAt, isListeningAt, listenAt } from "./node-lock-server.ts";
import type { LockRoute } from "./node-lock-route.ts";
import type { NodeNet } from "./node-net.ts";

/** The longest number of a place: the digits of `Number.MAX_SAFE_INTEGER`. */
export const NUMBER_DIGITS_MAX = 16;

const PAUSE_MS = 5;

export interface PlacesContext {
  readonly fs: NodeFs;
  readonly net: NodeNet;
  readonly clock: Clock;
  /** This process, in words. */
  readonly who: string;
  readonly processId: number;
}

/** The places of the lock protocol as Unix-domain sockets `<name>-<number>` in a directory. */
export class SocketPlaces implements LockPlaces {
  readonly #context: PlacesContext;
  readonly #directory: string;
  readonly #route: LockRoute;
  readonly #name: string;

  /** `directory` is what errors name; `route` leads to it. */
  constructor(context: PlacesContext, directory: string, route: LockRoute, name: string) {
    this.#context = context;
    this.#directory = directory;
    this.#route = route;
    this.#name = name;
  }

  async list(): Promise<number[]> {
    const names = await promised<string[]>((done) => this.#context.fs.readdir(this.#route.directory, done));
    return names.map((name) => this.#numberOf(name)).filter((number) => number !== undefined);
  }

  /**
   * The time in milliseconds and, behind it, three digits that differ between processes that ask in the same one. Time
   * decides nothing here: a clock that stands still or goes back leaves the numbers to the files that are there, and so does one
   * that is beyond the year 2255, where there are no such numbers.
   */
  freshNumber(): number {
    const number = Math.floor(this.#context.clock.now()) * 1000 + (this.#context.processId % 1000);
    return Number.isSafeInteger(number) ? number : 0;
  }

  async claim(number: number): Promise<LockClaim | undefined> {
    try {
      return await listenAt(this.#context.net, this.#address(number), this.#context.who);
    } catch (error) {
      // Whoever asked it between its making and its listening took it for a dead one's, and removed it before it was made
      // writable for all. Were the directory gone, the next look into it would tell.
      if (errnoOf(error) === "ENOENT") return undefined;
      throw NO_SOCKETS.has(errnoOf(error)) ? noSockets(error, this.#directory) : error;
    }
  }

  ask(number: number): Promise<LockAnswer> {
    return askAt(this.#context.net, this.#context.clock, this.#address(number));
  }

  /** Whether somebody listens there: whoever has the lock, or is about to take it or to give way. */
  isAlive(number: number): Promise<boolean> {
    return isListeningAt(this.#context.net, this.#address(number));
  }

  remove(number: number): Promise<void> {
    return promised((done) => this.#context.fs.unlink(this.#address(number), done)).catch(() => {});
  }

  pause(): Promise<void> {
    return pause(PAUSE_MS);
  }

  #address(number: number): string {
    return `${this.#route.directory}/${this.#name}-${number}`;
  }

  #numberOf(name: string): number | undefined {
    const digits = name.startsWith(`${this.#name}-`) ? name.slice(this.#name.length + 1) : "";
    if (!/^[1-9]\d{0,15}$/.test(digits)) return undefined;
    const number = Number(digits);
    return Number.isSafeInteger(number) ? number : undefined;
  }
}

/** What making a socket fails with on a volume that has none: FAT, shared folders, many FUSE and SMB volumes. */
const NO_SOCKETS: ReadonlySet<string | undefined> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

function noSockets(error: unknown, directory: string): FsError {
  const message =
    `the volume of "${directory}" cannot hold the Unix-domain socket that the lock is made of: use a directory on a ` +
    "local volume, or a file system of your own whose `lock` suits this one";
  return new FsError("FS_NOT_SUPPORTED", message, { operation: "lock", path: directory, cause: error });
}
