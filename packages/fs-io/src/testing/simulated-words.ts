import type { EntryOperation, MicroOperation } from "./simulated-trace.ts";

/** A step of a disk in words, as a thing that has happened: "/db/new created". */
export function wordsOf(operation: MicroOperation): string {
  switch (operation.kind) {
    case "append": {
      const { offset, bytes, path } = operation;
      return `bytes ${offset}..${offset + bytes} of ${path} appended`;
    }
    case "sync":
      return `${operation.path} synced`;
    case "sync-failed":
      return `${operation.path} not synced: it failed`;
    case "sync-late":
      return `${operation.path} not synced, though it seemed so`;
    case "sync-reverted":
      return `${operation.path} not synced, and reverted`;
    case "evict":
      return `${operation.path} dropped from the cache`;
    case "power-cut":
      return "the power cut";
    default:
      return entryInWords(operation);
  }
}

/** The same of what happens to a directory. */
export function entryInWords(operation: EntryOperation): string {
  const { path } = operation;
  if (operation.kind === "unlink") return `${path} removed`;
  if (operation.kind === "rename") return `${operation.from} renamed to ${path}`;
  return `${path} ${operation.made === undefined ? "linked" : "created"}`;
}
