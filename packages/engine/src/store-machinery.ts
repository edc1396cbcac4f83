import type { DirectoryLock } from "@hashlog/fs-io";
import type { KeydirFactory } from "@hashlog/index";
import type { BackgroundFiles } from "./background-files.ts";
import type { Checkpointer } from "./checkpointer.ts";
import type { Codec } from "./codecs.ts";
import type { CommitLog } from "./commit-log.ts";
import type { Compaction } from "./compaction.ts";
import type { Feeds } from "./feeds.ts";
import type { Maintenance } from "./maintenance.ts";
import type { OpenReport } from "./open-report.ts";
import type { OpenState } from "./open-state.ts";
import type { Ordering } from "./ordering.ts";
import type { StoreClock } from "./store-clock.ts";
import type { StoreParts } from "./store-parts.ts";
import type { ValueCache } from "./value-cache.ts";
import type { Views } from "./views.ts";

/** Everything of an open store but its public face. */
export interface StoreMachinery<K, V, VI> {
  readonly parts: StoreParts;
  readonly state: OpenState;
  readonly log: CommitLog;
  readonly compaction: Compaction;
  readonly checkpointer: Checkpointer;
  readonly maintenance: Maintenance;
  readonly backgroundFiles: BackgroundFiles;
  readonly views: Views;
  readonly feeds: Feeds;
  readonly clock: StoreClock;
  readonly lock: DirectoryLock;
  readonly keys: Codec<K>;
  readonly values: Codec<V, VI>;
  readonly openReport: OpenReport;
  readonly ordering: Ordering;
  /** Whether the keys were put in order when the store was opened. */
  readonly ordered: boolean;
  readonly cache: ValueCache;
  /** Makes a keydir like that of the store. */
  readonly index: KeydirFactory;
}
