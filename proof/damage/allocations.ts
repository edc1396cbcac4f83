import type { Allocations } from "../properties/p17-decoder-safety.ts";

/**
 * Watches what is allocated in typed arrays and array buffers while something runs: a length that is believed before it
 * is checked shows here, even where the memory is given back at once. Buffers of the runtime's own are not seen.
 */
export async function allocationsOf(run: () => Promise<unknown>): Promise<Allocations> {
  const originals = WATCHED.map((name) => [name, globalThis[name]] as const);
  const seen = { largestBytes: 0, totalBytes: 0 };
  const note = (bytes: number): void => {
    seen.largestBytes = Math.max(seen.largestBytes, bytes);
    seen.totalBytes += bytes;
  };
  for (const [name, original] of originals) Object.assign(globalThis, { [name]: watched(original, note) });
  try {
    await run();
  } finally {
    for (const [name, original] of originals) Object.assign(globalThis, { [name]: original });
  }
  return seen;
}

const WATCHED = [
  "ArrayBuffer",
  "SharedArrayBuffer",
  "Int8Array",
  "Uint8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
] as const;

type Watched = (typeof globalThis)[(typeof WATCHED)[number]];

function watched(constructor: Watched, note: (bytes: number) => void): Watched {
  const elementBytes = "BYTES_PER_ELEMENT" in constructor ? constructor.BYTES_PER_ELEMENT : 1;
  const proxy: Watched = new Proxy(constructor, {
    construct(target, [first, ...rest]: unknown[], newTarget) {
      // Anything else than a length is no longer than what it is made of.
      if (typeof first === "number") note(first * elementBytes);
      return Reflect.construct(target, [first, ...rest], newTarget === proxy ? target : newTarget) as object;
    },
  });
  return proxy;
}
