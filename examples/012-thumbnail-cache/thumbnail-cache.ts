/**
 * A cache on the disk that never holds more than so many bytes. When room is needed, what was not asked for longest goes. Of each
 * image there are two keys:
 *
 *     image:NAME                     its bytes
 *     used:NUMBER:BYTES:NAME         when it was last asked for: the higher the number, the later
 *
 * The second ones are in order, and read without touching the disk: that is how the order is known after a restart.
 */
import { type BatchOperation, type Clock, open, type Store, type StoreStats } from "@hashlog/engine";

export interface CacheOptions {
  /** The most that all images together may have. One that is larger by itself is not kept. */
  readonly bytesMax: number;
  /** How long an image is good for. */
  readonly ttlMs: number;
  readonly clock?: Clock | undefined;
}

type Operation = BatchOperation<string, Uint8Array | string>;

export class ThumbnailCache {
  hits = 0;
  misses = 0;
  bytes = 0;
  readonly #store: Store<string, Uint8Array, Uint8Array | string>;
  readonly #options: CacheOptions;
  /** All images, the one first that was not asked for longest. */
  readonly #images: Map<string, { readonly used: string; readonly bytes: number }> = new Map();
  readonly #rendering: Map<string, Promise<Uint8Array>> = new Map();
  #lastUse = 0;

  private constructor(store: Store<string, Uint8Array, Uint8Array | string>, options: CacheOptions) {
    this.#store = store;
    this.#options = options;
  }

  static async open(directory: string, options: CacheOptions): Promise<ThumbnailCache> {
    // What a power cut takes can be rendered again: no need to wait for the disk.
    const store = await open(directory, { sync: "never", ordered: true, clock: options.clock });
    const cache = new ThumbnailCache(store, options);
    for await (const used of store.keys({ prefix: "used:" })) {
      const [, number, bytes, name] = /^used:(\d+):(\d+):(.*)$/s.exec(used)!;
      cache.#note(name!, used, Number(bytes));
      cache.#lastUse = Number(number);
    }
    // The limit may have been higher.
    await store.batch(cache.#makeRoom());
    return cache;
  }

  get count(): number {
    return this.#images.size;
  }

  /** The image: from the cache or, if it is not there or too old, made by `render`, once for all who ask meanwhile. */
  async get(name: string, render: (name: string) => Promise<Uint8Array>): Promise<Uint8Array> {
    const found = await this.#store.getEntry(`image:${name}`);
    if (found !== undefined) {
      this.hits += 1;
      // Unless it had to make room while it was read.
      if (this.#images.has(name)) await this.#store.batch(this.#use(name, found.value.length, found.expiresAtMs));
      return found.value;
    }
    const already = this.#rendering.get(name);
    if (already !== undefined) return already;
    this.misses += 1;
    const rendering = render(name).then((image) => this.#keep(name, image));
    this.#rendering.set(name, rendering);
    return rendering.finally(() => this.#rendering.delete(name));
  }

  /** Gives the space of what went back to the disk now. It would be done by itself, when it is worth it. */
  async tidy(): Promise<void> {
    await this.#store.compact();
  }

  stats(): StoreStats {
    return this.#store.stats();
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  /** Keeps the image, and drops as many others as are in its way: all of that, or after a crash nothing. */
  async #keep(name: string, image: Uint8Array): Promise<Uint8Array> {
    if (image.length > this.#options.bytesMax) return image;
    const expiresAtMs = (this.#options.clock?.now() ?? Date.now()) + this.#options.ttlMs;
    const operations: Operation[] = [{ type: "put", key: `image:${name}`, value: image, expiresAtMs }];
    operations.push(...this.#use(name, image.length, expiresAtMs), ...this.#makeRoom());
    await this.#store.batch(operations);
    return image;
  }

  /** What was not asked for longest goes, until the rest is within the limit. */
  #makeRoom(): Operation[] {
    const operations: Operation[] = [];
    for (const [oldest, { used, bytes }] of this.#images) {
      if (this.bytes <= this.#options.bytesMax) break;
      operations.push({ type: "delete", key: `image:${oldest}` }, { type: "delete", key: used });
      this.#images.delete(oldest);
      this.bytes -= bytes;
    }
    return operations;
  }

  /** The image is the one that was asked for last. */
  #use(name: string, bytes: number, expiresAtMs: number | undefined): Operation[] {
    const before = this.#images.get(name)?.used;
    const used = `used:${String(++this.#lastUse).padStart(15, "0")}:${bytes}:${name}`;
    this.#note(name, used, bytes);
    const put: Operation = { type: "put", key: used, value: "", expiresAtMs };
    return before === undefined ? [put] : [put, { type: "delete", key: before }];
  }

  #note(name: string, used: string, bytes: number): void {
    this.bytes += bytes - (this.#images.get(name)?.bytes ?? 0);
    this.#images.delete(name);
    this.#images.set(name, { used, bytes });
  }
}
