import { recordBytes } from "@hashlog/format";
import {
  IndexError,
  SEGMENT_SLOTS_MAX,
  type Keydir,
  type KeydirCursor,
  type KeydirFactory,
  type KeydirLoader,
  type KeydirOrdering,
  type KeydirPage,
  type KeydirRange,
  type KeydirScan,
  type KeydirView,
  type RecordLocation,
  type SlotTally,
} from "@hashlog/index";

/**
 * A keydir in a Map: where a test opens tens of thousands of stores with three keys each, the real one's tables are what
 * takes the time. It keeps the port's contract (map-keydir.contract.test.ts); the real one has its turn in the same tests.
 */
export const mapKeydir: KeydirFactory = () => new MapKeydir();

const PAGE_ENTRIES = 500;
/** Small, so that an ordering takes steps where there are few keys. */
const ORDERED_AT_ONCE = 2;

type Entries = Map<string, RecordLocation>;

class MapKeydir implements Keydir {
  readonly layout = "map/1";
  // More than one, so that a checkpoint lets other work have its turn between them; few, so that it is quickly read.
  readonly shardCount = 2;
  #entries: Entries = new Map();
  #views = 0;
  #loading = false;
  isOrdered = false;

  get size(): number {
    return this.#entries.size;
  }

  get memoryBytes(): number {
    return 100 + this.#entries.size * (100 + this.#views * 100);
  }

  find(bytes: Uint8Array, start: number, end: number, found: RecordLocation): boolean {
    return copy(this.#entries.get(nameOf(bytes, start, end)), found);
  }

  put(
    bytes: Uint8Array,
    start: number,
    end: number,
    location: Readonly<RecordLocation>,
    replaced: RecordLocation,
  ): boolean {
    const name = nameOf(bytes, start, end);
    checkLocation(location);
    const old = this.#entries.get(name);
    this.#entries.set(name, { ...location });
    return copy(old, replaced);
  }

  delete(bytes: Uint8Array, start: number, end: number, removed: RecordLocation): boolean {
    const name = nameOf(bytes, start, end);
    const old = this.#entries.get(name);
    this.#entries.delete(name);
    return copy(old, removed);
  }

  relocate(
    bytes: Uint8Array,
    start: number,
    end: number,
    expected: Readonly<RecordLocation>,
    target: Readonly<RecordLocation>,
  ): boolean {
    const name = nameOf(bytes, start, end);
    checkLocation(target);
    if (!liesAt(this.#entries.get(name), expected)) return false;
    this.#entries.set(name, { ...target });
    return true;
  }

  deleteIfAt(bytes: Uint8Array, start: number, end: number, expected: Readonly<RecordLocation>): boolean {
    const name = nameOf(bytes, start, end);
    return liesAt(this.#entries.get(name), expected) && this.#entries.delete(name);
  }

  tally(shard: number, { asOfMs, records, bytes, expiredRecords, expiredBytes }: SlotTally): void {
    for (const [name, { segmentSlot, valueBytes, expiresAtMs }] of this.#entries) {
      if (shardOf(name, this.shardCount) !== shard) continue;
      const ofRecord = recordBytes(name.length, valueBytes, expiresAtMs !== 0);
      records[segmentSlot]! += 1;
      bytes[segmentSlot]! += ofRecord;
      if (expiresAtMs === 0 || expiresAtMs > asOfMs) continue;
      expiredRecords[segmentSlot]! += 1;
      expiredBytes[segmentSlot]! += ofRecord;
    }
  }

  forEachPlace(shard: number, visit: (segmentSlot: number, offset: number) => void): void {
    for (const [name, { segmentSlot, offset }] of this.#entries) {
      if (shardOf(name, this.shardCount) === shard) visit(segmentSlot, offset);
    }
  }

  shardOf(bytes: Uint8Array, start: number, end: number): number {
    return shardOf(nameOf(bytes, start, end), this.shardCount);
  }

  /** A Map has no order to keep: keys are sorted whenever somebody asks. */
  beginOrdering(): KeydirOrdering {
    let left = this.isOrdered ? 0 : this.size;
    const step = (): boolean => {
      left -= ORDERED_AT_ONCE;
      this.isOrdered ||= left <= 0;
      return this.isOrdered;
    };
    return { keysDone: this.isOrdered ? this.size : 0, step, abandon: () => undefined };
  }

  openView(): KeydirView {
    this.#views += 1;
    return new MapView(new Map(this.#entries), {
      isOrdered: () => this.isOrdered,
      onClose: () => {
        this.#views -= 1;
      },
    });
  }

  beginLoad(): KeydirLoader {
    if (this.size > 0 || this.#loading) throw new IndexError("INDEX_NOT_EMPTY", "it holds keys already");
    this.#loading = true;
    this.isOrdered = false;
    const newest = new Map<string, { sequence: number; location: RecordLocation | undefined }>();
    const take = (name: string, sequence: number, location: RecordLocation | undefined): void => {
      if (!(Number.isSafeInteger(sequence) && sequence >= 0)) throw invalid(`not a sequence: ${sequence}`);
      const known = newest.get(name);
      const isNewer = (known?.sequence ?? -1) < sequence;
      // A put wins over a tombstone of the same sequence.
      const isPutOfTheSame = known?.sequence === sequence && known.location === undefined;
      if (isNewer || isPutOfTheSame) newest.set(name, { sequence, location });
    };
    return {
      put: (bytes, start, end, sequence, location) => {
        checkLocation(location);
        take(nameOf(bytes, start, end), sequence, { ...location });
      },
      delete: (bytes, start, end, sequence) => take(nameOf(bytes, start, end), sequence, undefined),
      finish: () => {
        this.#loading = false;
        for (const [name, { location }] of newest) if (location !== undefined) this.#entries.set(name, location);
        return true;
      },
    };
  }

  dumpShard(shard: number): Uint8Array {
    const own = [...this.#entries].filter(([name]) => shardOf(name, this.shardCount) === shard);
    return new TextEncoder().encode(JSON.stringify(own));
  }

  loadShard(shard: number, bytes: Uint8Array): void {
    const entries = parse(bytes);
    if (entries.some(([name]) => shardOf(name, this.shardCount) !== shard)) {
      throw new IndexError("INDEX_BAD_DUMP", "not of this shard");
    }
    for (const [name, location] of entries) this.#entries.set(name, location);
    this.isOrdered = false;
  }
}

interface ViewHost {
  isOrdered(): boolean;
  onClose(): void;
}

class MapView implements KeydirView {
  readonly size: number;
  readonly #host: ViewHost;
  #entries: Entries | undefined;

  constructor(entries: Entries, host: ViewHost) {
    this.#entries = entries;
    this.size = entries.size;
    this.#host = host;
  }

  find(bytes: Uint8Array, start: number, end: number, found: RecordLocation): boolean {
    return copy(this.#open().get(nameOf(bytes, start, end)), found);
  }

  openScan(): KeydirScan {
    return this.#pages([...this.#open()]);
  }

  openCursor({ from, to, reverse = false }: KeydirRange = {}): KeydirCursor {
    const entries = [...this.#open()];
    if (!this.#host.isOrdered()) throw new IndexError("INDEX_NOT_ORDERED", "not in order");
    const [least, most] = [from, to].map((bound) => bound && latin1(bound));
    const wanted = entries
      .filter(([name]) => (least === undefined || name >= least) && (most === undefined || name < most))
      .sort(([one], [other]) => (one < other ? -1 : 1));
    if (reverse) wanted.reverse();
    return this.#pages(wanted);
  }

  close(): void {
    if (this.#entries === undefined) return;
    this.#entries = undefined;
    this.#host.onClose();
  }

  #pages(entries: readonly (readonly [string, RecordLocation])[]): KeydirCursor {
    let given = 0;
    const nextPage = (entriesMax: number = PAGE_ENTRIES): KeydirPage | undefined => {
      this.#open();
      if (!(Number.isInteger(entriesMax) && entriesMax > 0)) throw invalid(`no page: ${entriesMax}`);
      const page = entries.slice(given, given + Math.min(entriesMax, PAGE_ENTRIES));
      given += page.length;
      return page.length === 0 ? undefined : pageOf(page);
    };
    return { nextPage };
  }

  #open(): Entries {
    if (this.#entries === undefined) throw new IndexError("INDEX_CLOSED", "the view is closed");
    return this.#entries;
  }
}

function pageOf(entries: readonly (readonly [string, RecordLocation])[]): KeydirPage {
  const keys = Buffer.from(entries.map(([name]) => name).join(""), "latin1");
  let end = 0;
  return {
    count: entries.length,
    keys,
    keyEnds: Uint32Array.from(entries, ([name]) => (end += name.length)),
    segmentSlots: Uint16Array.from(entries, ([, { segmentSlot }]) => segmentSlot),
    offsets: Uint32Array.from(entries, ([, { offset }]) => offset),
    valueBytes: Uint32Array.from(entries, ([, { valueBytes }]) => valueBytes),
    expiresAtMs: Float64Array.from(entries, ([, { expiresAtMs }]) => expiresAtMs),
  };
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

function nameOf(bytes: Uint8Array, start: number, end: number): string {
  const sound = start >= 0 && start <= end && end <= bytes.length && end - start <= 65_535;
  if (!sound) throw invalid(`not a key: ${start} to ${end} of ${bytes.length}`);
  return latin1(bytes.subarray(start, end));
}

function shardOf(name: string, count: number): number {
  let sum = name.length;
  for (let index = 0; index < name.length; index += 1) sum = (sum * 31 + name.charCodeAt(index)) % 65_521;
  return sum % count;
}

function parse(bytes: Uint8Array): [string, RecordLocation][] {
  try {
    const entries = JSON.parse(new TextDecoder().decode(bytes)) as [string, RecordLocation][];
    for (const [name, location] of entries) {
      if (typeof name !== "string") throw invalid("no name");
      checkLocation(location);
    }
    return entries;
  } catch (error) {
    throw new IndexError("INDEX_BAD_DUMP", "not a dump of this layout", { cause: error });
  }
}

function copy(from: RecordLocation | undefined, to: RecordLocation): boolean {
  if (from === undefined) return false;
  Object.assign(to, from);
  return true;
}

function liesAt(entry: RecordLocation | undefined, place: Readonly<RecordLocation>): boolean {
  return entry !== undefined && entry.segmentSlot === place.segmentSlot && entry.offset === place.offset;
}

function checkLocation({ segmentSlot, offset, valueBytes, expiresAtMs }: Readonly<RecordLocation>): void {
  const upTo = (value: number, most: number): boolean => Number.isInteger(value) && value >= 0 && value <= most;
  const sound =
    upTo(segmentSlot, SEGMENT_SLOTS_MAX - 1) &&
    upTo(offset, 0xffff_ffff) &&
    upTo(valueBytes, 0xffff_ffff) &&
    upTo(expiresAtMs, Number.MAX_SAFE_INTEGER);
  if (!sound) throw invalid("not a location");
}

function invalid(message: string): IndexError {
  return new IndexError("INDEX_INVALID_ARGUMENT", message);
}
