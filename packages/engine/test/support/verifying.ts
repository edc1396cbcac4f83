import type { OpenOptions } from "@hashlog/engine";
import type { FileSystem } from "@hashlog/fs-io";
import type { TextStore } from "./text-store.ts";
import { filler } from "./values.ts";
import type { World } from "./worlds.ts";

/** Of stores with many small segments. */
export const SMALL: OpenOptions = { segmentBytesMax: 1024 };

/** Overwrites, deletes and batches over several small segments. */
export async function writeALot(db: TextStore): Promise<void> {
  for (let index = 0; index < 90; index += 1) await db.put(`key ${index % 30}`, filler(80, index));
  await db.batch([
    { type: "put", key: "a", value: "1" },
    { type: "delete", key: "key 3" },
  ]);
  await db.put("expires", "soon", { ttlMs: 1000 });
  await db.delete("key 4");
}

/** The options with which `verify` finds the store. */
export function shared(world: World): { fileSystem: FileSystem } {
  return { fileSystem: world.fileSystem };
}
