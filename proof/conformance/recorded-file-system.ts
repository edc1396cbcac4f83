import { crc32 } from "@hashlog/format";
import { FsError, type AppendFile, type DirectoryLock, type FileStat, type FileSystem } from "@hashlog/fs-io";
import { isOfLock, nameIn, type World } from "./worlds.ts";

/**
 * A file system that writes down what it is asked for and what it answers, and hands the answers of asynchronous calls
 * over one at a time, in the order in which the calls began, each with all that follows from it before the next.
 *
 * So what is written down does not depend on how long a disk takes: a thread pool that finishes three syncs in another
 * order each time, and a simulated disk that does nothing at all meanwhile, tell the same story of the program above them.
 * A call begins when it is made, all the same: only its answer waits.
 *
 *     #3 sync hashlog-0000000001.segment              a call with a number begins
 *     append hashlog-0000000002.segment 94 a1b2c3d4   one that returned at once: bytes, and their CRC
 *     #3 ok                                           the answer of call 3 is handed over
 */
export class RecordedFileSystem {
  /** What was asked and answered, a line each. */
  readonly calls: string[] = [];
  readonly fileSystem: FileSystem;
  readonly #world: World;
  readonly #answers: { readonly answer: Promise<unknown>; readonly give: () => Promise<void> }[] = [];
  /** What the end of a process closes: handles and locks that are open. */
  readonly #open: Set<AppendFile | DirectoryLock> = new Set();
  #begun = 0;

  constructor(world: World) {
    this.#world = world;
    this.fileSystem = this.#recorded(world.fileSystem, (method, args) => this.#describe(method, args));
  }

  /** Hands so many answers over, or as many as there are when nothing else can happen any more. */
  async answer(count: number): Promise<void> {
    await turnOfTheEventLoop();
    for (let given = 0; given < count && this.#answers.length > 0; given += 1) {
      await this.#answers.shift()!.give();
      await turnOfTheEventLoop();
    }
  }

  /** What the promise resolves to, with as many answers as it takes. One that nothing can settle any more is an error. */
  async until<T>(promise: Promise<T>, what: string): Promise<T> {
    let isSettled = false;
    const note = (): void => {
      isSettled = true;
    };
    promise.then(note, note);
    await turnOfTheEventLoop();
    while (!isSettled) {
      if (this.#answers.length === 0) throw new Error(`${what} never settles`);
      await this.answer(1);
    }
    return promise;
  }

  /**
   * What a killed process leaves: all that it has asked for is done and nobody is told, its handles are closed and its locks
   * free. Whoever waits waits for ever.
   */
  async endProcess(): Promise<void> {
    await turnOfTheEventLoop();
    for (const { answer } of this.#answers.splice(0)) this.#note(await answer.catch(() => undefined));
    for (const open of this.#open) await ("release" in open ? open.release() : open.close());
    this.#open.clear();
    this.calls.push("the process ends");
  }

  /** The object, with its calls written down. Handles and locks that they give are recorded in turn. */
  #recorded<T extends object>(inner: T, describe: (method: string, args: readonly unknown[]) => string): T {
    return new Proxy(inner, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property);
        const method = String(property);
        if (method === "parent") return (path: string) => this.#parent(path);
        if (typeof value !== "function" || PURE.has(method)) {
          return typeof value === "function" ? (value.bind(target) as unknown) : value;
        }
        const call = value.bind(target) as (...args: unknown[]) => unknown;
        return (...args: unknown[]) => this.#call(describe(method, args), method, args, () => call(...args));
      },
    });
  }

  #call(line: string, method: string, args: readonly unknown[], begin: () => unknown): unknown {
    if (SYNCHRONOUS.has(method)) return this.#callAtOnce(line, args, begin);
    const number = (this.#begun += 1);
    this.calls.push(`#${number} ${line}`);
    const answer = (async () => begin())();
    // It may fail long before anybody is told.
    answer.catch(() => undefined);
    return new Promise((resolve, reject) => {
      const give = async (): Promise<void> => {
        try {
          const value = this.#known(await answer, line);
          this.calls.push(`#${number} ${OF_THE_MACHINE.has(method) ? "answered" : outcomeOf(value, args)}`);
          resolve(value);
        } catch (error) {
          this.calls.push(`#${number} ${failureOf(error)}`);
          reject(error);
        }
      };
      this.#answers.push({ answer, give });
    });
  }

  #callAtOnce(line: string, args: readonly unknown[], begin: () => unknown): unknown {
    try {
      const value = begin();
      this.calls.push(`${line} ${outcomeOf(value, args)}`);
      return value;
    } catch (error) {
      this.calls.push(`${line} ${failureOf(error)}`);
      throw error;
    }
  }

  /** Handles and locks are recorded as well. The order of names is nobody's promise, and locks keep their own files. */
  #known(value: unknown, line: string): unknown {
    if (Array.isArray(value)) return (value as string[]).filter((name) => !isOfLock(name)).toSorted();
    this.#note(value);
    if (isHandle(value))
      return this.#recorded(value, (method, args) => describeCall(method, this.#name(value.path), args));
    if (isLock(value)) return this.#recorded(value, (method) => `${method} of ${line}`);
    return value;
  }

  #note(value: unknown): void {
    if (isHandle(value) || isLock(value)) this.#open.add(value);
  }

  #describe(method: string, args: readonly unknown[]): string {
    const [path, ...rest] = args;
    const others = rest.map((arg) => (typeof arg === "string" ? this.#name(arg) : arg));
    return describeCall(method, this.#name(path as string), others);
  }

  /** The world's directory is the root: what lies above it differs from machine to machine. */
  #parent(path: string): string {
    return path === this.#world.directory ? path : this.#world.fileSystem.parent(path);
  }

  #name(path: string): string {
    return nameIn(this.#world, path);
  }
}

/** Methods that only compute. */
const PURE: ReadonlySet<string> = new Set(["join"]);
/** How much room there is, and on what kind of volume, each machine has its own answer to. */
const OF_THE_MACHINE: ReadonlySet<string> = new Set(["freeBytes", "sharedVolume"]);
const SYNCHRONOUS: ReadonlySet<string> = new Set(["append", "readSync", "size"]);

function describeCall(method: string, name: string, args: readonly unknown[]): string {
  return [method, name, ...wordsOf(method, args)].join(" ");
}

function wordsOf(method: string, args: readonly unknown[]): readonly unknown[] {
  switch (method) {
    case "append":
      return [sumOf((args[0] as Uint8Array).subarray(args[1] as number, args[2] as number))];
    case "read":
    case "readSync":
      // How many, from where. Into which buffer, and where in it, is the caller's own affair.
      return [args[2], "at", args[3]];
    default:
      return args.map((arg) => (arg instanceof Uint8Array ? sumOf(arg) : arg));
  }
}

function sumOf(bytes: Uint8Array): string {
  return `${bytes.length} bytes ${crc32(bytes).toString(16).padStart(8, "0")}`;
}

function outcomeOf(value: unknown, args: readonly unknown[]): string {
  if (value === undefined) return "ok";
  if (Array.isArray(value)) return `[${value.join(" ")}]`;
  if (typeof value === "number") return args[0] instanceof Uint8Array ? sumOf(filled(args, value)) : String(value);
  if (isHandle(value)) return "opened";
  if (isLock(value)) return "locked";
  const { kind, bytes } = value as FileStat;
  return `${kind} of ${bytes} bytes`;
}

function filled([target, at]: readonly unknown[], count: number): Uint8Array {
  return (target as Uint8Array).subarray(at as number, (at as number) + count);
}

function failureOf(error: unknown): string {
  if (!FsError.is(error)) return `fails with ${String(error)}`;
  return `fails with ${error.code}${error.outcome === undefined ? "" : `, ${error.outcome}`}`;
}

function isHandle(value: unknown): value is AppendFile {
  return typeof value === "object" && value !== null && "readSync" in value;
}

function isLock(value: unknown): value is DirectoryLock {
  return typeof value === "object" && value !== null && "release" in value;
}

function turnOfTheEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
