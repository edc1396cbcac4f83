/**
 * The keydir: for every key the place of its newest record. The port that the engine takes as `index`, so that
 * somebody else's structure can serve; `runIndexContract` in `./testing` proves an implementation.
 *
 * Keys are given as a range of a larger buffer, as they lie in the log buffer, a hint file or a scratch buffer: nothing
 * is allocated for a lookup or a change. An implementation copies the bytes that it keeps. Results are written into an
 * object of the caller's for the same reason. All methods are synchronous. Equality is decided by the bytes of the key.
 */
export interface Keydir {
  /** Names the layout of the dumps (an implementation's name and version): a checkpoint of another one is not loaded. */
  readonly layout: string;

  /** How many keys are present, those with a passed expiry included. */
  readonly size: number;

  /** Bytes of memory that the structure holds, unused room included. */
  readonly memoryBytes: number;

  /** Finds the key `bytes[start..end)`; if it is present fills `found` and returns `true`, else leaves `found` alone. */
  find(bytes: Uint8Array, start: number, end: number, found: RecordLocation): boolean;

  /**
   * Sets the key's location. If the key was present, fills `replaced` with its old one and returns `true`.
   * @throws IndexError `INDEX_FULL` when the structure cannot hold more; nothing is changed then.
   */
  put(
    bytes: Uint8Array,
    start: number,
    end: number,
    location: Readonly<RecordLocation>,
    replaced: RecordLocation,
  ): boolean;

  /** Removes the key. If it was present, fills `removed` and returns `true`. */
  delete(bytes: Uint8Array, start: number, end: number, removed: RecordLocation): boolean;

  /**
   * Moves the key's location from exactly `expected` (its segment slot and offset) to `target`; returns `false`, and
   * changes nothing, when the key is absent or lies elsewhere. The compare-and-set that makes a merge harmless.
   */
  relocate(
    bytes: Uint8Array,
    start: number,
    end: number,
    expected: Readonly<RecordLocation>,
    target: Readonly<RecordLocation>,
  ): boolean;

  /** Removes the key if it lies at exactly `expected`; what a merge does with an expired record that it drops. */
  deleteIfAt(bytes: Uint8Array, start: number, end: number, expected: Readonly<RecordLocation>): boolean;

  /** Adds up what lives where: every key of the shard is counted in `tally`, on top of what is there. Allocates nothing. */
  tally(shard: number, tally: SlotTally): void;

  /** Calls `visit` with the place of every key of the shard, in no order. It changes nothing meanwhile. */
  forEachPlace(shard: number, visit: (segmentSlot: number, offset: number) => void): void;

  /** The shard in which the key `bytes[start..end)` is, or would be. */
  shardOf(bytes: Uint8Array, start: number, end: number): number;

  /** Whether the keys are kept in order: then views have cursors. */
  readonly isOrdered: boolean;

  /**
   * Begins to put the keys in order, and to keep them so. Nothing else changes; meanwhile everything can be done that can
   * be done before. While it is under way, and when it is done, another call returns what goes on, or does nothing.
   */
  beginOrdering(): KeydirOrdering;

  /** All keys and locations as of this call, whatever changes afterwards; to be closed. Views cost only what changes. */
  openView(): KeydirView;

  /**
   * Begins loading an empty keydir from records of many segments in any order. Until it has finished no other method is
   * called.
   * If the keydir `isOrdered`, it is not any more.
   * @throws IndexError `INDEX_NOT_EMPTY`
   */
  beginLoad(): KeydirLoader;

  /** How many shards there are for `tally`, `forEachPlace` and dumps. At least 1, fixed for the life of the keydir. */
  readonly shardCount: number;

  /** A copy of shard `shard` as raw bytes, in the machine's own byte order, that `loadShard` takes; made in one go. */
  dumpShard(shard: number): Uint8Array;

  /**
   * Loads what `dumpShard(shard)` of the same layout and hash key gave, into a keydir whose shard is empty. Takes
   * ownership of `bytes`. The bytes are covered by a checksum of the caller's, but every length is checked all the same.
   * If the keydir `isOrdered`, it is not any more.
   * @throws IndexError `INDEX_BAD_DUMP`; the shard stays empty.
   */
  loadShard(shard: number, bytes: Uint8Array): void;
}

/** Where a record lies. `segmentSlot` is a small number that the engine gives to a live segment (0 to 16,382). */
export interface RecordLocation {
  segmentSlot: number;
  /** Offset of the record's first byte in its segment file, below 2^32. */
  offset: number;
  /** Bytes of the value, below 2^32. */
  valueBytes: number;
  /** Milliseconds since 1970 after which the record counts as absent; 0 = never. An integer up to 2^53 - 1. */
  expiresAtMs: number;
}

/**
 * What lives in each segment. The arrays are the caller's, and have an element for every slot in which a key lies: key
 * after key, 1 is added to `records[segmentSlot]`, and to `bytes[segmentSlot]` the bytes of its whole record (header,
 * expiry, key and value, as `recordBytes` of `@hashlog/format` counts them). The same, once more, is added to the other two
 * for those that have expired: whose `expiresAtMs` is not 0, and not above `asOfMs`.
 */
export interface SlotTally {
  readonly asOfMs: number;
  readonly records: Float64Array;
  readonly bytes: Float64Array;
  readonly expiredRecords: Float64Array;
  readonly expiredBytes: Float64Array;
}

/** One more than the largest `segmentSlot` a keydir must be able to hold. */
export const SEGMENT_SLOTS_MAX = 16_383;

/** Putting keys in order, in steps. */
export interface KeydirOrdering {
  /** How many keys are in order so far; those that were written meanwhile may or may not count. */
  readonly keysDone: number;

  /**
   * Does a bounded piece of it, a millisecond or two. Returns whether all is done.
   * @throws IndexError `INDEX_FULL`, and has given up then: the keydir keeps no order
   */
  step(): boolean;

  /** Gives up, if it is not done: the keydir keeps no order. */
  abandon(): void;
}

/** All entries as of `openView`. */
export interface KeydirView {
  /** How many keys the view holds. */
  readonly size: number;

  /** Finds a key as of the view's making. As `Keydir.find`. */
  find(bytes: Uint8Array, start: number, end: number, found: RecordLocation): boolean;

  /** All entries, in no particular order. */
  openScan(): KeydirScan;

  /**
   * The entries of a range, in the order of their keys' bytes.
   * @throws IndexError `INDEX_NOT_ORDERED` unless the keydir `isOrdered`
   */
  openCursor(range?: KeydirRange): KeydirCursor;

  /**
   * Frees what the view holds. Twice is fine; every other method, and those of its scans and cursors, throw `INDEX_CLOSED`
   * then.
   */
  close(): void;
}

/** Goes through all entries. Needs not be closed. */
export interface KeydirScan {
  /**
   * The next entries, a bounded number of them, or `undefined` at the end. Takes a bounded time: where it had to pass by
   * many entries that were changed since the view was opened, there may be none on the page, and yet more on the next one.
   * The page belongs to the caller.
   */
  nextPage(): KeydirPage | undefined;
}

/** Which keys. Their order is that of their bytes, the shorter first where one begins the other. */
export interface KeydirRange {
  /** The first key that may be one of them. Default: the very first. */
  readonly from?: Uint8Array | undefined;
  /** The first key behind them. Default: none. */
  readonly to?: Uint8Array | undefined;
  /** Whether the last one comes first. Default `false`. */
  readonly reverse?: boolean | undefined;
}

/** Goes through a range. Costs nothing between two pages, and need not be closed. */
export interface KeydirCursor {
  /**
   * The next entries, at most so many and a bounded number anyhow, or `undefined` at the end. The page belongs to the
   * caller. Takes O(log n) for n keys, and a time in proportion to the entries, those included that were changed since the
   * view was opened. That time is bounded: where there are many of those there may be no entry on the page, and yet more on
   * the next one.
   */
  nextPage(entriesMax?: number): KeydirPage | undefined;
}

/** A run of entries, packed: entry `i` has its key at `keys[keyEnds[i - 1] ?? 0 .. keyEnds[i])`. */
export interface KeydirPage {
  readonly count: number;
  readonly keys: Uint8Array;
  readonly keyEnds: Uint32Array;
  readonly segmentSlots: Uint16Array;
  readonly offsets: Uint32Array;
  readonly valueBytes: Uint32Array;
  readonly expiresAtMs: Float64Array;
}

/**
 * Takes records in any order and keeps the one with the highest sequence of each key. Two may have the same sequence, when
 * a merge was cut off between publishing and retiring: of a put and its copy it keeps either, always the same one for the
 * same calls; of a put and a tombstone always the put, in whatever order they come. (The put had expired, and the merge
 * put the tombstone in its place. As long as the put is in the log as well, it is what was written.)
 */
export interface KeydirLoader {
  put(bytes: Uint8Array, start: number, end: number, sequence: number, location: Readonly<RecordLocation>): void;
  /** A tombstone: the key is absent unless a put with the same or a higher sequence comes, before or after. */
  delete(bytes: Uint8Array, start: number, end: number, sequence: number): void;
  /**
   * Ends the loading, a bounded piece at a time, some milliseconds: to be called until it returns `true`. Nothing is put or
   * deleted any more from the first call on. In the end tombstones are forgotten, and the keydir holds what is left.
   */
  finish(): boolean;
}

/** Makes an empty keydir. `hashKey` holds 16 random bytes, the same for the life of a store. */
export type KeydirFactory = (options: { readonly hashKey: Uint8Array }) => Keydir;
