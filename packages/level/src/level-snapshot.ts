import type { Snapshot, Store } from "@hashlog/engine";
import { AbstractSnapshot } from "abstract-level";

/** What reads need, of a store or of a snapshot of it. */
export type View = Pick<
  Snapshot<Uint8Array, Uint8Array>,
  "get" | "getMany" | "getSync" | "has" | "entries" | "keys" | "values"
>;

/** The types of abstract-level leave its constructor out. `owner` is the database, or sublevel, whose closing closes it. */
const Base: new (options: object) => AbstractSnapshot = AbstractSnapshot as new (options: object) => AbstractSnapshot;

/** An explicit snapshot: one of the store's, with the life that abstract-level gives it. */
export class LevelSnapshot extends Base {
  readonly #store: object;
  readonly #snapshot: Snapshot<Uint8Array, Uint8Array>;

  constructor(store: Store<Uint8Array, Uint8Array>, options: object) {
    super(options);
    this.#store = store;
    this.#snapshot = store.snapshot();
  }

  /** Where to read, if the snapshot is one of this very opening of the store. */
  viewOf(store: object): View | undefined {
    return this.#store === store ? this.#snapshot : undefined;
  }

  /** Called by abstract-level, once, when nothing is read from it any more. */
  async _close(): Promise<void> {
    this.#snapshot.close();
  }
}
