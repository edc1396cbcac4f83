import * as fs from "node:fs";
import type { NodeFs } from "../src/node-fs.ts";

/** An error as the platform reports it. */
export function platformError(errno: string): Error & { code: string } {
  return Object.assign(new Error(`${errno}: as the test wanted it`), { code: errno });
}

/**
 * The functions of `node:fs`, of which `name` fails with `errno` from its call number `from` on (1 is the first), and
 * works before. Synchronous functions throw, the others hand the error to their callback.
 */
export function failing(name: keyof NodeFs, errno: string, from: number = 1): Partial<NodeFs> {
  const original = fs[name] as (...given: unknown[]) => unknown;
  let calls = 0;
  const replacement = (...given: unknown[]): unknown => {
    calls += 1;
    if (calls < from) return original(...given);
    if (name.endsWith("Sync")) throw platformError(errno);
    const done = given.at(-1) as (error: Error) => void;
    return setImmediate(() => done(platformError(errno)));
  };
  return { [name]: replacement };
}
