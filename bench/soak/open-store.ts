/** Opens the store that is soaked, and tells when merges begin and end. */
import { bytes, open } from "@hashlog/engine";
import type { FileSystem } from "@hashlog/fs-io";
import type { ByteStore } from "../byte-store.ts";
import type { Sync } from "./options.ts";

/** What a merge did. */
export interface MergeDone {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly bytesFreed: number;
  readonly durationMs: number;
}

/** Is told of merges. Each start is followed by an end or a failure. */
export interface MergeEvents {
  readonly onStart: () => void;
  readonly onEnd: (done: MergeDone) => void;
  readonly onFailure: (error: unknown) => void;
}

const SYNC = { never: "never", always: "always", interval: { intervalMs: 100 } } as const;

/** With everything as it is by default, but for the sync policy. */
export function openStore(
  directory: string,
  sync: Sync,
  fileSystem: FileSystem,
  { onStart, onEnd, onFailure }: MergeEvents,
): Promise<ByteStore> {
  const compaction = { onStart, onEnd, onFailure };
  return open(directory, { keys: bytes, values: bytes, sync: SYNC[sync], fileSystem, compaction });
}
