import type { NodeFileSystemOptions, NodeFs, NodeNet } from "@hashlog/fs-io";
import * as fs from "node:fs";
import * as net from "node:net";
import { join } from "node:path";

/**
 * `node:fs` and `node:net` as Windows has them, as far as a store meets it: a file that is open is neither removed nor renamed
 * nor replaced, nothing is synced through a handle that cannot write, a directory least of all, and the lock is a named pipe.
 */
export class WindowsMachine {
  /** What was refused: the call, and the errno. */
  readonly refusals: string[] = [];
  readonly #open: Map<number, OpenFile> = new Map();
  readonly #pipes: string;

  /** Named pipes are sockets in the directory `pipes`. */
  constructor(pipes: string) {
    this.#pipes = pipes;
  }

  get options(): NodeFileSystemOptions {
    return { platform: "win32", fs: this.#fs, net: this.#net, pause: async () => {} };
  }

  get #fs(): Partial<NodeFs> {
    return {
      open: (path, flags, mode, done) =>
        fs.open(path, flags, mode, (error, fd) => {
          if (error === null) this.#open.set(fd, { path, isWritable: (flags & WRITING) !== 0 });
          done(error, fd);
        }),
      close: (fd, done) => {
        this.#open.delete(fd);
        fs.close(fd, (error) => done(error ?? null));
      },
      unlink: (path, done) => this.#unlessOpen("unlink", [path], done, () => fs.unlink(path, done)),
      rename: (source, target, done) =>
        this.#unlessOpen("rename", [source, target], done, () => fs.rename(source, target, done)),
      fsync: (fd, done) => this.#ifWritable("fsync", fd, done, () => fs.fsync(fd, done)),
      fdatasync: (fd, done) => this.#ifWritable("fdatasync", fd, done, () => fs.fdatasync(fd, done)),
    };
  }

  get #net(): NodeNet {
    const socket = (pipe: string): string => join(this.#pipes, pipe.replace("\\\\.\\pipe\\", ""));
    return {
      createServer: (onConnection) => {
        const server = net.createServer(onConnection);
        return {
          listen: ({ path, ...options }, onListening) => server.listen({ path: socket(path), ...options }, onListening),
          close: () => server.close(),
          unref: () => server.unref(),
          on: (event, listener) => server.on(event, listener),
        };
      },
      connect: ({ path }) => net.connect({ path: socket(path) }),
    };
  }

  #unlessOpen(call: string, paths: readonly string[], done: Refused, work: () => void): void {
    const isOpen = [...this.#open.values()].some(({ path }) => paths.includes(path));
    if (isOpen) this.#refuse(call, done);
    else work();
  }

  #ifWritable(call: string, fd: number, done: Refused, work: () => void): void {
    if (this.#open.get(fd)?.isWritable === true) work();
    else this.#refuse(call, done);
  }

  #refuse(call: string, done: Refused): void {
    this.refusals.push(`${call} EPERM`);
    setImmediate(() => done(Object.assign(new Error("EPERM: as Windows has it"), { code: "EPERM" })));
  }
}

interface OpenFile {
  readonly path: string;
  readonly isWritable: boolean;
}

type Refused = (error: NodeJS.ErrnoException) => void;

const WRITING = fs.constants.O_WRONLY | fs.constants.O_RDWR;
