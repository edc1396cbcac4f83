import type { ImportSource } from "@hashlog/engine";
import { exportOf, line } from "./moving.ts";
import { utf8Bytes } from "./values.ts";

/** An export of three entries. */
export const THREE = exportOf([line("a", "1"), line("b", "2"), line("c", "3")]);

/** Bytes cut into pieces of that many. */
export function pieces(content: string | Uint8Array, length: number): Uint8Array[] {
  const whole = typeof content === "string" ? utf8Bytes(content) : content;
  return Array.from({ length: Math.ceil(whole.length / length) }, (_, index) =>
    whole.subarray(index * length, (index + 1) * length),
  );
}

/** A source that notes whether it was left before its end. */
export function watchedSource(given: readonly unknown[]): ImportSource & { left: number } {
  const iterator = given[Symbol.iterator]();
  const source = {
    left: 0,
    [Symbol.asyncIterator]: () => ({
      next: async () => iterator.next() as IteratorResult<string>,
      return: async () => {
        source.left += 1;
        return { done: true as const, value: undefined };
      },
    }),
  };
  return source;
}

/** The lines of so many entries. */
export function many(count: number, prefix: string = "key"): string[] {
  return Array.from({ length: count }, (_, index) => line(`${prefix} ${index}`, `${index}`));
}
