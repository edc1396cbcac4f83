/**
 * The functions of `node:fs` and `node:net` that the node file system uses, in exactly the forms in which it calls
 * them. They are an interface for two reasons: every failure of every call can be tested by handing in another
 * function, and the modules are fetched when a node file system is made, not when this package is imported, so that
 * the package also loads where there is no node (a browser with a file system of its own).
 *
 * The callback forms are called and wrapped by hand: `fs.promises` allocates a handle object and several promises for
 * each call.
 */
export interface NodeFs {
  open(path: string, flags: number, mode: number, done: Done<number>): void;
  close(fd: number, done: Done): void;
  read(fd: number, target: Uint8Array, at: number, bytes: number, position: number, done: Done<number>): void;
  readSync(fd: number, target: Uint8Array, at: number, bytes: number, position: number): number;
  writeSync(fd: number, source: Uint8Array, at: number, bytes: number): number;
  fstatSync(fd: number): { readonly size: number };
  fsync(fd: number, done: Done): void;
  fdatasync(fd: number, done: Done): void;
  stat(path: string, done: Done<NodeStats>): void;
  statSync(path: string, options: { bigint: true }): NodeIdentity;
  statfs(path: string, done: Done<NodeVolume>): void;
  readdir(path: string, done: Done<string[]>): void;
  mkdir(path: string, done: Done): void;
  mkdtemp(prefix: string, done: Done<string>): void;
  rmdir(path: string, done: Done): void;
  link(source: string, target: string, done: Done): void;
  symlink(target: string, path: string, done: Done): void;
  rename(source: string, target: string, done: Done): void;
  unlink(path: string, done: Done): void;
  readonly constants: NodeOpenFlags;
}

export type Done<T = void> = (error: NodeError | null, value: T) => void;

export interface NodeError extends Error {
  code?: string | undefined;
}

export interface NodeStats {
  readonly size: number;
  isFile(): boolean;
  isDirectory(): boolean;
}

export interface NodeIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
}

export interface NodeVolume {
  readonly type: number;
  readonly bsize: number;
  readonly blocks: number;
  readonly bavail: number;
}

export interface NodeOpenFlags {
  readonly O_RDONLY: number;
  readonly O_WRONLY: number;
  readonly O_RDWR: number;
  readonly O_APPEND: number;
  readonly O_CREAT: number;
  readonly O_EXCL: number;
}

/** Wraps one callback-style call. */
export function promised<T = void>(begin: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    begin((error, value) => {
      if (error) reject(error);
      else resolve(value);
    });
  });
}
