export { type Clock, systemClock, type Timer } from "./clock.ts";
export { FsError, type FsErrorCode, type FsErrorDetails } from "./errors.ts";
export {
  type AppendFile,
  type DirectoryLock,
  type FileStat,
  type FileSystem,
  type ReadFile,
  replacementPath,
} from "./file-system.ts";
export { GroupSync } from "./group-sync.ts";
export { IntervalSync } from "./interval-sync.ts";
export { memoryFileSystem } from "./memory-file-system.ts";
export { nodeFileSystem, type NodeFileSystemOptions } from "./node-file-system.ts";
export type { NodeFs } from "./node-fs.ts";
export type { NodeNet } from "./node-net.ts";
export { SegmentWriter } from "./segment-writer.ts";
export { parseSyncPolicy, type SyncPolicy } from "./sync-policy.ts";
export { syncWayTo } from "./sync-way-to.ts";
