import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SIGNALS = [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const;
/** Processes that end with this one may still write: what they leave in a folder is in the way of its removal. */
const TRIES = { maxRetries: 20, retryDelay: 50 };

/**
 * Does the work in a directory of its own, which is removed afterwards, and where the program is told to end: gigabytes must not
 * stay behind.
 */
export async function inTemporaryDirectory<Result>(
  name: string,
  work: (directory: string) => Promise<Result>,
): Promise<Result> {
  const directory = await mkdtemp(join(tmpdir(), `hashlog-${name}-`));
  const handlers = SIGNALS.map(([signal, code]) => {
    const end = (): void => {
      rmSync(directory, { recursive: true, force: true, ...TRIES });
      process.exit(code);
    };
    process.on(signal, end);
    return () => process.off(signal, end);
  });
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true, ...TRIES });
    for (const remove of handlers) remove();
  }
}
