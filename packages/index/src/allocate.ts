/**
 * The one place where the keydir gets memory: whole 32-bit words, zeroed. Everything in the keydir is a `Uint32Array`
 * of this function's, so a `SharedArrayBuffer` can back it by a change of one line (readers in other threads would
 * further need a version word a shard, one more array of this kind).
 */
import { IndexError } from "./errors.ts";

/** Where the words of the keydir lie: shared or not. */
export type Words = Uint32Array<ArrayBufferLike>;

/**
 * Allocates `count` zeroed words.
 * @throws IndexError `INDEX_FULL` when the machine has no such memory to give.
 */
export function allocateWords(count: number): Words {
  try {
    return new Uint32Array(new ArrayBuffer(count * 4));
  } catch (cause) {
    throw new IndexError("INDEX_FULL", `no memory for ${count * 4} more bytes of the keydir`, { cause });
  }
}

/** The same words in memory of their own. */
export function copyWords(words: Words): Words {
  const copy = allocateWords(words.length);
  copy.set(words);
  return copy;
}

/** What `attempt` returns; `undefined` when the machine has no memory for it, which is then no failure. */
export function ifThereIsMemory<Result>(attempt: () => Result): Result | undefined {
  try {
    return attempt();
  } catch (error) {
    if (IndexError.is(error) && error.code === "INDEX_FULL") return undefined;
    throw error;
  }
}
