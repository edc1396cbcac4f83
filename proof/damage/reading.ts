import { DAMAGED, type Outcome } from "../properties/p10-corruption-honesty.ts";
import { mustBeTyped } from "../properties/p17-decoder-safety.ts";
import type { TextStore } from "../world/text-store.ts";

/** Every key that is ever written, and one that never is. */
const EVERY_KEY: readonly string[] = ["a", "b", "c", "d", "e", "f", "", "never"];

/** What `getSync` says of every key, and which keys there are: quick, and lets the store do nothing else meanwhile. */
export async function readQuickly(store: TextStore): Promise<ReadonlyMap<string, Outcome>> {
  const found = new Map<string, Outcome>();
  for (const key of EVERY_KEY)
    found.set(
      key,
      outcomeOfSync(() => store.getSync(key)),
    );
  let present = 0;
  for await (const key of store.keys()) {
    if (found.get(key) === undefined) agree(key, "keys", "that it is there", "that it is not");
    present += 1;
  }
  const expected = [...found.values()].filter((value) => value !== undefined).length;
  agree("every key", "the number of keys", present, expected);
  return found;
}

/** What every road of reading says of every key; throws if two of them do not agree. */
export async function readEverything(store: TextStore): Promise<ReadonlyMap<string, Outcome>> {
  const found = new Map<string, Outcome>();
  for (const key of EVERY_KEY) {
    const value = outcomeOfSync(() => store.getSync(key));
    if (value !== DAMAGED) agree(key, "has", store.has(key), value !== undefined);
    found.set(key, value);
  }
  const damaged = [...found.values()].includes(DAMAGED);
  if (damaged) for (const [key, value] of found) agree(key, "get", await outcomeOf(() => store.get(key)), value);
  const many = await outcomeOf(() => store.getMany(EVERY_KEY));
  if (many === DAMAGED) agree("every key", "getMany", true, damaged);
  else for (const [at, value] of many.entries()) agree(EVERY_KEY[at]!, "getMany", value, found.get(EVERY_KEY[at]!));
  await iterate(store, found, damaged);
  return found;
}

async function iterate(store: TextStore, found: ReadonlyMap<string, Outcome>, damaged: boolean): Promise<void> {
  let seen = 0;
  const ended = await outcomeOf(async () => {
    for await (const [key, value] of store.entries()) {
      agree(key, "entries", value, found.get(key));
      seen += 1;
    }
  });
  agree("every key", "the end of entries", ended === DAMAGED, damaged);
  const present = [...found.values()].filter((value) => value !== undefined).length;
  if (!damaged) agree("every key", "the number of entries", seen, present);
}

function outcomeOfSync<T>(read: () => T): T | typeof DAMAGED {
  try {
    return read();
  } catch (error) {
    return damagedOr(error);
  }
}

async function outcomeOf<T>(read: () => Promise<T>): Promise<T | typeof DAMAGED> {
  try {
    return await read();
  } catch (error) {
    return damagedOr(error);
  }
}

function damagedOr(error: unknown): typeof DAMAGED {
  const { code } = mustBeTyped("a read", error);
  if (code !== "HASHLOG_CORRUPT") throw error;
  return DAMAGED;
}

function agree(key: string, road: string, found: unknown, expected: unknown): void {
  if (found === expected) return;
  throw new Error(`${road} says ${String(found)} of ${JSON.stringify(key)}, where getSync says ${String(expected)}`);
}
