import { createRequire } from "node:module";
import { promisify } from "node:util";
import type { Contender, Entrant, OpenSettings } from "../contender.ts";
import { packageVersion } from "./package-version.ts";

/**
 * medea: a log-structured hash table in JavaScript, as Hashlog is one. It reads by callback. It is said to sync every write, and does
 * not: its files are opened without `O_SYNC`, and are only synced when it is closed, as can be seen by tracing its system calls.
 */
export const medea: Entrant = {
  name: "medea",
  version: packageVersion("medea"),
  durabilities: { "not synced": "its defaults: a sync when it is closed" },
  does: ["batch", "put", "get"],
  open: openMedea,
};

type Done<T = void> = (error: Error | null | undefined, result?: T) => void;

/** What is used of it; it comes without types. */
interface Medea {
  open(directory: string, done: Done): void;
  put(key: Buffer, value: Buffer, done: Done): void;
  get(key: Buffer, done: Done<Buffer | undefined>): void;
  createBatch(): { put(key: Buffer, value: Buffer): void };
  write(batch: object, done: Done): void;
  close(done: Done): void;
}

async function openMedea({ directory }: OpenSettings): Promise<Contender> {
  const create = createRequire(import.meta.url)("medea") as () => Medea;
  const db = create();
  await promisify<string, void>((path, done) => db.open(path, done))(directory);
  return {
    batch: (keys, values) =>
      new Promise<void>((resolve, reject) => {
        const batch = db.createBatch();
        for (const [index, key] of keys.entries()) batch.put(Buffer.from(key), values[index]!);
        db.write(batch, settling(resolve, reject));
      }),
    // It keeps the key.
    put: (key, value) =>
      new Promise<void>((resolve, reject) => db.put(Buffer.from(key), value, settling(resolve, reject))),
    get: (key) => new Promise((resolve, reject) => db.get(Buffer.from(key), settling(resolve, reject))),
    settle: async () => undefined,
    close: () => new Promise<void>((resolve, reject) => db.close(settling(resolve, reject))),
  };
}

function settling<T>(resolve: (value: T) => void, reject: (error: Error) => void): Done<T> {
  return (error, result) => (error ? reject(error) : resolve(result as T));
}
