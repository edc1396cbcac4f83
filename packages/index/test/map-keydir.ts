import { recordBytes } from "@hashlog/format";
import {
  IndexError,
  type Keydir,
  type KeydirFactory,
  type KeydirLoader,
  type KeydirPage,
  type KeydirView,
  type RecordLocation,
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

  tally(records: Float64Array, bytes: Float64Array): void {
    for (const [name, { segmentSlot, valueBytes, expiresAtMs }] of this.#entries) {
      records[segmentSlot]++;
      bytes[segmentSlot] += recordBytes(name.length, valueBytes, expiresAtMs !== 0);
    }
  }

  openView(): KeydirView {
    return new MapView(new Map(this.#entries));
  }

  beginLoad(): KeydirLoader {
    if (this.#entries.size !== 0) throw new IndexError("INDEX_NOT_EMPTY", "only an empty keydir can be loaded");
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
    } catch (cause) {
      throw new IndexError("INDEX_BAD_DUMP", "not a dump", { cause });
    }
  }
}

class MapView implements KeydirView {
  readonly size: number;
  #entries: Entries | undefined;
  #rest: MapIterator<[string, RecordLocation]>;

  constructor(entries: Entries) {
    this.size = entries.size;
    this.#entries = entries;
    this.#rest = entries.entries();
  }

  find(bytes: Uint8Array, start: number, end: number, found: RecordLocation): boolean {
    return fill(found, this.#open().get(nameOf(bytes, start, end)));
  }

  nextPage(): KeydirPage | undefined {
    this.#open();
    const entries: [string, RecordLocation][] = [];
    while (entries.length < PAGE_ENTRIES) {
      const next = this.#rest.next();
      if (next.done === true) break;
      entries.push(next.value);
    }
    return entries.length === 0 ? undefined : pageOf(entries);
  }

  close(): void {
    this.#entries = undefined;
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

  finish(): void {
    for (const [name, { location }] of this.#newest) if (location !== undefined) this.#entries.set(name, location);
  }

  #keep(name: string, sequence: number, location: RecordLocation | undefined): void {
    if (sequence > (this.#newest.get(name)?.sequence ?? 0)) this.#newest.set(name, { sequence, location });
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
