import { bytes, HashlogError, open, type OpenOptions, type Store } from "@hashlog/engine";
import { BaseBlockstore } from "blockstore-core";
import type { InputPair, Pair } from "interface-blockstore";
import {
  CloseFailedError,
  DeleteFailedError,
  GetFailedError,
  HasFailedError,
  NotFoundError,
  OpenFailedError,
  PutFailedError,
} from "interface-store";
import { CID } from "multiformats/cid";
import * as raw from "multiformats/codecs/raw";
import * as Digest from "multiformats/hashes/digest";
import { type AbortOptions, attempt, failed } from "./attempt.ts";
import { together } from "./together.ts";

/**
 * The options of the engine's `open`, but for those that this package sets itself. `sync` is `"always"` unless it is given: what
 * was put is on the disk when the promise resolves.
 */
export type HashlogBlockstoreOptions = Omit<OpenOptions<Uint8Array, Uint8Array>, "keys" | "values" | "readOnly">;

type ByteStore = Store<Uint8Array, Uint8Array, Uint8Array | string>;
type Source<T> = Iterable<T> | AsyncIterable<T>;

/**
 * A blockstore in a directory, on a Hashlog store; to be opened first. A block is found by the multihash of its CID, whatever the
 * version and codec. Its methods are those of interface-blockstore, and fail with the errors of interface-store, whose `cause` is
 * the engine's `HashlogError`; or, once their `signal` is aborted, with the reason of that.
 */
export class HashlogBlockstore extends BaseBlockstore {
  readonly #directory: string;
  readonly #options: HashlogBlockstoreOptions;
  #opening: Promise<ByteStore> | undefined;
  #store: ByteStore | undefined;

  constructor(directory: string, options: HashlogBlockstoreOptions = {}) {
    super();
    this.#directory = directory;
    this.#options = options;
  }

  /** The store beneath, of bytes: for `compact`, `backup`, `stats`. @throws HashlogError `HASHLOG_CLOSED` */
  get store(): Store<Uint8Array, Uint8Array, Uint8Array | string> {
    if (this.#store !== undefined) return this.#store;
    const path = this.#directory;
    throw new HashlogError("HASHLOG_CLOSED", `the blockstore ${path} is not open`, { path });
  }

  /** Opens it, and makes it where there is none. Twice is fine, also after `close`. @throws OpenFailedError */
  async open(): Promise<void> {
    this.#opening ??= open(this.#directory, { ...this.#options, keys: bytes, values: bytes });
    const opening = this.#opening;
    try {
      const store = await opening;
      // It may have been closed meanwhile.
      if (this.#opening === opening) this.#store = store;
    } catch (error) {
      if (this.#opening === opening) this.#opening = undefined;
      throw failed(OpenFailedError, error);
    }
  }

  /** Waits for what is under way, and frees the directory. Twice is fine. @throws CloseFailedError */
  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    this.#store = undefined;
    const store = await opening?.catch(() => undefined);
    await attempt(CloseFailedError, undefined, async () => store?.close());
  }

  /** Takes a block in pieces, too, all of which it holds before it writes them. */
  override async put(cid: CID, block: Uint8Array | Source<Uint8Array>, options?: AbortOptions): Promise<CID> {
    await attempt(PutFailedError, options, async () => {
      const whole = block instanceof Uint8Array ? block : await joined(block, options);
      return this.store.put(cid.multihash.bytes, whole);
    });
    return cid;
  }

  /** Gives the block in one piece. */
  override async *get(cid: CID, options?: AbortOptions): AsyncGenerator<Uint8Array> {
    const block = await attempt(GetFailedError, options, () => this.store.get(cid.multihash.bytes));
    if (block === undefined) throw new NotFoundError(`there is no block ${cid.toString()}`);
    yield block;
  }

  override async has(cid: CID, options?: AbortOptions): Promise<boolean> {
    return attempt(HasFailedError, options, async () => this.store.has(cid.multihash.bytes));
  }

  override async delete(cid: CID, options?: AbortOptions): Promise<void> {
    await attempt(DeleteFailedError, options, () => this.store.delete(cid.multihash.bytes));
  }

  override putMany(source: Source<InputPair>, options?: AbortOptions): AsyncGenerator<CID> {
    return together(source, (pair) => this.put(pair.cid, pair.bytes, options));
  }

  override deleteMany(source: Source<CID>, options?: AbortOptions): AsyncGenerator<CID> {
    return together(source, async (cid) => {
      await this.delete(cid, options);
      return cid;
    });
  }

  /** All blocks as of the beginning, in no particular order, with CIDs of version 1 and the codec for raw bytes. */
  override async *getAll(options?: AbortOptions): AsyncGenerator<Pair> {
    const iterator = await attempt(GetFailedError, options, async () => this.store.entries());
    try {
      for (;;) {
        const result = await attempt(GetFailedError, options, () => iterator.next());
        if (result.done === true) return;
        const [key, block] = result.value;
        yield { cid: CID.createV1(raw.code, Digest.decode(key)), bytes: inOnePiece(block) };
      }
    } finally {
      await iterator.return();
    }
  }
}

async function* inOnePiece(block: Uint8Array): AsyncGenerator<Uint8Array> {
  yield block;
}

async function joined(pieces: Source<Uint8Array>, options: AbortOptions | undefined): Promise<Uint8Array> {
  const found: Uint8Array[] = [];
  for await (const piece of pieces) {
    options?.signal?.throwIfAborted();
    found.push(piece);
  }
  return found.length === 1 ? found[0]! : Buffer.concat(found);
}
