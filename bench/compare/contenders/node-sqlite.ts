import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { NumberedKeys } from "../../numbered-keys.ts";
import type { Contender, Entrant, OpenSettings } from "../contender.ts";

/** SQLite as Node has it built in: a B-tree with a write-ahead log. */
export const nodeSqlite: Entrant = {
  name: "node:sqlite",
  version: `SQLite ${process.versions.sqlite}`,
  durabilities: {
    "not synced": "journal_mode = WAL, synchronous = OFF",
    synced: "journal_mode = WAL, synchronous = FULL",
  },
  open: openSqlite,
};

/** Up to here a row does well in the key's own tree: larger ones leave too few to a page (sqlite.org/withoutrowid.html). */
const ROW_BYTES_WITHOUT_ROWID_MOST = 200;

/** The table's definition, as it is advised for values of so many bytes. */
export function tableFor(valueBytes: number): string {
  const isSmall = NumberedKeys.BYTES + valueBytes <= ROW_BYTES_WITHOUT_ROWID_MOST;
  return `CREATE TABLE IF NOT EXISTS entries (key BLOB PRIMARY KEY, value BLOB NOT NULL)${isSmall ? " WITHOUT ROWID" : ""}`;
}

async function openSqlite({ directory, durability, valueBytes }: OpenSettings): Promise<Contender> {
  const db = new DatabaseSync(join(directory, "sqlite.db"));
  db.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = ${durability === "synced" ? "FULL" : "OFF"}; ${tableFor(valueBytes)};`,
  );
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
