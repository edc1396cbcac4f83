import { atRest } from "./at-rest.ts";
import type { TextStore } from "./text-store.ts";
import { filler } from "./values.ts";
import type { World } from "./worlds.ts";

/** Makes a store of three segments with two records each, the last one unsealed: `key 0` to `key 5`. Closed. */
export async function sixRecords(
  world: World,
  more: (db: TextStore) => Promise<unknown> = async () => {},
): Promise<void> {
  const db = await world.open({ segmentBytesMax: 512 });
  for (let index = 0; index < 6; index += 1) await db.put(`key ${index}`, filler(150, index));
  await more(db);
  await atRest(db);
  await db.close();
}
