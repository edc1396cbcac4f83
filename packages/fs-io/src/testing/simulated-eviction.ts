import type { FileNode } from "./simulated-nodes.ts";
import type { DiskState, LoggedOperation } from "./simulated-state.ts";
import type { EvictOperation } from "./simulated-trace.ts";

/**
 * What an operating system does with the pages of a file when it needs the memory: those that it has written, or takes
 * for written, it drops, and reads them from the disk when somebody asks again. Where a sync has failed these are not the
 * bytes that programs read until then, though no power was cut and no process died.
 *
 *     log of the file      durable    cache-only    pending
 *     dropped              yes        yes           no: dirty
 *     read afterwards      the same   zeros         the same
 *
 * Directories stay as they are seen: file systems keep in memory what their journal has not written.
 */

/** The steps that drop all of it, or all of one file's: one for each file of which programs then read other bytes. */
export function evictions(state: DiskState, file?: FileNode): readonly EvictOperation[] {
  const steps = new Map<number, EvictOperation>();
  for (const logged of state.log) {
    const { object, operation } = logged;
    if (file !== undefined && object !== file.id) continue;
    if (isOnlyCached(logged) && readsAsOther(state, logged)) {
      steps.set(object, { kind: "evict", path: operation.path, target: object });
    }
  }
  return [...steps.values()];
}

/** All that programs read of the file afterwards. */
export function bytesOnDisk(file: FileNode, log: readonly LoggedOperation[]): Uint8Array {
  const bytes = file.contents.buffer.slice(0, file.size);
  for (const logged of log) {
    if (logged.object === file.id && isOnlyCached(logged)) partOf(bytes, logged).fill(0);
  }
  return bytes;
}

function isOnlyCached({ operation, standing }: LoggedOperation): boolean {
  return operation.kind === "append" && standing === "cache-only";
}

function readsAsOther(state: DiskState, logged: LoggedOperation): boolean {
  const { contents } = state.nodes.get(logged.object) as FileNode;
  return partOf(contents.buffer, logged).some((byte) => byte !== 0);
}

function partOf(content: Uint8Array, { operation }: LoggedOperation): Uint8Array {
  const { offset, bytes } = operation as Extract<LoggedOperation["operation"], { kind: "append" }>;
  return content.subarray(offset, offset + bytes);
}
