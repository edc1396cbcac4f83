import type { BackupReport } from "./backup.ts";
import type { CompactionReport } from "./compaction-report.ts";
import type { ExportReport } from "./export.ts";
import type { ImportReport } from "./import.ts";
import type { IndexRoad } from "./load-index.ts";
import type { RepairReport } from "./repair/repair-options.ts";
import type { VerifyReport } from "./verify/verify-options.ts";

/**
 * What a store does, told through `node:diagnostics_channel` to whoever listens: for each operation a tracing channel, by
 * the name that it has in `TRACES`. Where there is no such module nobody is told.
 *
 *     start -> end                                  what returned at once
 *     start -> end -> asyncStart -> asyncEnd        what gave a promise; the last two once that has settled
 *     error                                         before the last one or two, where it failed
 *
 * Whoever does not listen does not pay: an operation asks `isOn`, and that is all. The promise that an operation gives is the
 * same whether or not somebody listens; and what a listener throws does not reach the store, but ends the process, as Node
 * has it.
 */
export class Trace<Context extends TraceContext> {
  readonly #channels: Channels | undefined;

  /** `name`: what Node's `tracingChannel` takes. `module`: where there is none, nobody listens. */
  constructor(name: string, module: ChannelModule | undefined) {
    this.#channels = module?.tracingChannel(name);
  }

  /** Whether anybody listens, to whichever of the five channels. */
  get isOn(): boolean {
    const channels = this.#channels;
    return (
      channels !== undefined &&
      (channels.start.hasSubscribers ||
        channels.end.hasSubscribers ||
        channels.asyncStart.hasSubscribers ||
        channels.asyncEnd.hasSubscribers ||
        channels.error.hasSubscribers)
    );
  }

  /** Does the work, which returns at once. `note` says in the context what came of it. To be called only while `isOn`. */
  sync<T>(context: Context, work: () => T, note: (result: T) => void): T {
    const { start, end, error } = this.#channels!;
    return start.runStores(context, () => {
      try {
        const result = work();
        note(result);
        return result;
      } catch (reason) {
        context.error = reason;
        error.publish(context);
        throw reason;
      } finally {
        end.publish(context);
      }
    });
  }

  /** Does the work, which gives a promise, and returns that. `note` as for `sync`. To be called only while `isOn`. */
  promise<T>(context: Context, work: () => Promise<T>, note: (result: T) => void): Promise<T> {
    const { start, end, asyncStart, asyncEnd, error } = this.#channels!;
    const settled = (): void => {
      asyncStart.publish(context);
      asyncEnd.publish(context);
    };
    return start.runStores(context, () => {
      const promise = work();
      promise.then(
        (result) => {
          note(result);
          settled();
        },
        (reason: unknown) => {
          context.error = reason;
          error.publish(context);
          settled();
        },
      );
      end.publish(context);
      return promise;
    });
  }

  /** Does the work, which gives a promise, told of if anybody listens: for what is seldom done. */
  around<T>(context: () => Context, work: () => Promise<T>, note: (context: Context, result: T) => void): Promise<T> {
    if (!this.isOn) return work();
    const made = context();
    return this.promise(made, work, (result) => note(made, result));
  }
}

/** What every event of a store says. Events of one operation have the same object, which says more as it goes on. */
export interface TraceContext {
  /** The directory of the store, as it was given to `open`. */
  readonly directory: string;
  /** What it failed of; absent where it did not. */
  error?: unknown;
}

/** Of `hashlog.open`. */
export interface OpenTrace extends TraceContext {
  readonly readOnly: boolean;
  /** How most of the index was loaded, and how many keys there are; once it is open. */
  road?: IndexRoad;
  keys?: number;
}

/** Of `hashlog.get`: one key that is read, of a store or a snapshot. */
export interface GetTrace extends TraceContext {
  readonly method: "get" | "getSync" | "getEntry";
  /** As it was given. */
  readonly key: unknown;
  /** Whether there is a value, and its bytes. */
  found?: boolean;
  valueBytes?: number;
}

/** Of `hashlog.getMany`. */
export interface GetManyTrace extends TraceContext {
  /** As they were given. */
  readonly keys: unknown;
  /** How many have a value. */
  found?: number;
}

/** Of `hashlog.put`. */
export interface PutTrace extends TraceContext {
  /** As it was given. */
  readonly key: unknown;
  valueBytes?: number;
  /** Whether it was done: `false` where its condition did not hold. */
  done?: boolean;
}

/** Of `hashlog.delete`. */
export interface DeleteTrace extends TraceContext {
  /** As it was given. */
  readonly key: unknown;
  /** What the delete resolves to. */
  done?: boolean;
}

/** Of `hashlog.batch`. */
export interface BatchTrace extends TraceContext {
  /** How many there are. */
  readonly operations: number;
  /** Whether it was done: `false` where a condition did not hold. */
  done?: boolean;
}

/** Of `hashlog.sync`: the log is made durable, for all that wait for it by then. */
export interface SyncTrace extends TraceContext {
  /** Bytes of the log that were not durable before. */
  readonly bytes: number;
}

/** Of `hashlog.merge`: one merge, in the background or asked for. */
export interface MergeTrace extends TraceContext {
  /** What set it off, and the ids of the segments. */
  readonly trigger: string;
  readonly segments: readonly number[];
  report?: CompactionReport;
}

/** Of `hashlog.checkpoint`: one that is written, by itself or asked for. */
export interface CheckpointTrace extends TraceContext {
  /** Bytes of the file. */
  bytes?: number;
}

/** Of `hashlog.backup`. */
export interface BackupTrace extends TraceContext {
  /** The directory of the backup. */
  readonly target: string;
  report?: BackupReport;
}

/** Of `hashlog.export`. */
export interface ExportTrace extends TraceContext {
  report?: ExportReport;
}

/** Of `hashlog.import`. */
export interface ImportTrace extends TraceContext {
  report?: ImportReport;
}

/** Of `hashlog.verify`: of a store that is open, or of a directory. */
export interface VerifyTrace extends TraceContext {
  report?: VerifyReport;
}

/** Of `hashlog.repair`. */
export interface RepairTrace extends TraceContext {
  report?: RepairReport;
}

/** What is used of a channel. */
interface Channel {
  readonly hasSubscribers: boolean;
  publish(message: object): void;
  runStores<T>(context: object, work: () => T): T;
}

type Channels = Readonly<Record<"start" | "end" | "asyncStart" | "asyncEnd" | "error", Channel>>;

/** What is used of `node:diagnostics_channel`. */
export interface ChannelModule {
  tracingChannel(name: string): Channels;
}

/** What is asked of `process`. The types of Node are not named: whoever uses this package need not have them. */
export interface ChannelHost {
  getBuiltinModule?(name: "node:diagnostics_channel"): ChannelModule | undefined;
}

/** Bun and Deno have it as well as Node; a browser has not. */
export function findChannels(host: ChannelHost | undefined): ChannelModule | undefined {
  return host?.getBuiltinModule?.("node:diagnostics_channel");
}

const channels = findChannels(globalThis.process);

/** One for each kind of operation. */
export const TRACES: {
  readonly open: Trace<OpenTrace>;
  readonly get: Trace<GetTrace>;
  readonly getMany: Trace<GetManyTrace>;
  readonly put: Trace<PutTrace>;
  readonly delete: Trace<DeleteTrace>;
  readonly batch: Trace<BatchTrace>;
  readonly sync: Trace<SyncTrace>;
  readonly merge: Trace<MergeTrace>;
  readonly checkpoint: Trace<CheckpointTrace>;
  readonly backup: Trace<BackupTrace>;
  readonly export: Trace<ExportTrace>;
  readonly import: Trace<ImportTrace>;
  readonly verify: Trace<VerifyTrace>;
  readonly repair: Trace<RepairTrace>;
} = {
  open: new Trace("hashlog.open", channels),
  get: new Trace("hashlog.get", channels),
  getMany: new Trace("hashlog.getMany", channels),
  put: new Trace("hashlog.put", channels),
  delete: new Trace("hashlog.delete", channels),
  batch: new Trace("hashlog.batch", channels),
  sync: new Trace("hashlog.sync", channels),
  merge: new Trace("hashlog.merge", channels),
  checkpoint: new Trace("hashlog.checkpoint", channels),
  backup: new Trace("hashlog.backup", channels),
  export: new Trace("hashlog.export", channels),
  import: new Trace("hashlog.import", channels),
  verify: new Trace("hashlog.verify", channels),
  repair: new Trace("hashlog.repair", channels),
};
