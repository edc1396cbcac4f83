import { FsError } from "./errors.ts";
import { type NodeFs, type NodeStats, promised } from "./node-fs.ts";

/**
 * A way to the sockets of a directory that is short enough for the kernel: the address of a Unix-domain socket holds
 * 108 bytes on Linux and 104 elsewhere, the last of them zero.
 *
 * Where the directory's own path is too long, the sockets still lie in the directory (what is exclusive is the name
 * there), and only the way to them differs from process to process: on Linux through an open descriptor of the
 * directory, elsewhere through a symbolic link that this process makes for itself below the temporary directory. A
 * cleaner that removes that link removes no lock: the holder goes on listening, and others come by ways of their own.
 */
export interface LockRoute {
  /** A path of the directory to which the name of a socket can be added. */
  readonly directory: string;
  /** Not before the last socket that was reached by it is closed. Never rejects. */
  close(): Promise<void>;
}

export interface RouteContext {
  readonly fs: NodeFs;
  readonly platform: string;
  readonly temporaryDirectory: () => string;
}

/** `directory` is absolute; `nameBytesMax` is the length of the longest name that will be asked for. */
export async function routeTo(context: RouteContext, directory: string, nameBytesMax: number): Promise<LockRoute> {
  const pathBytesMax = (context.platform === "linux" ? 107 : 103) - 1 - nameBytesMax;
  const fits = (path: string): boolean => new TextEncoder().encode(path).length <= pathBytesMax;
  if (fits(directory)) return { directory, close: async () => {} };
  const byDescriptor = context.platform === "linux" ? await routeByDescriptor(context.fs, directory) : undefined;
  if (byDescriptor !== undefined) {
    // mark: lock/route-by-descriptor
    return byDescriptor;
  }
  // Room for what mkdtemp adds, and for the link in it.
  if (!fits(`${context.temporaryDirectory()}/hashlog-XXXXXX/d`)) {
    // mark: lock/path-too-long
    throw tooLong(directory);
  }
  // mark: lock/route-by-link
  return routeByLink(context, directory);
}

/** `undefined` where `/proc` is not mounted. */
async function routeByDescriptor(fs: NodeFs, directory: string): Promise<LockRoute | undefined> {
  const fd = await promised<number>((done) => fs.open(directory, fs.constants.O_RDONLY, 0, done));
  const path = `/proc/self/fd/${fd}`;
  const close = (): Promise<void> => promised((done) => fs.close(fd, done)).catch(() => {});
  const mounted = await promised<NodeStats>((done) => fs.stat(path, done)).then(
    () => true,
    () => false,
  );
  if (mounted) return { directory: path, close };
  await close();
  return undefined;
}

async function routeByLink({ fs, temporaryDirectory }: RouteContext, directory: string): Promise<LockRoute> {
  const own = await promised<string>((done) => fs.mkdtemp(`${temporaryDirectory()}/hashlog-`, done));
  const link = `${own}/d`;
  const close = async (): Promise<void> => {
    await promised((done) => fs.unlink(link, done)).catch(() => {});
    await promised((done) => fs.rmdir(own, done)).catch(() => {});
  };
  try {
    await promised((done) => fs.symlink(directory, link, done));
  } catch (error) {
    await close();
    throw error;
  }
  return { directory: link, close };
}

function tooLong(directory: string): FsError {
  const message =
    `the path of "${directory}" is too long for the address of a Unix-domain socket, and so is that of the temporary ` +
    "directory through which it could be shortened: use a shorter path, or set TMPDIR to one";
  return new FsError("FS_NOT_SUPPORTED", message, { operation: "lock", path: directory });
}
