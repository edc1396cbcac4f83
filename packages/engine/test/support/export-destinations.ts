import type { UnderlyingSink } from "node:stream/web";
import type { TextStore } from "./text-store.ts";
import { filler } from "./values.ts";
import type { World } from "./worlds.ts";

/** A store of so many entries. */
export async function filled(world: World, count: number, valueBytes: number): Promise<TextStore> {
  const db = await world.open();
  const indices = Array.from({ length: count }, (_, index) => index);
  await db.batch(indices.map((index) => ({ type: "put", key: `key ${index}`, value: filler(valueBytes, index) })));
  return db;
}

/** A web stream that keeps what it is given. */
export function collectingStream(
  chunks: Uint8Array[],
  sink: UnderlyingSink<Uint8Array> = {},
): WritableStream<Uint8Array> {
  return new WritableStream({ write: (chunk) => void chunks.push(chunk), ...sink });
}
