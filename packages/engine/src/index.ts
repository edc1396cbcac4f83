/// <reference lib="esnext.disposable" preserve="true" />

// A store that is written, or only read.
export { open } from "./open.ts";
export type { OpenOptions, OpenProgress } from "./store-options.ts";
export type { EitherOptions, ReadOnlyOptions } from "./read-only-options.ts";
export type { OpenReport } from "./open-report.ts";
export type { IndexRoad } from "./load-index.ts";
export type { TornTail } from "./log-run.ts";
export type { Store } from "./store.ts";
export type { ReadOnlyStore } from "./read-only-store.ts";
export { bytes, type Codec, json, utf8 } from "./codecs.ts";
export { HashlogError, type HashlogErrorCode, type HashlogErrorDetails } from "./errors.ts";

// Reading and writing.
export type { Entry } from "./reads.ts";
export type { RangeOptions } from "./range.ts";
export type { IterateOptions, StoreIterator } from "./iterate.ts";
export type { Snapshot } from "./snapshot.ts";
export type {
  BatchOperation,
  ConditionalOperation,
  ConditionOptions,
  Expiry,
  PutOptions,
  Unconditional,
  WriteOptions,
} from "./write-options.ts";
export type { ClearOptions, ClearProgress } from "./clear-keys.ts";
export type { Change, ChangeFeed, ChangesOptions, DeleteChange, PutChange } from "./changes.ts";

// Upkeep.
export type { CheckpointOptions, CheckpointProgress } from "./checkpoint-options.ts";
export type { BackupOptions, BackupProgress, BackupReport } from "./backup.ts";
export { verify } from "./verify/verify-directory.ts";
export type { VerifyDirectoryOptions, VerifyOptions, VerifyProgress, VerifyReport } from "./verify/verify-options.ts";
export type { Finding } from "./verify/finding.ts";
export { repair } from "./repair/repair.ts";
export type { RepairOptions, RepairProgress, RepairReport } from "./repair/repair-options.ts";
export type { LostKey, LostRange } from "./repair/salvage.ts";
export type { ExportOptions, ExportProgress, ExportReport } from "./export.ts";
export type { ExportDestination, NodeDestination } from "./export-destination.ts";
export type { ImportOptions, ImportProgress, ImportReport } from "./import.ts";
export type { ImportSource } from "./source-bytes.ts";

// What a store tells of itself.
export type { SegmentStats, StoreStats } from "./store-stats.ts";
export type { ReadOnlyStats } from "./read-only-stats.ts";
export type { CompactionStats, StoreCompaction } from "./compaction.ts";
export type { FeedStats } from "./feeds.ts";
export type { ReadCounts, StoreCounts } from "./counts.ts";
export type {
  BackupTrace,
  BatchTrace,
  CheckpointTrace,
  DeleteTrace,
  ExportTrace,
  GetManyTrace,
  GetTrace,
  ImportTrace,
  MergeTrace,
  OpenTrace,
  PutTrace,
  RepairTrace,
  SyncTrace,
  TraceContext,
  VerifyTrace,
} from "./tracing.ts";

// Merging: when, which segments, and in which thread.
export type { CompactOptions } from "./compact-options.ts";
export type { CompactionOptions } from "./compaction-options.ts";
export type { CompactionReport } from "./compaction-report.ts";
export type { ExecutorInput, ExecutorOutput, ExecutorStore, MergeExecutor } from "./merge-executor.ts";
export { bitcaskStrategy, MergeError, sizeTieredStrategy, whenIdleStrategy } from "@hashlog/compactor";
export type {
  ChosenSegment,
  LeftOut,
  MergeChoice,
  MergeDecision,
  MergePlan,
  MergeProgress,
  MergeReport,
  MergeStrategy,
  MergeWindow,
  NoMerge,
  PlannedSegment,
  SegmentStatistics,
  StoreStatistics,
} from "@hashlog/compactor";

// What a store stands on, for those who put something of their own in its place.
export type { RandomSource } from "./random.ts";
export type { Clock, FileSystem, SyncPolicy } from "@hashlog/fs-io";
export type { KeydirFactory } from "@hashlog/index";
