import { join } from "node:path";
import { open } from "lmdb";
import type { Contender, Entrant, OpenSettings } from "../contender.ts";
import { packageVersion } from "./package-version.ts";

/** lmdb-js: a B+ tree in a memory-mapped file. */
export const lmdb: Entrant = {
  name: "lmdb",
  version: packageVersion("lmdb"),
  durabilities: { "not synced": "noSync: true", synced: "its defaults: a commit is synced" },
  open: openLmdb,
};

async function openLmdb({ directory, durability }: OpenSettings): Promise<Contender> {
  const db = open<Buffer, Buffer>({
    path: join(directory, "lmdb"),
    keyEncoding: "binary",
    encoding: "binary",
    noSync: durability === "not synced",
  });
  return {
    // `batch`, `transactionSync`, and awaiting the last of many puts were as quick, as far as could be told.
    batch: (keys, values) =>
      db.transaction(() => {
        for (const [index, key] of keys.entries()) void db.put(key, values[index]!);
      }),
    put: (key, value) => db.put(key, value),
    // It reads synchronously only.
    get: async (key) => db.getBinary(key),
    getSync: (key) => db.getBinary(key),
    settle: async () => void (await db.committed),
    close: () => db.close(),
  };
}
