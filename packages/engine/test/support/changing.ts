import { utf8, type OpenOptions, type Store } from "@hashlog/engine";
import type { World } from "./worlds.ts";

type TextStore = Store<string, string>;

/** Of stores with segments of a few records. */
export const SMALL: OpenOptions<string, string> = { segmentBytesMax: 512, values: utf8 };

/** Puts `key 0`, `key 1`, ... with values of so many bytes. */
export async function putMany(db: TextStore, from: number, to: number, bytes: number = 100): Promise<void> {
  for (let index = from; index < to; index += 1) await db.put(`key ${index}`, `${index}`.padEnd(bytes, "."));
}

/** A store with everything in segments of a few records. */
export async function smallStore(world: World): Promise<TextStore> {
  return world.open<string, string>(SMALL);
}
