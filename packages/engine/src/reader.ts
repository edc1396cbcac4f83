import { LOCK_NAME } from "@hashlog/format";
import { FsError } from "@hashlog/fs-io";
import { corrupt, inOwnWords, HashlogError, throwIfAborted } from "./errors.ts";
import { shownLog } from "./feed-log.ts";
import { Feeds } from "./feeds.ts";
import type { Generation, ReaderParts } from "./generation.ts";
import { bytesToLoad } from "./load-files.ts";
import { changedMeanwhile, loadGeneration } from "./load-generation.ts";
import { LoadProgress } from "./load-progress.ts";
import { readManifest, type ReadManifest } from "./manifest-file.ts";
import { sameBytes } from "./same-bytes.ts";
import { readManifestOfStore } from "./store-directory.ts";
import type { OpenProgress } from "./store-options.ts";

/**
 * Follows a store that others write:
 *
 *     read the manifest    the same, or grown        read on in the log from where it was read to
 *                          anything else             load the index again, beside the old one, and change over
 *     hold back            what the writer may not have acknowledged; if there is no writer, that too is shown
 *
 * Invariant: no verdict, be it of damage or that a file is missing, is believed unless the manifest is the same before and
 * after: a writer that merges replaces it before it removes a file.
 */
export class Reader {
  /** Of what is shown. */
  readonly feeds: Feeds;
  readonly #parts: ReaderParts;
  readonly #keepsOrder: boolean;
  #older: Generation[] = [];
  #current: Generation | undefined;
  #writerAlive = false;
  #told = -1;
  #isShared: boolean | undefined;

  /** `keepsOrder`: the keys are put in order before a generation is shown. */
  constructor(parts: ReaderParts, keepsOrder: boolean) {
    this.#parts = parts;
    this.#keepsOrder = keepsOrder;
    this.feeds = new Feeds(parts.directory, shownLog(this));
  }

  /** What is read now. Nothing before the first `refresh`. */
  get current(): Generation {
    return this.#current!;
  }

  /** Every generation that somebody may still read. */
  get generations(): readonly Generation[] {
    return this.#current === undefined ? this.#older : [...this.#older, this.#current];
  }

  /** Whether there was a writer when that was last asked. */
  get writerAlive(): boolean {
    return this.#writerAlive;
  }

  /**
   * Catches up. Resolves to whether more is shown than before. Not to be called while it runs.
   * @throws HashlogError; what was shown before is shown still
   */
  async refresh(options: RefreshOptions): Promise<boolean> {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
      if (await this.#attempt(options)) return this.#tell();
      await this.#parts.clock.yield();
    }
    // mark: reader/replaced-again-and-again
    throw changedMeanwhile(this.#parts.directory);
  }

  /** Whether more is shown than the last one told of that came to its end: one that failed may have shown something. */
  #tell(): boolean {
    const { sequence } = this.current;
    const isNew = sequence > this.#told;
    this.#told = sequence;
    return isNew;
  }

  /** Nothing is read any more. Resolves when every handle is closed. */
  async close(): Promise<void> {
    const { generations } = this;
    for (const { views } of generations) views.closeAll();
    await Promise.all(generations.map((generation) => generation.retire()));
  }

  /** Whether that came to an end; if not, the manifest was replaced meanwhile. */
  async #attempt(options: RefreshOptions): Promise<boolean> {
    const { directory } = this.#parts;
    throwIfAborted(options.signal, "reading the store");
    let read: ReadManifest | undefined;
    try {
      read = await readManifestOfStore(this.#parts.fileSystem, directory);
      const seen = this.#current?.tail.lastRead;
      await this.#goTo(read, options);
      const { tail } = this.current;
      if (!options.asksForWriter) {
        const goesOn = tail.lastRead !== seen;
        // A log that goes on has a writer.
        if (goesOn) this.#writerAlive = true;
        if (goesOn || !tail.isHolding) return true;
      }
      return await this.#settle(read, options);
    } catch (error) {
      throwIfAborted(options.signal, "reading the store");
      const failed = (reason: unknown): never => {
        throw inOwnWords(reason, `reading ${directory} failed`);
      };
      // Whoever cannot tell that believes nothing, and tells why.
      if (read !== undefined && !(await this.#isCurrent(read).catch(failed))) {
        // mark: reader/files-replaced-while-they-were-read
        return false;
      }
      return failed(error);
    }
  }

  async #isCurrent(read: ReadManifest): Promise<boolean> {
    const now = await readManifest(this.#parts.fileSystem, this.#parts.directory);
    return now !== undefined && sameBytes(now.bytes, read.bytes);
  }

  async #goTo(read: ReadManifest, options: RefreshOptions): Promise<void> {
    const current = this.#current;
    if (current === undefined || current.tail.isSpoilt) return this.#load(read, options);
    if (current.isOf(read)) return current.tail.read(checkedBy(options));
    if (!(await this.#grow(current, read, options))) await this.#load(read, options);
  }

  // What does not fit after all is for a new load to judge.
  async #grow(current: Generation, read: ReadManifest, options: RefreshOptions): Promise<boolean> {
    try {
      if (!(await current.grow(read))) return false;
      await current.tail.read(checkedBy(options));
      return true;
    } catch (error) {
      if (HashlogError.is(error) && error.code === "HASHLOG_CORRUPT") {
        // mark: reader/growth-did-not-fit
        return false;
      }
      throw error;
    }
  }

  async #load(read: ReadManifest, { signal, onProgress }: RefreshOptions): Promise<void> {
    const progress = new LoadProgress(bytesToLoad(read.manifest), onProgress, signal);
    const old = this.#current;
    const generation = await loadGeneration(this.#parts, read, old?.sequence ?? 0, progress);
    try {
      progress.checkSignal();
      if (old !== undefined) this.#checkContinues(old, generation);
      if (this.#keepsOrder || old?.ordering.isDone === true) {
        await generation.ordering.ready(
          () => progress.checkSignal(),
          (keysDone) => progress.ordered(keysDone, generation.keydir.size),
        );
      }
    } catch (error) {
      await generation.retire();
      throw error;
    }
    this.#current = generation;
    if (old === undefined) return;
    this.#keep(old);
    await old.retire();
  }

  /** Keeps an older generation for as long as somebody reads in it. */
  #keep(old: Generation): void {
    this.feeds.onReplaced(old);
    if (old.isIdle) return;
    this.#older.push(old);
    old.views.onIdle = () => {
      // mark: reader/older-index-given-up
      this.#older = this.#older.filter((older) => older !== old);
    };
  }

  // What was shown stays shown.
  #checkContinues(old: Generation, generation: Generation): void {
    const { directory } = this.#parts;
    if (generation.manifest.storeId !== old.manifest.storeId) {
      // mark: reader/another-store-in-its-place
      throw corrupt(`${directory} holds another store than the one that was opened`, { path: directory });
    }
    const [expected, actual] = [old.sequence, generation.sequence];
    if (actual >= expected) return;
    // mark: reader/log-went-back
    throw corrupt(`${directory} ends with sequence ${actual}, though ${expected} was read from it before`, {
      path: directory,
      expected,
      actual,
    });
  }

  /** Shows what is held back, if there is no writer. Whether the manifest is the same as before. */
  async #settle(read: ReadManifest, options: RefreshOptions): Promise<boolean> {
    const { tail } = this.current;
    this.#writerAlive = await this.#isWriterAlive();
    if (this.#writerAlive || !tail.isHolding) return true;
    // What the writer wrote last, before it was gone.
    await tail.read(checkedBy(options));
    await this.#sync();
    // Before it writes anything, another writer would have changed it.
    if (!(await this.#isCurrent(read))) {
      // mark: reader/writer-came-meanwhile
      return false;
    }
    // mark: reader/held-back-shown-without-a-writer
    await tail.showHeld();
    return true;
  }

  async #isWriterAlive(): Promise<boolean> {
    const { fileSystem, directory } = this.#parts;
    try {
      // Of a writer on another machine nobody here can tell.
      this.#isShared ??= (await fileSystem.sharedVolume(directory)) !== undefined;
      if (this.#isShared) {
        // mark: reader/writer-may-be-on-another-machine
        return true;
      }
      return await fileSystem.isLocked(directory, LOCK_NAME);
    } catch (error) {
      if (!FsError.is(error)) throw error;
      // mark: reader/not-known-whether-there-is-a-writer
      return true;
    }
  }

  // As well as a reader can: it may not be let, and a sync that failed before this handle was opened is not told of.
  async #sync(): Promise<void> {
    const { fileSystem } = this.#parts;
    for (const { segment } of this.current.tail.parts) {
      try {
        const file = await fileSystem.openAppend(segment.path);
        try {
          await file.sync();
        } finally {
          await file.close();
        }
      } catch (error) {
        // mark: reader/not-synced
        if (!FsError.is(error)) throw error;
      }
    }
  }
}

/** How a refresh is made. */
export interface RefreshOptions {
  /** Whether it is asked for a writer also where nothing depends on it. */
  readonly asksForWriter: boolean;
  readonly onProgress: ((progress: OpenProgress) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

function checkedBy({ signal }: RefreshOptions): () => void {
  return () => throwIfAborted(signal, "reading the store");
}

const ATTEMPTS_MAX = 20;
