import type { RangeOptions, ReadOnlyStore, Snapshot } from "@hashlog/engine";
import { mustAnswerAs } from "../properties/p21-sorted-map.ts";
import { settled } from "../world/quiet.ts";
import { KEYS } from "./model-case.ts";
import { SortedModel } from "./sorted-model.ts";
import type { Versions } from "./versions.ts";

/** What the writer, a reader and a snapshot have in common. */
export type Shown = Pick<
  Snapshot<string, string>,
  "entries" | "keys" | "values" | "count" | "has" | "getSync" | "getEntry"
>;

/** The writer, or a reader. */
export type Source = Shown & Pick<ReadOnlyStore<string, string>, "snapshot">;

/** What somebody shows, and the map as it has to be. */
export interface Compared<S extends Shown = Shown> {
  readonly shown: S;
  readonly model: SortedModel;
  /** As of when. */
  readonly now: number;
}

/** Every answer about every key, and all of them in order. */
export async function compareAll({ shown, model, now }: Compared, versions: Versions): Promise<void> {
  const expected = model.range({}, now);
  mustAnswerAs("entries()", await all(shown.entries({ gte: "" })), expected);
  mustAnswerAs("count()", await settled(shown.count(), "count"), expected.length);
  for (const key of KEYS) {
    const wanted = model.get(key, now);
    const entry = await settled(shown.getEntry(key), "getEntry");
    const answers = [shown.has(key), shown.getSync(key), entry?.value, entry?.expiresAtMs ?? 0];
    const { value, expiresAtMs = 0 } = wanted ?? {};
    mustAnswerAs(`of ${JSON.stringify(key)} the store`, answers, [wanted !== undefined, value, value, expiresAtMs]);
    if (entry !== undefined) versions.learn(wanted!.number, entry.version);
  }
}

/** A range, asked for in every way. */
export async function compareRange({ shown, model, now }: Compared, options: RangeOptions<string>): Promise<void> {
  const expected = model.range(options, now);
  const [keys, values] = [expected.map(([key]) => key), expected.map(([, value]) => value)];
  mustAnswerAs("entries of a range", await all(shown.entries(options)), expected);
  mustAnswerAs("keys of a range", await all(shown.keys(options)), keys);
  mustAnswerAs("values of a range", await all(shown.values(options)), values);
  mustAnswerAs("count of a range", await settled(shown.count(options), "count"), expected.length);
}

/** Some of a range, then what comes from a key on. */
export async function compareSeek(
  { shown, model, now }: Compared,
  options: RangeOptions<string>,
  before: number,
  target: string,
): Promise<void> {
  const { limit = Infinity } = options;
  const entries = shown.entries(options);
  const given: unknown[] = [];
  for (let index = 0; index < before; index += 1) {
    const next = await settled(entries.next(), "next");
    if (next.done === true) return;
    given.push(next.value);
  }
  entries.seek(target);
  const rest = SortedModel.from({ ...options, limit: limit - given.length }, target);
  const expected = [...model.range(options, now).slice(0, before), ...model.range(rest, now)];
  given.push(...(await all(entries)));
  mustAnswerAs("seeking", given, expected);
}

/** All that an iterator gives. */
export async function all<T>(iterator: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  const read = async (): Promise<void> => {
    for await (const item of iterator) items.push(item);
  };
  await settled(read(), "iterating");
  return items;
}

/** What is there, without waiting for anything; as `SortedModel.describe` has it. */
export function glanceAt(shown: Pick<Shown, "getSync">): string {
  const entries = KEYS.flatMap((key) => {
    const value = shown.getSync(key);
    return value === undefined ? [] : [[key, value]];
  });
  return JSON.stringify(entries);
}
