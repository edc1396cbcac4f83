import { merge, type MergeOptions, type MergeReport } from "../src/index.ts";
import { ModelStore } from "./model-store.ts";

/** Merges the sealed segments with the given ids, or all of them. */
export function mergeSegments(
  store: ModelStore,
  ids?: readonly number[],
  options: Partial<MergeOptions> = {},
): Promise<MergeReport> {
  return merge(store.inputs(ids), store, { outputBytesMax: 1 << 20, ...options });
}

/**
 * A store with one sealed segment for each argument, and an empty active one. In a segment `"k=v"` is a put, `"k=v!9"`
 * one that expires at 9 ms, `"-k"` a delete; what is joined by commas is one frame.
 */
export function storeOf(...segments: readonly (readonly string[])[]): ModelStore {
  const store = new ModelStore();
  for (const frames of segments) {
    writeFrames(store, frames);
    store.rotate();
  }
  return store;
}

/** Writes to the active segment, in the notation of `storeOf`. */
export function writeFrames(store: ModelStore, frames: readonly string[]): void {
  for (const frame of frames) store.write(frame.split(",").map(parseWrite));
}

function parseWrite(written: string): { key: string; value: string | undefined; expiresAtMs?: number } {
  if (written.startsWith("-")) return { key: written.slice(1), value: undefined };
  const [key, rest] = written.split("=") as [string, string];
  const [value, expiry = "0"] = rest.split("!") as [string, string?];
  return { key, value, expiresAtMs: Number(expiry) };
}

/** Looks at every event of the port what a power cut would leave, in three ways. */
export function watchCrashes(store: ModelStore): void {
  store.onEvent = () => {
    store.check();
    store.checkCrash("all");
    if (store.file.syncedBytes === store.file.bytes.length) return;
    store.checkCrash("synced");
    store.checkCrash({ through: Math.floor((store.nextSequence - 1) / 2) });
  };
}

/** Flips one bit of a segment's file. */
export function damage(store: ModelStore, segmentId: number, offset: number): void {
  store.disk.files.get(segmentId)!.bytes[offset]! ^= 1;
}

/** Runs a merge, and gives the store that a power cut at the first such event leaves. */
export async function crashedAt(
  store: ModelStore,
  name: string,
  when: "before" | "after",
  run: () => Promise<unknown>,
): Promise<ModelStore> {
  let image: ModelStore | undefined;
  store.onEvent = (event) => {
    if (event.name === name && event.when === when) image ??= store.crashed("all");
  };
  await run();
  store.onEvent = () => {};
  if (image === undefined) throw new Error(`there was no ${name}`);
  return image;
}

/** Makes the store fail once, at the first such event. */
export function failOnce(store: ModelStore, name: string, when: "before" | "after" = "before"): Error {
  const error = new Error(`no ${name}`);
  store.onEvent = (event) => {
    if (event.name !== name || event.when !== when) return;
    store.onEvent = () => {};
    throw error;
  };
  return error;
}
