import { IndexError, type IndexErrorCode } from "../errors.ts";
import type {
  Keydir,
  KeydirFactory,
  KeydirLoader,
  KeydirPage,
  KeydirScan,
  KeydirView,
  RecordLocation,
} from "../keydir.ts";

/** What the parts of the contract suite share: the words of a test runner, assertions, and ways to call a keydir. */

/** The two functions of a test runner that the suite needs. Vitest's and `node:test`'s are of this form. */
export interface TestFunctions {
  describe(name: string, body: () => void): unknown;
  test(name: string, body: () => void): unknown;
}

/** A part of the suite: gives its tests to `test`, and makes a keydir for each with `make`. */
export type ContractPart = (test: TestFunctions["test"], make: () => Keydir) => void;

/** The 16 bytes that the suite's keydirs are made with. */
export const HASH_KEY: Uint8Array = Uint8Array.from({ length: 16 }, (_, i) => i * 13 + 1);

export function makerOf(factory: KeydirFactory): () => Keydir {
  return () => factory({ hashKey: HASH_KEY.slice() });
}

export function ensure(condition: boolean, what: string): void {
  if (!condition) throw new Error(`the contract is broken: ${what}`);
}

export function ensureEqual(actual: unknown, expected: unknown, what: string): void {
  ensure(Object.is(actual, expected), `${what} should be ${String(expected)} and is ${String(actual)}`);
}

/** Asserts that a location, or `undefined` for none, is the expected one. */
export function ensureLocation(
  actual: RecordLocation | undefined,
  expected: Readonly<RecordLocation> | undefined,
  what: string,
): void {
  ensureEqual(textOf(actual), textOf(expected), what);
}

/** Asserts that `attempt` throws an `IndexError` of that code. */
export function ensureRefused(attempt: () => unknown, code: IndexErrorCode): void {
  try {
    attempt();
  } catch (error) {
    if (!IndexError.is(error)) throw error;
    return ensureEqual(error.code, code, `the code of "${error.message}"`);
  }
  ensure(false, `it should fail with ${code}`);
}

/** A location that differs with `seed`, in all fields but the expiry. */
export function locationOf(seed: number, expiresAtMs = 0): RecordLocation {
  return { segmentSlot: seed % 16_383, offset: (seed * 40_503) % 2 ** 32, valueBytes: seed % 5000, expiresAtMs };
}

export function keyOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The key as a string, for maps: one character a byte. */
export function nameOf(key: Uint8Array): string {
  let name = "";
  for (const byte of key) name += String.fromCharCode(byte);
  return name;
}

/** Calls a keydir with keys that lie in the middle of a larger buffer, which is overwritten after each call. */
export class Caller {
  readonly keydir: Keydir;
  #buffer = new Uint8Array(128);

  constructor(keydir: Keydir) {
    this.keydir = keydir;
  }

  find(key: Uint8Array, from: Pick<KeydirView, "find"> = this.keydir): RecordLocation | undefined {
    return this.#call(key, (bytes, start, end, location) => from.find(bytes, start, end, location));
  }

  /** What `put` has replaced, if anything. */
  put(key: Uint8Array, location: Readonly<RecordLocation>): RecordLocation | undefined {
    return this.#call(key, (bytes, start, end, replaced) => this.keydir.put(bytes, start, end, location, replaced));
  }

  delete(key: Uint8Array): RecordLocation | undefined {
    return this.#call(key, (bytes, start, end, removed) => this.keydir.delete(bytes, start, end, removed));
  }

  relocate(key: Uint8Array, expected: Readonly<RecordLocation>, target: Readonly<RecordLocation>): boolean {
    const call = (bytes: Uint8Array, start: number, end: number): boolean =>
      this.keydir.relocate(bytes, start, end, expected, target);
    return this.#call(key, call) !== undefined;
  }

  deleteIfAt(key: Uint8Array, expected: Readonly<RecordLocation>): boolean {
    const call = (bytes: Uint8Array, start: number, end: number): boolean =>
      this.keydir.deleteIfAt(bytes, start, end, expected);
    return this.#call(key, call) !== undefined;
  }

  #call(
    key: Uint8Array,
    call: (bytes: Uint8Array, start: number, end: number, location: RecordLocation) => boolean,
  ): RecordLocation | undefined {
    const start = 5;
    const end = start + key.length;
    if (this.#buffer.length < end + 3) this.#buffer = new Uint8Array(end + 3);
    this.#buffer.fill(0xa5);
    this.#buffer.set(key, start);
    const location = { segmentSlot: 0, offset: 0, valueBytes: 0, expiresAtMs: 0 };
    const answer = call(this.#buffer, start, end, location);
    this.#buffer.fill(0x5a);
    return answer ? location : undefined;
  }
}

/** Ends a loading, piece by piece. */
export function finish(loader: KeydirLoader): void {
  while (!loader.finish());
}

/** All of a view, page by page, as a map from `nameOf` the key; fails if a key comes twice. */
export function drain(view: KeydirView): Map<string, RecordLocation> {
  const entries = new Map<string, RecordLocation>();
  const scan = view.openScan();
  for (const page of pagesOf(() => scan.nextPage())) addEntries(page, entries);
  return entries;
}

/** All pages that there are; fails if nothing comes any more. */
export function* pagesOf(nextPage: () => KeydirPage | undefined): Generator<KeydirPage> {
  let empty = 0;
  for (let page = nextPage(); page !== undefined; page = nextPage()) {
    empty = page.count === 0 ? empty + 1 : 0;
    ensure(empty < EMPTY_PAGES_MAX, `there should be an end of empty pages, or an entry, after ${empty} of them`);
    yield page;
  }
}

const EMPTY_PAGES_MAX = 10_000;

/** Adds the next page to `entries`; `false` if there was none. */
export function addPage(scan: KeydirScan, entries: Map<string, RecordLocation>): boolean {
  const page = scan.nextPage();
  if (page === undefined) return false;
  addEntries(page, entries);
  return true;
}

/** Adds the entries of a page. */
export function addEntries(page: KeydirPage, entries: Map<string, RecordLocation>): void {
  for (let i = 0; i < page.count; i++) {
    const name = nameOf(page.keys.subarray(i === 0 ? 0 : page.keyEnds[i - 1], page.keyEnds[i]));
    ensure(!entries.has(name), `the key "${name.slice(0, 40)}" should come once`);
    entries.set(name, {
      segmentSlot: page.segmentSlots[i],
      offset: page.offsets[i],
      valueBytes: page.valueBytes[i],
      expiresAtMs: page.expiresAtMs[i],
    });
  }
}

/** Asserts that a map of entries is the expected one. */
export function ensureEntries(
  actual: ReadonlyMap<string, RecordLocation>,
  expected: ReadonlyMap<string, Readonly<RecordLocation>>,
  what: string,
): void {
  for (const [name, location] of expected)
    ensureLocation(actual.get(name), location, `${what}: "${name.slice(0, 40)}"`);
  ensureEqual(actual.size, expected.size, `${what}: the number of keys`);
}

/** Asserts that the keydir holds exactly these entries: its size, its pages, and what it finds. */
export function ensureHolds(caller: Caller, expected: ReadonlyMap<string, Readonly<RecordLocation>>): void {
  ensureEqual(caller.keydir.size, expected.size, "size");
  const view = caller.keydir.openView();
  ensureEntries(drain(view), expected, "all entries");
  view.close();
  for (const [name, location] of expected) {
    const key = Uint8Array.from(name, (character) => character.charCodeAt(0));
    ensureLocation(caller.find(key), location, `find "${name.slice(0, 40)}"`);
  }
}

function textOf(location: Readonly<RecordLocation> | undefined): string {
  if (location === undefined) return "none";
  const { segmentSlot, offset, valueBytes, expiresAtMs } = location;
  return `${segmentSlot}:${offset}+${valueBytes}, expires at ${expiresAtMs}`;
}
