import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Readable, Writable } from "node:stream";
import { nodeFileSystem, systemClock, type Clock, type FileSystem } from "@hashlog/fs-io";

/** The machine, as far as the command line touches it. Tests put another in its place. */
export interface Host {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  /** Environment variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Where stores lie. */
  readonly fileSystem: FileSystem;
  readonly files: HostFiles;
  /** Calls `callback` when the user asks for an end, until what is returned is called. */
  onInterrupt(callback: () => void): () => void;
  /** The process does not end, though it only waits, until what is returned is called. */
  stayAlive(): () => void;
}

/** Files that are no part of a store: what is exported, imported and remembered. */
export interface HostFiles {
  readonly home: string;
  /** A file from its beginning. */
  read(path: string): Readable;
  readText(path: string): Promise<string>;
  writeText(path: string, text: string): Promise<void>;
  /** A new file: fails if it is there. What was written is durable when it is closed. */
  write(path: string): Writable;
  /** Gives a file another name, in place of what has that name. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, or a directory with all that is in it; nothing if it is not there. */
  remove(path: string): Promise<void>;
  /** A new directory in that one, of a name of its own. */
  makeTemporary(directory: string): Promise<string>;
}

/** A pipe is being opened until somebody writes to it. */
const opening = new Set<Readable>();

/** Whether a file is being opened still: the process does not exit before it is. */
export function isOpeningFile(): boolean {
  return opening.size > 0;
}

function openToRead(path: string): Readable {
  const stream = createReadStream(path);
  opening.add(stream);
  const opened = (): void => void opening.delete(stream);
  return stream.once("open", opened).once("close", opened);
}

/** The machine that this process runs on. */
export const processHost: Host = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  clock: systemClock,
  fileSystem: nodeFileSystem(),
  files: {
    home: homedir(),
    read: openToRead,
    readText: (path) => readFile(path, "utf8"),
    // The history of a shell may hold what is nobody else's business.
    writeText: (path, text) => writeFile(path, text, { mode: 0o600 }),
    write: (path) => createWriteStream(path, { flags: "wx", flush: true }),
    rename: (from, to) => rename(from, to),
    remove: (path) => rm(path, { recursive: true, force: true }),
    makeTemporary: (directory) => mkdtemp(join(directory, "hashlog-")),
  },
  onInterrupt(callback) {
    process.once("SIGINT", callback);
    return () => process.off("SIGINT", callback);
  },
  stayAlive() {
    const timer = setInterval(() => undefined, 1 << 30);
    return () => clearInterval(timer);
  },
};
