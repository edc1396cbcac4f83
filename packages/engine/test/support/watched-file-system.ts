import { FsError, type AppendFile, type FileSystem, type ReadFile } from "@hashlog/fs-io";

/** One call of the file system or of one of its files; `operation` is the method's name. */
export interface Call {
  readonly operation: string;
  readonly path: string;
  /** Where in the file is read. */
  readonly position?: number;
}

/**
 * A file system that counts its calls and its open files, and whose calls can be held back, or made to fail, before they
 * do anything.
 */
export class WatchedFileSystem {
  /** To be handed to the store. */
  readonly fileSystem: FileSystem;
  readonly calls: Call[] = [];
  openFiles = 0;
  #before: ((call: Call) => Promise<void> | undefined)[] = [];
  readonly #held = new Set<() => void>();

  constructor(inner: FileSystem) {
    this.fileSystem = this.#watch(inner, (operation, args) => ({ operation, path: String(args[0]) }));
  }

  /** How many calls there were of that operation, on paths that match. */
  count(operation: string, path: RegExp = /./): number {
    return this.calls.filter((call) => call.operation === operation && path.test(call.path)).length;
  }

  /** From now on such calls wait for `release`. `reached` resolves when the first one waits. */
  hold(operation: string, path: RegExp = /./): { readonly reached: Promise<void>; release(): void } {
    const reached = newGate();
    const released = newGate();
    const hold = (call: Call): Promise<void> | undefined => {
      if (call.operation !== operation || !path.test(call.path)) return undefined;
      reached.open();
      return released.opened;
    };
    const release = (): void => {
      this.#before = this.#before.filter((other) => other !== hold);
      this.#held.delete(release);
      released.open();
    };
    this.#before.push(hold);
    this.#held.add(release);
    return { reached: reached.opened, release };
  }

  /** Nothing is held back or made to fail any more. */
  letGo(): void {
    for (const release of this.#held) release();
    this.#before = [];
  }

  /** From now on such calls fail, before they do anything, until `end`. */
  fail(
    operation: string,
    path: RegExp,
    code: FsError["code"] = "FS_IO",
    outcome?: "unchanged" | "unknown",
  ): { end(): void } {
    const fail = (call: Call): undefined => {
      if (call.operation !== operation || !path.test(call.path)) return undefined;
      const details = { operation, path: call.path, ...(outcome && { outcome }) };
      throw new FsError(code, `${operation} of ${call.path} was made to fail`, details);
    };
    this.#before.push(fail);
    return {
      end: () => {
        this.#before = this.#before.filter((other) => other !== fail);
      },
    };
  }

  #watch<T extends object>(target: T, describe: (operation: string, args: unknown[]) => Call): T {
    return new Proxy(target, {
      get: (_target, name) => {
        const member = Reflect.get(target, name, target) as unknown;
        if (typeof member !== "function") return member;
        const method = (...args: unknown[]): unknown => member.apply(target, args) as unknown;
        const operation = String(name);
        if (PURE.has(operation)) return method;
        return (...args: unknown[]) => this.#call(describe(operation, args), () => method(...args));
      },
    });
  }

  #call(call: Call, run: () => unknown): unknown {
    this.calls.push(call);
    if (SYNCHRONOUS.has(call.operation)) {
      for (const before of this.#before) {
        if (before(call) !== undefined) throw new Error(`${call.operation} is synchronous and cannot be held back`);
      }
      return run();
    }
    return this.#callLater(call, run);
  }

  async #callLater(call: Call, run: () => unknown): Promise<unknown> {
    for (const before of [...this.#before]) await before(call);
    const result = await run();
    if (!OPENING.has(call.operation)) return result;
    this.openFiles += 1;
    return this.#watchFile(result as ReadFile | AppendFile);
  }

  #watchFile(file: ReadFile | AppendFile): ReadFile | AppendFile {
    let open = true;
    const watched = this.#watch(file, (operation, args) => {
      if (operation === "close" && open) {
        open = false;
        this.openFiles -= 1;
      }
      const { path } = file;
      return operation.startsWith("read") ? { operation, path, position: args[3] as number } : { operation, path };
    });
    return watched;
  }
}

const PURE: ReadonlySet<string> = new Set(["join", "parent", "size"]);
const SYNCHRONOUS: ReadonlySet<string> = new Set(["append", "readSync"]);
const OPENING: ReadonlySet<string> = new Set(["create", "openAppend", "openRead"]);

function newGate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
