import type { MicroOperation, SyncOperation } from "./simulated-trace.ts";

/**
 * A step of a simulated disk in words, for the reader of a trace.
 *
 *     create /db/log
 *     append 1142 bytes to /db/log at 32
 *     sync /db/log
 *     rename /db/manifest.new to /db/manifest
 */
export function describeStep(operation: MicroOperation): string {
  const { kind } = operation;
  switch (kind) {
    case "append":
      return `append ${operation.bytes} bytes to ${operation.path} at ${operation.offset}`;
    case "link":
      if (operation.made === undefined) return `link ${operation.path} to a file that has a name already`;
      return `${operation.made === "file" ? "create" : "make the directory"} ${operation.path}`;
    case "unlink":
      return `remove ${operation.path}`;
    case "rename":
      return `rename ${beside(operation.path, operation.from)} to ${operation.path}`;
    case "evict":
      return `drop ${operation.path} from the cache`;
    case "power-cut":
      return "the power is cut";
    default:
      return describeSync(operation);
  }
}

/** The path of that name in the same directory. */
function beside(path: string, name: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1) + name;
}

function describeSync(operation: SyncOperation): string {
  const { kind, path } = operation;
  switch (kind) {
    case "sync":
      return `sync ${path}${covering(operation)}`;
    case "sync-failed":
      return `sync ${path} fails; what it covers is in the cache alone from now on`;
    case "sync-late":
      return `sync ${path} fails with ${operation.owed}, which only the file's next sync tells`;
    case "sync-reverted":
      return `sync ${path} fails; the file holds what was durable of it, and nothing else`;
  }
}

function covering({ upTo, names }: SyncOperation & { kind: "sync" }): string {
  if (upTo === 0) return ", which covers nothing";
  if (names === undefined) return "";
  return names === "all" ? ", and every name" : ", and its names";
}
