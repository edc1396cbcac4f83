import { mustBeTyped, type FailuresShown } from "../properties/p15-error-atomicity.ts";
import { settled } from "../world/quiet.ts";
import { readState, type TextStore } from "../world/text-store.ts";
import type { Contents } from "./ledger.ts";

/** All keys that the programs use. */
export const KEYS: readonly string[] = ["a", "b", "c", "d", "e", "f"];

/** What is read of a key that fails whenever it is tried. */
export const UNREADABLE: unique symbol = Symbol("unreadable");

/** A read that fails is done again: a failure that passes has no further consequence. */
export async function readKey(
  store: TextStore,
  key: string,
  seen: FailuresShown,
): Promise<string | undefined | typeof UNREADABLE> {
  const ways = [() => store.getSync(key), () => settled(store.get(key), "a read")];
  for (const read of [...ways, ...ways]) {
    try {
      return await read();
    } catch (error) {
      mustBeTyped(error, "a read", seen);
    }
  }
  return UNREADABLE;
}

/** All entries; `undefined` where they cannot be read, however often that is tried. */
export async function readEverything(store: TextStore, seen: FailuresShown): Promise<Contents | undefined> {
  for (let attempt = 0; attempt < 4; attempt += 1) {
    try {
      return await settled(readState(store), "reading everything");
    } catch (error) {
      mustBeTyped(error, "reading everything", seen);
    }
  }
  return undefined;
}

/** Each key that can be read, and what is read of it. */
export async function readWhatCanBeRead(
  store: TextStore,
  seen: FailuresShown,
): Promise<ReadonlyMap<string, string | undefined>> {
  const values = new Map<string, string | undefined>();
  for (const key of KEYS) {
    const value = await readKey(store, key, seen);
    if (value !== UNREADABLE) values.set(key, value);
  }
  return values;
}
