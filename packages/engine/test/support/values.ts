import type { Store } from "@hashlog/engine";

/** A store, a snapshot, or a store that is only read. */
type Readable = { entries(): AsyncIterable<[string, Uint8Array]> };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** UTF-8 as text; `undefined` as it is. */
export function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : decoder.decode(bytes);
}

/** Text as UTF-8. */
export function utf8Bytes(content: string): Uint8Array {
  return encoder.encode(content);
}

/** `bytes` bytes that are different for different seeds. */
export function filler(bytes: number, seed: number = 0): Uint8Array {
  const content = new Uint8Array(bytes);
  for (let index = 0; index < bytes; index += 1) content[index] = (index * 31 + seed * 17 + (index >> 8)) & 0xff;
  return content;
}

/** Whether these are the very bytes; for long ones, which an assertion takes long to compare. */
export function isSame(found: Uint8Array | undefined, expected: Uint8Array): boolean {
  return found !== undefined && Buffer.compare(found, expected) === 0;
}

/** All entries, as text, sorted. */
export async function entriesOf(db: Readable): Promise<[string, string][]> {
  const entries: [string, string][] = [];
  for await (const [key, value] of db.entries()) entries.push([key, decoder.decode(value)]);
  return entries.sort(([left], [right]) => (left < right ? -1 : 1));
}

/** Everything that an iterator gives. */
export async function all<T>(iterator: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of iterator) items.push(item);
  return items;
}

/** What the promise rejects with; fails if it does not. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`resolved to ${String(value)} instead of rejecting`);
}

/** Rejects with what is no error, as other people's streams do. */
export function rejecting(reason: unknown): Promise<never> {
  return Promise.reject(reason);
}

/** Whether the promise settles while the event loop turns often enough for whatever does not wait for a disk. */
export async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const state = { settled: false };
  const settle = (): void => {
    state.settled = true;
  };
  promise.then(settle, settle);
  for (let turn = 0; turn < 200 && !state.settled; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  return state.settled;
}

/** Waits for what was set going in the background before the call: a checkpoint comes after all that. */
export function settle<K, V, VI>(db: Store<K, V, VI>): Promise<void> {
  return db.checkpoint();
}
