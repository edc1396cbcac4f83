import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Contender, Entrant, OpenSettings } from "../contender.ts";

/** SQLite as Node has it built in: a B-tree with a write-ahead log. */
export const nodeSqlite: Entrant = {
  name: "node:sqlite",
  durabilities: {
    "not synced": "journal_mode = WAL, synchronous = OFF",
    synced: "journal_mode = WAL, synchronous = FULL",
  },
  open: openSqlite,
};

async function openSqlite({ directory, durability }: OpenSettings): Promise<Contender> {
  const db = new DatabaseSync(join(directory, "sqlite.db"));
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${durability === "synced" ? "FULL" : "OFF"};
    CREATE TABLE IF NOT EXISTS entries (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;`);
  const insert = db.prepare("INSERT OR REPLACE INTO entries (key, value) VALUES (?, ?)");
  const select = db.prepare("SELECT value FROM entries WHERE key = ?");
  const getSync = (key: Buffer): Uint8Array | undefined =>
    (select.get(key) as { value: Uint8Array } | undefined)?.value;
  return {
    batch: async (keys, values) => {
      db.exec("BEGIN");
      for (const [index, key] of keys.entries()) insert.run(key, values[index]!);
      db.exec("COMMIT");
    },
    // It is synchronous throughout.
    put: async (key, value) => insert.run(key, value),
    get: async (key) => getSync(key),
    getSync,
    settle: async () => undefined,
    close: async () => db.close(),
  };
}
