import {
  merge,
  type MergeInput,
  type MergeOptions,
  type MergeOutput,
  type MergeReport,
  type MergeStore,
} from "@hashlog/compactor";
import type { FileSystem } from "@hashlog/fs-io";

/**
 * Where merges run. The steps, and the rules for what may go, are the same everywhere: what differs is the thread that
 * reads, verifies, copies and syncs. Files are made, listed and removed, and keys looked up and moved, by the store.
 */
export interface MergeExecutor {
  /**
   * Refuses a file system with which it cannot work. Called when a store is opened.
   * @throws HashlogError `HASHLOG_NOT_SUPPORTED`
   */
  check(fileSystem: FileSystem): void;

  /** As `merge` of `@hashlog/compactor`, in every respect: steps, report, errors, signal and progress. */
  merge(inputs: readonly ExecutorInput[], store: ExecutorStore, options: MergeOptions): Promise<MergeReport>;

  /** Lets go of whatever is kept ready for the next merge. Called when a store is closed, and no merge of its runs. */
  close(): Promise<void>;
}

/** An input, and where it lies. */
export interface ExecutorInput extends MergeInput {
  readonly path: string;
}

/** An output, and where it lies. Its header is in the file; who writes the rest by the path need not call `append`. */
export interface ExecutorOutput extends MergeOutput {
  readonly path: string;
}

/** The store around a merge, with the file system in which the paths lead somewhere. */
export interface ExecutorStore extends MergeStore {
  readonly fileSystem: FileSystem;
  createOutput(): Promise<ExecutorOutput>;
}

/** Merges in the thread that calls, between other work. */
export const inThisThread: MergeExecutor = { check: () => {}, merge, close: () => Promise.resolve() };
