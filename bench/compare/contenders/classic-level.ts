import { ClassicLevel } from "classic-level";
import type { Contender, Entrant, OpenSettings } from "../contender.ts";
import { packageVersion } from "./package-version.ts";

/** classic-level: LevelDB, a log-structured merge tree. */
export const classicLevel: Entrant = {
  name: "classic-level",
  version: packageVersion("classic-level"),
  durabilities: { "not synced": "its defaults: no sync", synced: "sync: true" },
  open: openLevel,
};

async function openLevel({ directory, durability }: OpenSettings): Promise<Contender> {
  const db = new ClassicLevel<Buffer, Buffer>(directory, { keyEncoding: "buffer", valueEncoding: "buffer" });
  await db.open();
  const options = { sync: durability === "synced" };
  return {
    batch: (keys, values) =>
      db.batch(
        keys.map((key, index) => ({ type: "put", key, value: values[index]! }) as const),
        options,
      ),
    // It reads the key in another thread, after the call.
    put: (key, value) => db.put(Buffer.from(key), value, options),
    get: (key) => db.get(Buffer.from(key)),
    getSync: (key) => db.getSync(key),
    // What it does in the background it does not tell: see waitUntilQuiet.
    settle: async () => undefined,
    close: () => db.close(),
  };
}
