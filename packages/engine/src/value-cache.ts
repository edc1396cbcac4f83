import { ValueCopies } from "./value-copies.ts";

/**
 * The bytes of values that were read more than once of late, by where their records lie: in which open file, and at which offset. A
 * record is never written over, and each open file has a number of its own (`Segment.fileNumber`), so that what was found at
 * a place once is what lies there: nothing in here can be stale, and nothing ever has to be taken out. Whoever asks has
 * found the place in the keydir just before.
 *
 * Bytes go into one ring, each behind the other, and are written over when the ring comes round; entries that are used
 * again and would be written over soon are copied to its front, so that what is used most stays. A table with four
 * places for each entry says where in the ring bytes begin, as a number that only grows: whether they are there still
 * is a comparison. A value comes in when it was read for the second time: what is read once, as by a walk through everything,
 * costs a mark in a small table and pushes nothing out.
 *
 * The ring is that of a first-in-first-out cache with lazy promotion and quick demotion, after J. Yang et al., "FIFO can be
 * better than LRU" (2023).
 */
export class ValueCache {
  readonly #ringBytes: number;
  readonly #valueBytesMax: number;
  /** Of the first entry in which a record may be: a multiple of `WAYS`. */
  readonly #mask: number;
  readonly #copies = new ValueCopies();
  #tables: Tables | undefined;
  /** Of what was read once: a part of the hash, at a place that another part of it gives. */
  #marks: Uint16Array | undefined;
  /**
   * The number of the file that was noted first. Those of others count from it, so that where a record comes to lie, and what
   * it drives out, does not depend on how many files the process has opened before: the same reads do the same again.
   */
  #firstFile: number | undefined;
  /** Bytes that ever went into the ring, those that were passed by at its end included: as if it had been round once. */
  #written: number;
  /** How often what was asked for was there. */
  hits = 0;

  /** @param bytes Of the ring; its tables take up to three tenths of that on top. 0: nothing is kept. */
  constructor(bytes: number) {
    this.#ringBytes = bytes;
    this.#written = bytes + 1;
    this.#valueBytesMax = Math.min(VALUE_BYTES_MAX, Math.floor(bytes / 4));
    this.#mask = 2 ** Math.floor(Math.log2(Math.max(WAYS, bytes / BYTES_OF_AN_ENTRY))) - WAYS;
  }

  /** Bytes that it takes; nothing before something came in. */
  get bytes(): number {
    return (this.#tables === undefined ? 0 : bytesOf(this.#tables)) + (this.#marks?.byteLength ?? 0);
  }

  /** A copy of the value of the record there, or `undefined`. */
  find(file: number, offset: number, valueBytes: number): Uint8Array | undefined {
    const tables = this.#tables;
    if (tables === undefined) return undefined;
    const entry = this.#entry(tables, file, offset);
    if (entry < 0) return undefined;
    this.hits += 1;
    const begin = tables.begins[entry]!;
    const at = this.#placeOf(begin);
    const value = this.#copies.copy(tables.ring, at, at + valueBytes);
    if (this.#written - begin > this.#ringBytes / 2) tables.begins[entry] = this.#append(tables, value);
    return value;
  }

  /** The record there was read, and that is its value. */
  note(file: number, offset: number, value: Uint8Array): void {
    if (value.length > this.#valueBytesMax || value.length === 0) return;
    this.#firstFile ??= file;
    const hash = hashOf(file - this.#firstFile, offset);
    const tables = this.#tablesFor(hash);
    if (tables === undefined) return;
    if (this.#entry(tables, file, offset) >= 0) return;
    const entry = oldestOf(tables, hash & this.#mask);
    tables.files[entry] = file;
    tables.offsets[entry] = offset;
    tables.begins[entry] = this.#append(tables, value);
  }

  /** Those into which the value of a record with that hash comes; `undefined` if it is none that is kept. */
  #tablesFor(hash: number): Tables | undefined {
    try {
      if (!this.#wasReadBefore(hash)) return undefined;
      return (this.#tables ??= newTables(this.#ringBytes, this.#mask + WAYS));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      // There is no memory for them, and reading goes on without. Later there may be.
      return undefined;
    }
  }

  /** If not, it will have been the next time. */
  #wasReadBefore(hash: number): boolean {
    const marks = (this.#marks ??= new Uint16Array(Math.min(MARKS_MOST, this.#mask + WAYS)));
    const mark = hash >>> 16 || 1;
    const place = hash & (marks.length - 1);
    if (marks[place] === mark) return true;
    marks[place] = mark;
    return false;
  }

  /** The entry of the record there, if its bytes are in the ring; else -1. */
  #entry({ files, offsets, begins }: Tables, file: number, offset: number): number {
    const oldest = this.#written - this.#ringBytes;
    const first = hashOf(file - this.#firstFile!, offset) & this.#mask;
    for (let entry = first; entry < first + WAYS; entry += 1) {
      if (offsets[entry] === offset && files[entry] === file && begins[entry]! >= oldest) return entry;
    }
    return -1;
  }

  /** Puts bytes at the front of the ring, never over its end; returns where they begin. */
  #append({ ring }: Tables, value: Uint8Array): number {
    const left = this.#ringBytes - this.#placeOf(this.#written);
    if (left < value.length) this.#written += left;
    const begin = this.#written;
    ring.set(value, this.#placeOf(begin));
    this.#written = begin + value.length;
    return begin;
  }

  // What `%` gives, which takes several times as long for numbers of more than 32 bits.
  #placeOf(begin: number): number {
    return begin - Math.floor(begin / this.#ringBytes) * this.#ringBytes;
  }
}

interface Tables {
  readonly ring: Uint8Array;
  readonly files: Uint32Array;
  readonly offsets: Uint32Array;
  readonly begins: Float64Array;
}

function newTables(ringBytes: number, entries: number): Tables {
  return {
    ring: new Uint8Array(ringBytes),
    files: new Uint32Array(entries),
    offsets: new Uint32Array(entries),
    // Zeros: as if all had been written over since.
    begins: new Float64Array(entries),
  };
}

/** Of those in which a record may have its entry: the one that was written longest ago, if not written over since. */
function oldestOf({ begins }: Tables, first: number): number {
  let oldest = first;
  for (let entry = first + 1; entry < first + WAYS; entry += 1) if (begins[entry]! < begins[oldest]!) oldest = entry;
  return oldest;
}

function bytesOf({ ring, files, offsets, begins }: Tables): number {
  return ring.length + files.byteLength + offsets.byteLength + begins.byteLength;
}

/** Spreads places over all 32 bits: the finalizer of MurmurHash3, by Austin Appleby. */
function hashOf(fileFromFirst: number, offset: number): number {
  let hash = offset ^ Math.imul(fileFromFirst, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** Larger values are copied nearly as quickly from the system's cache. */
const VALUE_BYTES_MAX = 4096;
/** For each so many bytes of the ring there is an entry. */
const BYTES_OF_AN_ENTRY = 64;
/** In so many entries, side by side, a record may be: with fewer, what is used often is driven out by chance. */
const WAYS = 4;
const MARKS_MOST = 65_536;
