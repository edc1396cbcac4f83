import { bytes, type Expiry, open, type OpenOptions, type RangeOptions, type Store } from "@hashlog/engine";
import type { Driver } from "unstorage";
import { LazyStore } from "./lazy-store.ts";

/**
 * The options of the driver: those of the engine's `open`, but for those that this package sets itself, and two more. `sync` is
 * `{ intervalMs: 1_000 }` unless it is given: nothing waits for the disk, and a power cut takes the last second at most.
 */
export interface HashlogDriverOptions extends Omit<
  OpenOptions<string, Uint8Array, Uint8Array | string>,
  "keys" | "values" | "readOnly"
> {
  /** The directory of the store. Required. */
  readonly directory: string;
  /** Seconds after which an item is gone that is set without a `ttl` of its own. Default: never. */
  readonly ttl?: number | undefined;
}

/** The driver, with the methods that it has for sure. `getInstance` gives the store beneath, opened if it was not yet. */
export type HashlogDriver = Driver<HashlogDriverOptions, Promise<ItemStore>> &
  Required<
    Pick<
      Driver<HashlogDriverOptions, Promise<ItemStore>>,
      | "getInstance"
      | "getItems"
      | "getItemRaw"
      | "setItem"
      | "setItems"
      | "setItemRaw"
      | "removeItem"
      | "clear"
      | "dispose"
    >
  >;

type ItemStore = Store<string, Uint8Array, Uint8Array | string>;

/** What unstorage hands over with an item that is set. */
interface ItemOptions {
  /** Seconds. */
  readonly ttl?: unknown;
}

/**
 * A driver for unstorage: `createStorage({ driver: hashlogDriver({ directory: "./data/items" }) })`. Also the default export.
 * The store is opened at the first use of it, and closed by `dispose`. Errors are the engine's `HashlogError`.
 * @throws Error for a directory that is missing
 */
export function hashlogDriver(options: HashlogDriverOptions): HashlogDriver {
  const { directory, ttl, ...opening } = options;
  if (typeof directory !== "string" || directory === "") {
    throw new Error("[unstorage] [hashlog] Missing required option `directory`.");
  }
  const store = new LazyStore<Uint8Array, Uint8Array | string>(
    () => open(directory, { sync: { intervalMs: 1_000 }, ...opening, values: bytes }),
    "the driver is disposed of",
  );
  const expiry = (item: ItemOptions | undefined): Expiry => expiryOf(item?.ttl ?? ttl);

  return {
    name: "hashlog",
    flags: { maxDepth: true, ttl: true },
    options,
    getInstance: () => store.get(),
    hasItem: async (key) => (await store.get()).has(key),
    getItem: async (key) => asText(await (await store.get()).get(key)),
    // All as of one moment.
    async getItems(items) {
      const values = await (await store.get()).getMany(items.map(({ key }) => key));
      return items.map(({ key }, at) => ({ key, value: asText(values[at]) }));
    },
    getItemRaw: async (key) => asBuffer(await (await store.get()).get(key)),
    setItem: async (key, value, item) => (await store.get()).put(key, value, expiry(item)),
    // All or, after a crash, none.
    async setItems(items, common) {
      const puts = items.map(({ key, value, options: item }) => {
        return { type: "put" as const, key, value, ...expiry({ ...common, ...item }) };
      });
      await (await store.get()).batch(puts);
    },
    setItemRaw: async (key, value, item) => (await store.get()).put(key, fromRaw(value), expiry(item)),
    async removeItem(key) {
      await (await store.get()).delete(key);
    },
    async getKeys(base, { maxDepth = Infinity } = {}) {
      const keys: string[] = [];
      for await (const key of (await store.get()).keys(rangeOf(base))) {
        if (depthOf(key) <= maxDepth) keys.push(key);
      }
      return keys;
    },
    clear: async (base) => (await store.get()).clear(rangeOf(base)),
    dispose: () => store.close(),
  };
}

/** Without a base all keys, which then need not be put in order. */
function rangeOf(base: string | undefined): RangeOptions<string> {
  return base ? { prefix: base } : {};
}

function expiryOf(ttl: unknown): Expiry {
  return ttl === undefined || ttl === 0 ? {} : { ttlMs: typeof ttl === "number" ? ttl * 1_000 : (ttl as never) };
}

/** How many parents the key has. */
function depthOf(key: string): number {
  return key.split(":").length - 1;
}

// What was set as bytes and is asked for as text is shown as far as it is text.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function asText(value: Uint8Array | undefined): string | null {
  return value === undefined ? null : decoder.decode(value);
}

function asBuffer(value: Uint8Array | undefined): Buffer | null {
  return value === undefined ? null : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

/** @throws TypeError for what is neither bytes nor text */
function fromRaw(value: unknown): Uint8Array | string {
  if (typeof value === "string" || value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  throw new TypeError(`[unstorage] [hashlog] a raw value is bytes or a string, not ${typeof value}`);
}
