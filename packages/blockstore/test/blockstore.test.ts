import { HashlogBlockstore, type HashlogBlockstoreOptions } from "@hashlog/blockstore";
import { HashlogError, open } from "@hashlog/engine";
import { memoryFileSystem } from "@hashlog/fs-io";
import { CID } from "multiformats/cid";
import * as json from "multiformats/codecs/json";
import * as raw from "multiformats/codecs/raw";
import { sha256 } from "multiformats/hashes/sha2";
import { describe, expect, test } from "vitest";
import { rejection } from "../../../test/support/rejection.ts";
import { newLocation } from "../../../test/support/temporary.ts";

const BLOCK = new Uint8Array([1, 2, 3]);
const DIGEST = await sha256.digest(BLOCK);
const A_CID = CID.createV1(raw.code, DIGEST);

async function opened(options: HashlogBlockstoreOptions = {}): Promise<HashlogBlockstore> {
  const blockstore = new HashlogBlockstore("/blocks", { fileSystem: memoryFileSystem(), ...options });
  await blockstore.open();
  return blockstore;
}

async function all<T>(source: Iterable<T> | AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of source) found.push(item);
  return found;
}

describe("opening and closing", () => {
  test("keeps what was put, and may be done again and twice", async () => {
    const blockstore = new HashlogBlockstore(newLocation());
    await Promise.all([blockstore.open(), blockstore.open()]);
    await blockstore.put(A_CID, BLOCK);
    expect(blockstore.store.stats().keys).toBe(1);
    await blockstore.close();
    await blockstore.close();
    await blockstore.open();
    expect(await all(blockstore.get(A_CID))).toEqual([BLOCK]);
    await blockstore.close();
  });

  test("fails with an OpenFailedError that says why, and may be tried again", async () => {
    const directory = newLocation();
    const owner = await open(directory);
    const blockstore = new HashlogBlockstore(directory);
    expect(await rejection(blockstore.open())).toMatchObject({
      name: "OpenFailedError",
      cause: { code: "HASHLOG_LOCKED" },
    });
    await owner.close();
    await blockstore.open();
    await blockstore.close();
  });

  test("that is closed while it opens is closed, and frees the directory", async () => {
    const directory = newLocation();
    const blockstore = new HashlogBlockstore(directory);
    const opening = blockstore.open();
    await blockstore.close();
    await opening;
    expect(() => blockstore.store).toThrow(expect.objectContaining({ code: "HASHLOG_CLOSED" }));
    await (await open(directory)).close();
  });

  test("that is closed while its opening fails is as good as never opened", async () => {
    const blockstore = new HashlogBlockstore("/blocks", { sharpness: 11 } as object);
    const opening = rejection(blockstore.open());
    await blockstore.close();
    expect((await opening).name).toBe("OpenFailedError");
  });

  test("fails with a CloseFailedError that says why", async () => {
    const blockstore = await opened();
    const { store } = blockstore;
    const close = store.close.bind(store);
    store.close = async () => {
      await close();
      throw new HashlogError("HASHLOG_IO", "the last handle would not close");
    };
    const error = await rejection(blockstore.close());
    expect(error).toMatchObject({ name: "CloseFailedError", cause: { code: "HASHLOG_IO" } });
  });
});

describe("before it is open", () => {
  const calls: readonly [string, string, (blockstore: HashlogBlockstore) => unknown][] = [
    ["put", "PutFailedError", (blockstore) => blockstore.put(A_CID, BLOCK)],
    ["get", "GetFailedError", (blockstore) => all(blockstore.get(A_CID))],
    ["has", "HasFailedError", (blockstore) => blockstore.has(A_CID)],
    ["delete", "DeleteFailedError", (blockstore) => blockstore.delete(A_CID)],
    ["putMany", "PutFailedError", (blockstore) => all(blockstore.putMany([{ cid: A_CID, bytes: BLOCK }]))],
    ["deleteMany", "DeleteFailedError", (blockstore) => all(blockstore.deleteMany([A_CID]))],
    ["getAll", "GetFailedError", (blockstore) => all(blockstore.getAll())],
  ];

  test.each(calls)("%s fails with a %s", async (_name, name, call) => {
    const blockstore = new HashlogBlockstore("/blocks");
    const error = await rejection(Promise.resolve(call(blockstore)));
    expect(error).toMatchObject({ name, cause: { code: "HASHLOG_CLOSED" } });
  });
});

describe("a block", () => {
  test("is found by its multihash, whatever the version and the codec", async () => {
    const blockstore = await opened();
    await blockstore.put(CID.createV0(DIGEST), BLOCK);
    expect(await blockstore.has(CID.createV1(json.code, DIGEST))).toBe(true);
    const [pair] = await all(blockstore.getAll());
    expect(pair!.cid.equals(A_CID)).toBe(true);
    expect(await all(pair!.bytes)).toEqual([BLOCK]);
    await blockstore.close();
  });

  const pieces: readonly [string, () => Iterable<Uint8Array> | AsyncIterable<Uint8Array>][] = [
    ["none", () => []],
    ["one", () => [BLOCK]],
    ["several", () => [BLOCK.subarray(0, 1), BLOCK.subarray(1)]],
    [
      "several that come later",
      async function* () {
        yield BLOCK.subarray(0, 2);
        yield BLOCK.subarray(2);
      },
    ],
  ];

  test.each(pieces)("may be put in pieces: %s", async (name, make) => {
    const blockstore = await opened();
    await blockstore.put(A_CID, make());
    const [block] = await all(blockstore.get(A_CID));
    expect(Buffer.from(block!).toString("hex")).toBe(name === "none" ? "" : "010203");
    await blockstore.close();
  });

  test("whose pieces fail, or are cancelled on the way, is not put", async () => {
    const blockstore = await opened();
    const failing = (async function* () {
      yield BLOCK;
      throw new Error("lost the connection");
    })();
    expect(await rejection(blockstore.put(A_CID, failing))).toMatchObject({
      name: "PutFailedError",
      cause: { message: "lost the connection" },
    });
    const rude: Iterable<Uint8Array> = {
      [Symbol.iterator]() {
        // oxlint-disable-next-line typescript/only-throw-error -- somebody else's
        throw "no error at all";
      },
    };
    expect(await rejection(blockstore.put(A_CID, rude))).toMatchObject({ message: "no error at all" });
    const controller = new AbortController();
    const reason = new Error("enough");
    const cancelled = (async function* () {
      yield BLOCK;
      controller.abort(reason);
      yield BLOCK;
    })();
    expect(await rejection(blockstore.put(A_CID, cancelled, { signal: controller.signal }))).toBe(reason);
    expect(await blockstore.has(A_CID)).toBe(false);
    await blockstore.close();
  });
});

describe("all blocks", () => {
  test("are given as of the beginning; leaving them gives free what they hold", async () => {
    const blockstore = await opened();
    await blockstore.put(A_CID, BLOCK);
    const other = new Uint8Array([9]);
    const blocks = blockstore.getAll();
    const first = await blocks.next();
    expect(first.value.cid.equals(A_CID)).toBe(true);
    await blockstore.put(CID.createV1(raw.code, await sha256.digest(other)), other);
    expect(await blocks.next()).toMatchObject({ done: true });
    for await (const _pair of blockstore.getAll()) break;
    expect(blockstore.store.stats().iterators).toBe(0);
    await blockstore.close();
  });

  test("end with the signal's reason, also when that comes on the way", async () => {
    const blockstore = await opened();
    await blockstore.put(A_CID, BLOCK);
    const controller = new AbortController();
    const reason = new Error("enough");
    const query = (async () => {
      for await (const _pair of blockstore.getAll({ signal: controller.signal })) controller.abort(reason);
    })();
    expect(await rejection(query)).toBe(reason);
    await blockstore.close();
  });
});

describe("durability", () => {
  test("is there when a put resolves; less where it is told to be less", async () => {
    for (const [sync, isDurable] of [
      ["always", true],
      ["never", false],
    ] as const) {
      const blockstore = await opened({ sync });
      await blockstore.put(A_CID, BLOCK);
      const { sequence, floor } = blockstore.store.stats();
      expect(floor === sequence).toBe(isDurable);
      await blockstore.close();
    }
    const blockstore = await opened();
    await blockstore.put(A_CID, BLOCK);
    expect(blockstore.store.stats().floor).toBe(blockstore.store.stats().sequence);
    await blockstore.close();
  });
});
