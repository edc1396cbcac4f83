import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { kindOf } from "./counting-file-system.ts";

/** What lies in a store's directory. */
export interface Usage {
  readonly files: number;
  readonly segments: number;
  readonly segmentBytes: number;
  readonly allBytes: number;
}

/** Files that are removed while they are looked at count no more. */
export async function directoryUsage(directory: string): Promise<Usage> {
  const usage = { files: 0, segments: 0, segmentBytes: 0, allBytes: 0 };
  for (const name of await readdir(directory)) {
    const found = await stat(join(directory, name)).catch(() => undefined);
    if (found === undefined || !found.isFile()) continue;
    usage.files += 1;
    usage.allBytes += found.size;
    if (kindOf(name) !== "segments") continue;
    usage.segments += 1;
    usage.segmentBytes += found.size;
  }
  return usage;
}

/** Handles that this process has open, or `null` where the system does not tell. */
export async function processHandles(): Promise<number | null> {
  // The listing has itself one open.
  return (await readdir("/proc/self/fd").catch(() => null))?.length ?? null;
}
