import { violated, type Property } from "./property.ts";

export const forwardProgress: Property = {
  id: "P14",
  title: "Forward progress",
  statement:
    "Every promise settles. After every crash that can be the store opens, takes writes, and can be compacted and closed; " +
    "after a clean close everything is there, whatever the next power cut takes.",
  why:
    "A store that is safe because it no longer opens has lost everything. And a promise that never settles is a program " +
    "that hangs without a message.",
};

/** @throws PropertyViolation: all is quiet, and the promise has not settled */
export function neverSettles(what: string): never {
  return violated(forwardProgress, `${what} never settles`);
}

/** What had to be possible was refused. */
export function mustBePossible(what: string, error: unknown): never {
  const words = error instanceof Error ? error.message : String(error);
  return violated(forwardProgress, `${what} failed: ${words}`, { cause: error });
}

/** After that, the store holds what it must. */
export function mustHold(read: ReadonlyMap<string, string>, expected: ReadonlyMap<string, string>, when: string): void {
  const lost = [...expected].filter(([key, value]) => read.get(key) !== value).map(([key]) => key);
  const added = [...read.keys()].filter((key) => !expected.has(key));
  if (lost.length + added.length === 0) return;
  const what = [
    ...lost.map((key) => `${JSON.stringify(key)} is not what it was`),
    ...added.map((key) => `${JSON.stringify(key)} is new`),
  ];
  violated(forwardProgress, `${when}: ${what.join(", ")}`);
}
