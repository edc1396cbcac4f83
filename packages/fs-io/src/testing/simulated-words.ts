import type { EntryOperation } from "./simulated-trace.ts";

/** What has happened to a directory: "/db/new created". */
export function entryInWords(operation: EntryOperation): string {
  const { path } = operation;
  if (operation.kind === "unlink") return `${path} removed`;
  if (operation.kind === "rename") return `${operation.from} renamed to ${path}`;
  return `${path} ${operation.made === undefined ? "linked" : "created"}`;
}
