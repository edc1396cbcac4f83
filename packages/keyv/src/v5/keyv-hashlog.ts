import type { Expiry } from "@hashlog/engine";
import { KeyvBase } from "../keyv-base.ts";

/** An entry of `setMany`. */
export interface Entry {
  readonly key: string;
  readonly value: unknown;
  /** Milliseconds from now after which it is gone; 0, or no number: never. */
  readonly ttl?: number | undefined;
}

/**
 * A store for Keyv 5, and with it for cache-manager 7: `new Keyv({ store: new KeyvHashlog("./data/cache") })`. That hands over
 * keys with the namespace in front of them already, and durations instead of times.
 */
export class KeyvHashlog extends KeyvBase {
  /** Keyv 5 iterates over nothing but stores of which it knows the dialect. This one iterates as that does. */
  readonly opts: { readonly dialect: "sqlite"; readonly url: string } = { dialect: "sqlite", url: "" };

  protected override stored(key: string): string {
    return key;
  }

  /** @param ttl milliseconds from now after which it is gone; 0, or no number: never */
  async set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    await (await this.store()).put(key, value, expiryAfter(ttl));
    return true;
  }

  /** All at once: after a crash all of them are there, or none. Resolves to a `true` for each. */
  async setMany(entries: readonly Entry[]): Promise<boolean[]> {
    await this.putAll(entries.map(({ key, value, ttl }) => ({ key, value, ...expiryAfter(ttl) })));
    return entries.map(() => true);
  }

  /** Resolves to whether any of them was there. */
  async deleteMany(keys: string[]): Promise<boolean> {
    const were = await this.deleteAll(keys);
    return were.includes(true);
  }

  /** The entries of the namespace, with it in their keys, as of its beginning; without a namespace, of all of them. */
  async *iterator<Value>(
    namespace: string | undefined = this.namespace,
  ): AsyncGenerator<[string, Awaited<Value>], void> {
    for await (const [key, value] of this.storedEntries(namespace)) yield [key, value as Awaited<Value>];
  }
}

function expiryAfter(ttl: unknown): Expiry {
  // What is no number is no duration to Keyv either, which hands it over all the same.
  if (typeof ttl !== "number" || Number.isNaN(ttl) || ttl === 0 || ttl === Infinity) return {};
  // One that is over already is kept as such, as it takes the place of what was there.
  return ttl > 0 ? { ttlMs: ttl } : { expiresAtMs: 1 };
}
