import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** Processes and directories of the machine, for one test: when it has ended, however it did, all of them are gone. */
export class ProcessWorld {
  readonly #children = new Set<Child>();
  readonly #directories: string[] = [];
  #isOver = false;

  constructor() {
    onTestFinished(() => this.#end());
  }

  /**
   * Starts a process that is one of the files of this folder. `onLine` gets what it writes on its standard output.
   * @throws Error if the test is over: whatever goes on behind it ends here
   */
  start(file: string, onLine: (line: string) => void = () => {}): Child {
    if (this.#isOver) throw new Error("the test is over");
    const child = new Child(file, onLine);
    this.#children.add(child);
    return child;
  }

  /** An empty directory. */
  async newDirectory(): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), "hashlog-killed-"));
    this.#directories.push(directory);
    return directory;
  }

  async #end(): Promise<void> {
    this.#isOver = true;
    for (const child of this.#children) child.kill();
    await Promise.all([...this.#children].map(({ end }) => end));
    for (const directory of this.#directories) await rm(directory, { recursive: true, force: true });
  }
}

/** What Node has compiled of the sources: a process that finds it starts in a quarter of the time. */
const COMPILED = join(import.meta.dirname, "../../node_modules/.cache/compiled");

/** What the event `exit` tells. */
interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that was started by this one. */
export class Child {
  readonly process: ChildProcess;
  /** Resolves when it is gone and everything it has said was heard: to the signal that ended it, or to its exit code. */
  readonly end: Promise<NodeJS.Signals | number>;
  #complaints = "";

  constructor(file: string, onLine: (line: string) => void) {
    this.process = fork(join(import.meta.dirname, file), {
      execArgv: ["--conditions=@hashlog/source"],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: { ...process.env, NODE_COMPILE_CACHE: COMPILED },
    });
    this.process.stderr!.setEncoding("utf8").on("data", (text: string) => (this.#complaints += text));
    onEachLine(this.process.stdout!, onLine);
    this.end = this.#awaitEnd();
  }

  /** What it wrote on its standard error. */
  get complaints(): string {
    return this.#complaints;
  }

  send(message: object): void {
    // It may have killed itself meanwhile; `end` tells.
    this.process.send(message, () => {});
  }

  /** Resolves to the next thing that it sends. */
  async message(): Promise<unknown> {
    return ((await once(this.process, "message")) as [unknown])[0];
  }

  /** Ends it in the middle of whatever it does. */
  kill(): void {
    this.process.kill("SIGKILL");
  }

  // Not by the event `close`, which does not come where the channel was closed by hand.
  async #awaitEnd(): Promise<NodeJS.Signals | number> {
    const {
      process,
      process: { stdout, stderr },
    } = this;
    const ended: Promise<Exit> = new Promise((resolve) =>
      process.once("exit", (code, signal) => {
        resolve({ code, signal });
      }),
    );
    const [{ code, signal }] = await Promise.all([ended, once(stdout!, "close"), once(stderr!, "close")]);
    return signal ?? code ?? 0;
  }
}

// A line that was cut off by the end of the process is not given.
function onEachLine(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) onLine(line);
  });
}
