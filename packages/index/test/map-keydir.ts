import { recordBytes } from "@hashlog/format";
import {
  IndexError,
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
 * The smallest honest keydir: a `Map`. It shows that an implementation from outside passes the contract suite, and that
 * the suite asks for nothing but what the port says.
 */
export const mapKeydir: KeydirFactory = () => new MapKeydir();

type Entries = Map<string, RecordLocation>;

const PAGE_ENTRIES = 1000;

class MapKeydir implements Keydir {
  readonly layout = "map-of-latin1-strings";
  readonly shardCount = 1;
  #entries: Entries = new Map();
  isOrdered = false;

  get size(): number {
    return this.#entries.size;
  }

  get memoryBytes(): number {
    return this.#entries.size * 150;
  }

  find(bytes: Uint8Array, start: number, end: number, found: RecordLocation): boolean {
    return fill(found, this.#entries.get(nameOf(bytes, start, end)));
  }

  put(
    bytes: Uint8Array,
    start: number,
    end: number,
    location: Readonly<RecordLocation>,
    replaced: RecordLocation,
  ): boolean {
    const name = nameOf(bytes, start, end);
    const before = this.#entries.get(name);
    this.#entries.set(name, { ...location });
    return fill(replaced, before);
  }

  delete(bytes: Uint8Array, start: number, end: number, removed: RecordLocation): boolean {
    const name = nameOf(bytes, start, end);
    const before = this.#entries.get(name);
    this.#entries.delete(name);
    return fill(removed, before);
  }

  relocate(
    bytes: Uint8Array,
    start: number,
    end: number,
    expected: Readonly<RecordLocation>,
    target: Readonly<RecordLocation>,
  ): boolean {
    const name = nameOf(bytes, start, end);
    if (!liesAt(this.#entries.get(name), expected)) return false;
    this.#entries.set(name, { ...target });
    return true;
  }

  deleteIfAt(bytes: Uint8Array, start: number, end: number, expected: Readonly<RecordLocation>): boolean {
    const name = nameOf(bytes, start, end);
    return liesAt(this.#entries.get(name), expected) && this.#entries.delete(name);
  }

  tally(_shard: number, { asOfMs, records, bytes, expiredRecords, expiredBytes }: SlotTally): void {
    for (const [name, { segmentSlot, valueBytes, expiresAtMs }] of this.#entries) {
      const ofRecord = recordBytes(name.length, valueBytes, expiresAtMs !== 0);
      records[segmentSlot]++;
      bytes[segmentSlot] += ofRecord;
      if (expiresAtMs === 0 || expiresAtMs > asOfMs) continue;
      expiredRecords[segmentSlot]++;
      expiredBytes[segmentSlot] += ofRecord;
    }
  }

  forEachPlace(_shard: number, visit: (segmentSlot: number, offset: number) => void): void {
    for (const { segmentSlot, offset } of this.#entries.values()) visit(segmentSlot, offset);
  }

  shardOf(): number {
    return 0;
  }

  /** A Map has no order to keep: keys are sorted whenever somebody asks. */
  beginOrdering(): KeydirOrdering {
    let steps = this.isOrdered ? 0 : this.size / PAGE_ENTRIES;
    const step = (): boolean => {
      this.isOrdered ||= --steps <= 0;
      return this.isOrdered;
    };
    return { keysDone: this.isOrdered ? this.size : 0, step, abandon: () => undefined };
  }

  openView(): KeydirView {
    return new MapView(new Map(this.#entries), () => this.isOrdered);
  }

  beginLoad(): KeydirLoader {
    if (this.#entries.size !== 0) throw new IndexError("INDEX_NOT_EMPTY", "only an empty keydir can be loaded");
    this.isOrdered = false;
    return new MapLoader(this.#entries);
  }

  dumpShard(): Uint8Array {
    return new TextEncoder().encode(JSON.stringify([...this.#entries]));
  }

  loadShard(_shard: number, bytes: Uint8Array): void {
    try {
      const entries = new Map<string, RecordLocation>(JSON.parse(new TextDecoder().decode(bytes)));
      for (const [name, location] of entries) if (!/^[\0-\xff]*$/.test(name) || !isLocation(location)) throw location;
      this.#entries = entries;
      this.isOrdered = false;
    } catch (cause) {
      throw new IndexError("INDEX_BAD_DUMP", "not a dump", { cause });
    }
  }
}

class MapView implements KeydirView {
  readonly size: number;
  #entries: Entries | undefined;
  readonly #isOrdered: () => boolean;

  constructor(entries: Entries, isOrdered: () => boolean) {
    this.#isOrdered = isOrdered;
    this.size = entries.size;
    this.#entries = entries;
  }

  find(bytes: Uint8Array, start: number, end: number, found: RecordLocation): boolean {
    return fill(found, this.#open().get(nameOf(bytes, start, end)));
  }

  openScan(): KeydirScan {
    return this.#pages([...this.#open()]);
  }

  openCursor({ from, to, reverse = false }: KeydirRange = {}): KeydirCursor {
    const entries = [...this.#open()];
    if (!this.#isOrdered()) throw new IndexError("INDEX_NOT_ORDERED", "not in order");
    const least = from && nameOf(from, 0, from.length);
    const most = to && nameOf(to, 0, to.length);
    const wanted = entries
      .filter(([name]) => (least === undefined || name >= least) && (most === undefined || name < most))
      .sort(([one], [other]) => (one < other ? -1 : 1));
    if (reverse) wanted.reverse();
    return this.#pages(wanted);
  }

  close(): void {
    this.#entries = undefined;
  }

  #pages(entries: readonly (readonly [string, RecordLocation])[]): KeydirCursor {
    let given = 0;
    const nextPage = (entriesMax = PAGE_ENTRIES): KeydirPage | undefined => {
      this.#open();
      if (!(Number.isInteger(entriesMax) && entriesMax > 0)) {
        throw new IndexError("INDEX_INVALID_ARGUMENT", "a page has at least one entry");
      }
      const page = entries.slice(given, given + Math.min(entriesMax, PAGE_ENTRIES));
      given += page.length;
      return page.length === 0 ? undefined : pageOf(page);
    };
    return { nextPage };
  }

  #open(): Entries {
    if (this.#entries !== undefined) return this.#entries;
    throw new IndexError("INDEX_CLOSED", "the view is closed");
  }
}

class MapLoader implements KeydirLoader {
  readonly #entries: Entries;
  readonly #newest = new Map<string, { sequence: number; location: RecordLocation | undefined }>();

  constructor(entries: Entries) {
    this.#entries = entries;
  }

  put(bytes: Uint8Array, start: number, end: number, sequence: number, location: Readonly<RecordLocation>): void {
    this.#keep(nameOf(bytes, start, end), sequence, { ...location });
  }

  delete(bytes: Uint8Array, start: number, end: number, sequence: number): void {
    this.#keep(nameOf(bytes, start, end), sequence, undefined);
  }

  finish(): boolean {
    for (const [name, { location }] of this.#newest) if (location !== undefined) this.#entries.set(name, location);
    return true;
  }

  #keep(name: string, sequence: number, location: RecordLocation | undefined): void {
    const known = this.#newest.get(name);
    const isNewer = sequence > (known?.sequence ?? 0);
    const isPutOfTheSame = sequence === known?.sequence && known.location === undefined;
    if (isNewer || isPutOfTheSame) this.#newest.set(name, { sequence, location });
  }
}

function pageOf(entries: readonly (readonly [string, RecordLocation])[]): KeydirPage {
  let end = 0;
  return {
    count: entries.length,
    keys: Uint8Array.from(entries.map(([name]) => name).join(""), (character) => character.charCodeAt(0)),
    keyEnds: Uint32Array.from(entries, ([name]) => (end += name.length)),
    segmentSlots: Uint16Array.from(entries, ([, { segmentSlot }]) => segmentSlot),
    offsets: Uint32Array.from(entries, ([, { offset }]) => offset),
    valueBytes: Uint32Array.from(entries, ([, { valueBytes }]) => valueBytes),
    expiresAtMs: Float64Array.from(entries, ([, { expiresAtMs }]) => expiresAtMs),
  };
}

function fill(target: RecordLocation, location: RecordLocation | undefined): boolean {
  if (location === undefined) return false;
  Object.assign(target, location);
  return true;
}

function liesAt(location: RecordLocation | undefined, expected: Readonly<RecordLocation>): boolean {
  return location?.segmentSlot === expected.segmentSlot && location.offset === expected.offset;
}

function isLocation(location: RecordLocation): boolean {
  const { segmentSlot, offset, valueBytes, expiresAtMs } = location;
  return [segmentSlot, offset, valueBytes, expiresAtMs].every(Number.isSafeInteger) && segmentSlot >= 0;
}

function nameOf(bytes: Uint8Array, start: number, end: number): string {
  let name = "";
  for (let at = start; at < end; at++) name += String.fromCharCode(bytes[at]);
  return name;
}
