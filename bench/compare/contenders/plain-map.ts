import type { Contender, Entrant } from "../contender.ts";

/** A `Map` from strings to copies of the values: what reading costs where nothing is kept. */
export const plainMap: Entrant = {
  name: "plain Map",
  durabilities: { "not synced": "in memory only" },
  isBare: true,
  open: async () => openMap(),
};

function openMap(): Contender {
  const map = new Map<string, Buffer>();
  const put = (key: Buffer, value: Buffer): void => void map.set(key.toString("latin1"), Buffer.from(value));
  const getSync = (key: Buffer): Uint8Array | undefined => {
    const value = map.get(key.toString("latin1"));
    return value && new Uint8Array(value);
  };
  return {
    batch: async (keys, values) => {
      for (const [index, key] of keys.entries()) put(key, values[index]!);
    },
    put: async (key, value) => put(key, value),
    get: async (key) => getSync(key),
    getSync,
    settle: async () => undefined,
    close: async () => undefined,
  };
}
