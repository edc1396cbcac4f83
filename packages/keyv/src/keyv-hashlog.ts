import process from "node:process";
import { type Expiry, HashlogError } from "@hashlog/engine";
import { KeyvBase } from "./keyv-base.ts";

/** An entry of `setMany`. */
export interface Entry {
  readonly key: string;
  readonly value: unknown;
  /** Milliseconds since 1970 from which on it is gone; `undefined`: never. */
  readonly expires?: number | undefined;
}

/** What Keyv 6 asks a store for. */
export interface Capabilities {
  readonly compatible: true;
  readonly store: "keyvStorage";
  /** That `set` takes a time, not a duration, and that what has expired is not given out. */
  readonly expires: true;
  readonly methods: Readonly<Record<(typeof METHODS)[number], { readonly exists: true; readonly methodType: "async" }>>;
}

const METHODS = [
  "get",
  "getMany",
  "has",
  "hasMany",
  "set",
  "setMany",
  "delete",
  "deleteMany",
  "clear",
  "disconnect",
  "iterator",
] as const;

const CAPABILITIES: Capabilities = {
  compatible: true,
  store: "keyvStorage",
  expires: true,
  methods: Object.fromEntries(
    METHODS.map((name) => [name, { exists: true, methodType: "async" }]),
  ) as Capabilities["methods"],
};

/**
 * A store for Keyv 6: `new Keyv({ store: new KeyvHashlog("./data/cache") })`. For Keyv 5 there is another one, in
 * `@hashlog/keyv/v5`, as that has another idea of an expiry. Both keep the same keys and values: `namespace:key`.
 */
export class KeyvHashlog extends KeyvBase {
  /** Asked for by Keyv 6, which else would think it a store for Keyv 5. */
  get capabilities(): Capabilities {
    return CAPABILITIES;
  }

  protected override stored(key: string): string {
    return this.namespace ? `${this.namespace}:${key}` : key;
  }

  /**
   * @param expires milliseconds since 1970 from which on it is gone, also if that has passed; `undefined`: never
   * @throws HashlogError `HASHLOG_INVALID_ARGUMENT` for what looks like a duration: Keyv 5 would give one
   */
  async set(key: string, value: unknown, expires?: number): Promise<boolean> {
    const stored = this.stored(key);
    const expiry = expiryAt(expires);
    await (await this.store()).put(stored, value, expiry);
    return true;
  }

  /** All at once: after a crash all of them are there, or none. Resolves to a `true` for each. */
  async setMany(entries: readonly Entry[]): Promise<boolean[]> {
    await this.putAll(entries.map(({ key, value, expires }) => ({ key, value, ...expiryAt(expires) })));
    return entries.map(() => true);
  }

  /** Resolves to whether each was there. */
  async deleteMany(keys: string[]): Promise<boolean[]> {
    return this.deleteAll(keys);
  }

  /** The entries of the namespace, without it in their keys, as of its beginning; without a namespace, of all of them. */
  async *iterator<Value>(
    namespace: string | undefined = this.namespace,
  ): AsyncGenerator<[string, Awaited<Value>], void> {
    const begin = namespace ? namespace.length + 1 : 0;
    for await (const [key, value] of this.storedEntries(namespace)) yield [key.slice(begin), value as Awaited<Value>];
  }
}

/** A time before March 1973 is a duration that was meant for something else: it would expire at once. */
const LEAST = 1e11;

function expiryAt(expires: number | undefined): Expiry {
  if (expires === undefined || expires > Number.MAX_SAFE_INTEGER) return {};
  if (expires >= LEAST) return { expiresAtMs: Math.ceil(expires) };
  const message = `an expiry is milliseconds since 1970, and ${expires} is none: Keyv 5 needs the store of "@hashlog/keyv/v5"`;
  warnOnce(message);
  throw new HashlogError("HASHLOG_INVALID_ARGUMENT", message, { actual: expires });
}

let isWarned = false;

/** Keyv 5 keeps a store's errors to itself, unless it was told otherwise: this one would look like a cache that keeps nothing. */
function warnOnce(message: string): void {
  if (isWarned) return;
  isWarned = true;
  process.emitWarning(message, { type: "HashlogWarning", code: "HASHLOG_KEYV_5" });
}
