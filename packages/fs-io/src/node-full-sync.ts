import { FsError } from "./errors.ts";

/**
 * What a sync is worth on macOS. fsync(2) and fdatasync(2) hand the bytes to the drive there, and leave them in the drive's own
 * cache: when the power fails they are gone, some of them or all. What empties that cache as well is `fcntl(F_FULLFSYNC)`. No
 * JavaScript can call it, so it is for whoever runs the JavaScript to do:
 *
 *     Node   libuv does, for both (uv__fs_fsync in its src/unix/fs.c); where a volume has no such thing, a barrier,
 *            and where it has none either, fsync(2)
 *     Deno   Rust's standard library does, for both (File::sync_all and File::sync_data, library/std/src/sys/fs/unix.rs)
 *     Bun    calls fsync(2) and fdatasync(2) as they are (posix_impl in its src/sys/lib.rs, as that was in 2026)
 *
 * So under Bun on macOS nothing durable can be promised, and what would promise it is refused, unless the caller wants
 * it all the same: `allowDriveCache`.
 */
export function canSyncFully(platform: string, runtime: string): boolean {
  return platform !== "darwin" || runtime !== "bun";
}

/** The program that runs this one: `"bun"` or `"node"`, under which also goes what does in all that matters here as Node does. */
export function runtimeAtHand(versions: Readonly<Record<string, string | undefined>>): string {
  return versions["bun"] === undefined ? "node" : "bun";
}

/** For what would be durable, and cannot be. */
export function noFullSync(operation: string, path: string): FsError {
  const message =
    `${operation} of "${path}" is refused: under Bun on macOS a sync leaves the bytes in the drive's own cache, and a power cut ` +
    "takes them. Use Node or Deno, or nodeFileSystem({ allowDriveCache: true }) if a crash of the process is all that has to be survived";
  const details = { operation, path };
  return new FsError(
    "FS_NOT_SUPPORTED",
    message,
    operation === "replace" ? { ...details, outcome: "unchanged" } : details,
  );
}
