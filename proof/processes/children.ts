import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What the event `exit` tells. */
type End = readonly [code: number | null, signal: NodeJS.Signals | null];

/** Processes of this test file that are alive. */
const alive = new Set<ChildProcess>();
/** What Node has compiled of the sources: a process that finds it starts in a quarter of the time. */
const compiled = mkdtempSync(join(tmpdir(), "hashlog-compiled-"));
process.once("exit", () => rmSync(compiled, { recursive: true, force: true }));

/** A process that is one of the files of this folder. `lines` gets what it writes on its standard output. */
export class Child {
  readonly process: ChildProcess;
  /** Resolves when it is gone and everything it has said was heard: to the signal that ended it, or to its exit code. */
  readonly end: Promise<NodeJS.Signals | number>;
  #complaints = "";

  constructor(file: string, onLine: (line: string) => void = () => {}) {
    this.process = fork(join(import.meta.dirname, file), {
      execArgv: ["--conditions=@hashlog/source"],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: { ...process.env, NODE_COMPILE_CACHE: compiled },
    });
    alive.add(this.process);
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
    const ends = [once(process, "exit"), once(stdout!, "close"), once(stderr!, "close")] as const;
    const [[code, signal]] = (await Promise.all(ends)) as unknown as [End, ...unknown[]];
    alive.delete(process);
    return signal ?? code ?? 0;
  }
}

/** Kills every process that is still alive: to be called when a test has ended, however it did. */
export function killAll(): void {
  for (const child of alive) child.kill("SIGKILL");
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
