import type { Arena } from "./arena.ts";
import { headerWords, keyBytesAt, keyWordsFor } from "./entry.ts";
import { IndexError } from "./errors.ts";

/**
 * Copies an entry with `sourceExtra` words of sequence into another arena, with `targetExtra` (the same, or none).
 * Returns its reference there.
 * @throws IndexError `INDEX_FULL`
 */
export function copyEntry(
  source: Arena,
  sourceReference: number,
  sourceExtra: number,
  target: Arena,
  targetExtra: number,
): number {
  const from = source.chunks[sourceReference >>> source.shift];
  const fromAt = sourceReference & source.mask;
  const header = headerWords(from, fromAt, targetExtra);
  const keyWords = keyWordsFor(keyBytesAt(from, fromAt));
  let reference = target.take(header + keyWords);
  if (reference < 0) reference = target.takeGrowing(header + keyWords, 64);
  if (reference < 0) throw new IndexError("INDEX_FULL", "the entries of a shard do not fit in a new arena");
  const to = target.chunks[reference >>> target.shift];
  const toAt = reference & target.mask;
  const fromKey = fromAt + header + sourceExtra - targetExtra;
  for (let i = 0; i < header; i++) to[toAt + i] = from[fromAt + i];
  for (let i = 0; i < keyWords; i++) to[toAt + header + i] = from[fromKey + i];
  return reference;
}
