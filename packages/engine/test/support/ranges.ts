import type { TextStore } from "./text-store.ts";

/** Puts all of these keys, and returns them. */
export async function fill(db: TextStore, keys: Iterable<string>): Promise<string[]> {
  const all = [...keys];
  await db.batch(all.map((key) => ({ type: "put", key, value: `value of ${key}` })));
  return all;
}

/** `key 00000` to as many as there shall be, in no order. */
export function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `key ${String((index * 7919) % count).padStart(5, "0")}`);
}
