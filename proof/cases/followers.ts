import type { Change, ChangeFeed } from "@hashlog/engine";
import type { History, LoggedRecord } from "../oracle/history.ts";
import { mustBeNext, mustHaveEverything, mustHoldOfFeed } from "../properties/p23-change-feed.ts";
import { quiet, settled } from "../world/quiet.ts";
import type { TextStore } from "../world/text-store.ts";

/** What those who follow a store need to know of it. */
interface Followed {
  readonly history: History;
  /** How many units may be seen at this moment: no feed gives more. */
  readonly most: () => number;
}

/**
 * Those who follow the store of a case by its feeds: each is given what comes into the log behind its beginning, each
 * record once, in order, and none before it may be seen (P23).
 */
export class Followers {
  readonly #followed: Followed;
  #open: Follower[] = [];

  constructor(followed: Followed) {
    this.#followed = followed;
  }

  /** Another one, from now on. */
  begin(store: TextStore): void {
    this.#open.push(new Follower(store, this.#followed));
  }

  /** All were given everything that is acknowledged by now, and leave. @throws PropertyViolation */
  async drain(): Promise<void> {
    const followers = this.#open;
    this.#open = [];
    for (const follower of followers) await follower.leave();
  }

  /** The store is closed: their feeds have ended, and without an error. */
  async storeIsClosed(): Promise<void> {
    const followers = this.#open;
    this.#open = [];
    for (const { ended } of followers) await settled(ended, "a feed of a store that is closed");
  }

  /** The process is gone. */
  drop(): void {
    this.#open = [];
  }
}

class Follower {
  /** Resolves when the feed has ended. @throws PropertyViolation */
  readonly ended: Promise<void>;
  readonly #store: TextStore;
  readonly #feed: ChangeFeed<string, string>;
  readonly #followed: Followed;
  /** Of the last record that it was given, or behind which it began. */
  #sequence: number;

  constructor(store: TextStore, followed: Followed) {
    this.#store = store;
    this.#followed = followed;
    this.#sequence = store.stats().sequence;
    this.#feed = store.changes();
    this.ended = this.#take();
    // Told when somebody looks.
    this.ended.catch(() => undefined);
  }

  async leave(): Promise<void> {
    const { sequence } = this.#store.stats();
    let hasEnded = false;
    const note = (): void => {
      hasEnded = true;
    };
    this.ended.then(note, note);
    for (let turn = 0; turn < TURNS && this.#sequence < sequence && !hasEnded; turn += 1) await quiet();
    const leaving = this.#feed.return();
    await settled(Promise.all([this.ended, leaving]), "leaving a feed");
    if (this.#sequence < sequence) mustHaveEverything(WHO, nameOf(this.#followed.history.recordAfter(this.#sequence)));
  }

  async #take(): Promise<void> {
    for await (const change of this.#feed) this.#judge(change);
  }

  #judge(change: Change<string, string>): void {
    const { history, most } = this.#followed;
    const next = history.recordAfter(this.#sequence);
    const { key, version, resume } = change;
    const given =
      change.type === "put" ? { value: change.value, expiresAtMs: change.expiresAtMs ?? 0 } : { expiresAtMs: 0 };
    mustBeNext(WHO, nameOf({ key, value: undefined, ...given, sequence: version }), nameOf(next));
    mustHoldOfFeed(resume === version, WHO, "goes on right behind each change");
    history.note();
    mustHoldOfFeed(next!.unit < most(), WHO, "is given nothing that nobody may see yet");
    this.#sequence = version;
  }
}

/** As many as any reading takes, and far more. */
const TURNS = 100;
const WHO = "who follows the store";

function nameOf(record: Omit<LoggedRecord, "unit"> | undefined): unknown {
  if (record === undefined) return undefined;
  const { key, value, expiresAtMs, sequence } = record;
  return { type: value === undefined ? "delete" : "put", key, value, expiresAtMs, version: sequence };
}
