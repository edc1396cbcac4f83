import { HashlogError, type Change, type ChangeFeed } from "@hashlog/engine";
import { mustBeNext, mustHaveEverything, mustHoldOfFeed } from "../properties/p23-change-feed.ts";
import type { TextReader, TextStore } from "../world/text-store.ts";
import type { Commits, Position, WrittenRecord } from "./commits.ts";
import type { FeedBeginning } from "./feed-case.ts";

/**
 * One who takes what feeds give, and knows what has to come next. It remembers how far it has come, and the `resume` of the
 * last change, over everything that happens to its store.
 */
export class Consumer {
  readonly #name: string;
  readonly #commits: Commits;
  /** Of a reader merges may overtake it at any time. */
  readonly #isReader: boolean;
  /** What the last change said; `undefined` as long as there was none. */
  #resume: number | undefined;
  #position: Position = { commit: 0, records: 0 };
  #version = 0;
  /** What of the state it was not given yet. */
  #state: Map<string, string> | undefined;
  #open: { readonly feed: ChangeFeed<string, string>; readonly store: TextStore | TextReader } | undefined;
  /** Whether merges had taken out what the feed that is open asks for, when it was opened. */
  #isLate = false;
  #wanted = 0;
  #isWaiting = false;
  /** What went wrong: told when somebody looks. */
  #failure: unknown;
  given = 0;
  overtaken = 0;

  constructor(name: string, commits: Commits, isReader: boolean) {
    this.#name = name;
    this.#commits = commits;
    this.#isReader = isReader;
  }

  /** Opens a feed of that store, of which merges have left everything from `completeFrom` on. */
  begin(store: TextStore | TextReader, how: FeedBeginning, completeFrom: number): void {
    if (this.#open !== undefined) return;
    this.#isLate = false;
    if (how === "with the state" || (how === "where it was left" && this.#resume === 0)) {
      this.#resume = 0;
      this.#position = this.#commits.end(store);
      this.#state = this.#commits.state(store);
      this.#version = 0;
      this.#open = { feed: store.changes({ since: 0 }), store };
    } else if (how === "from now on" || this.#resume === undefined) {
      this.#resume = undefined;
      this.#position = this.#commits.end(store);
      this.#state = undefined;
      this.#open = { feed: store.changes(), store };
    } else {
      this.#isLate = this.#resume + 1 < completeFrom;
      this.#state = undefined;
      this.#open = { feed: store.changes({ since: this.#resume }), store };
    }
    if (this.#state?.size === 0) this.#state = undefined;
    this.#pump();
  }

  read(count: number): void {
    this.#wanted += count;
    this.#pump();
  }

  async leave(): Promise<void> {
    const feed = this.#open?.feed;
    this.lose();
    await feed?.return();
  }

  /** Its store is gone, and whatever waited for it. */
  lose(): void {
    this.#open = undefined;
    this.#isWaiting = false;
    this.#wanted = 0;
  }

  /** @throws what went wrong since it was looked last */
  look(): void {
    if (this.#failure !== undefined) throw this.#failure as Error;
  }

  /** To be called when all is quiet: it wants everything. */
  drain(): void {
    this.read(Number.POSITIVE_INFINITY);
  }

  /** To be called when all is quiet again: nothing is left. */
  mustHaveEverything(): void {
    this.look();
    if (this.#open === undefined) return;
    mustHoldOfFeed(this.#isWaiting, this.#name, "waits for more when it was given everything");
    mustHaveEverything(this.#name, this.#state === undefined ? undefined : [...this.#state]);
    mustHaveEverything(this.#name, this.#commits.next(this.#position, this.#open.store));
    this.#wanted = 0;
  }

  #pump(): void {
    const open = this.#open;
    if (open === undefined || this.#isWaiting || this.#wanted <= 0) return;
    this.#isWaiting = true;
    open.feed
      .next()
      .then(
        ({ done, value }) => {
          if (this.#open !== open) return;
          this.#isWaiting = false;
          mustHoldOfFeed(done !== true, this.#name, "goes on until it is left, or its store closed");
          this.#take(value!, open.store);
          this.#wanted -= 1;
          this.#pump();
        },
        (error: unknown) => {
          if (this.#open !== open) return;
          this.#isWaiting = false;
          this.#overtaken(error);
        },
      )
      .catch((error: unknown) => {
        this.#failure ??= error;
      });
  }

  /** Merges were quicker: from then on it begins again with the state. */
  #overtaken(error: unknown): void {
    if (!HashlogError.is(error) || error.code !== "HASHLOG_COMPACTED") throw error;
    mustHoldOfFeed(this.#isLate || this.#isReader, this.#name, "keeps what it has not been given");
    const { expected, actual } = error;
    mustHoldOfFeed((expected as number) > (actual as number), this.#name, "is told how far merges have come");
    this.#open = undefined;
    this.#resume = 0;
    this.overtaken += 1;
  }

  #take(change: Change<string, string>, store: TextStore | TextReader): void {
    this.given += 1;
    if (this.#state === undefined) this.#takeNext(change, store);
    else this.#takeEntry(change, this.#state);
    this.#resume = change.resume;
  }

  #takeEntry(change: Change<string, string>, state: Map<string, string>): void {
    const { key } = change;
    mustBeNext(this.#name, recordOf(change), { type: "put", key, value: state.get(key) });
    state.delete(key);
    this.#version = Math.max(this.#version, change.version);
    if (state.size > 0)
      return mustHoldOfFeed(change.resume === 0, this.#name, "begins again until the state is complete");
    mustHoldOfFeed(change.resume >= this.#version, this.#name, "goes on behind the whole state");
    this.#version = change.resume;
    this.#state = undefined;
  }

  #takeNext(change: Change<string, string>, store: TextStore | TextReader): void {
    const next = this.#commits.next(this.#position, store);
    mustBeNext(this.#name, recordOf(change), next?.record);
    const { version, resume } = change;
    mustHoldOfFeed(version > this.#version, this.#name, `is given growing versions: ${version}, ${this.#version}`);
    mustHoldOfFeed(resume === version, this.#name, "goes on right behind each change");
    mustHoldOfFeed(
      this.#commits.hasVersion(next!.position, version),
      this.#name,
      "is given the same version each time",
    );
    this.#version = version;
    this.#position = next!.position;
  }
}

function recordOf(change: Change<string, string>): WrittenRecord {
  return change.type === "put"
    ? { type: "put", key: change.key, value: change.value }
    : { type: "delete", key: change.key };
}
