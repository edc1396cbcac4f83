import { describe, expect, test } from "vitest";
import { hashKeydir, HintBuilder, type IndexErrorCode, type Keydir, type RecordLocation } from "@hashlog/index";
import { finish } from "../src/testing/contract-support.ts";

const HASH_KEY = new Uint8Array(16);
const KEY = new Uint8Array(4);
const HERE: RecordLocation = { segmentSlot: 1, offset: 2, valueBytes: 3, expiresAtMs: 0 };

function keydirOf(keys = 0): Keydir {
  const keydir = hashKeydir({ hashKey: HASH_KEY });
  for (let key = 0; key < keys; key++) keydir.put(Uint8Array.of(key), 0, 1, HERE, { ...HERE });
  return keydir;
}

function ordered(keys: number): Keydir {
  const keydir = keydirOf(keys);
  while (!keydir.beginOrdering().step());
  return keydir;
}

const view = (keys = 1) => keydirOf(keys).openView();

/** What is refused, and in which words: each names the thing, and what would have been right. */
const refusals: [name: string, code: IndexErrorCode, message: string, refused: () => unknown][] = [
  [
    "a key beyond its bytes",
    "INDEX_INVALID_ARGUMENT",
    "a key must be a range of at most 65535 bytes, not 1 to 5 of 4",
    () => keydirOf().find(KEY, 1, 5, { ...HERE }),
  ],
  [
    "a location that is none",
    "INDEX_INVALID_ARGUMENT",
    'not a location: {"segmentSlot":1,"offset":-1,"valueBytes":3,"expiresAtMs":0}',
    () => keydirOf().put(KEY, 0, 4, { ...HERE, offset: -1 }, { ...HERE }),
  ],
  [
    "a sequence that is none",
    "INDEX_INVALID_ARGUMENT",
    "not a sequence: -1",
    () => keydirOf().beginLoad().put(KEY, 0, 4, -1, HERE),
  ],
  [
    "a hash key of another length",
    "INDEX_INVALID_ARGUMENT",
    "a hash key has 16 bytes, not 15",
    () => hashKeydir({ hashKey: new Uint8Array(15) }),
  ],
  [
    "a hash key of another length, for hints",
    "INDEX_INVALID_ARGUMENT",
    "a hash key has 16 bytes, not 17",
    () => new HintBuilder({ hashKey: new Uint8Array(17) }),
  ],
  [
    "a page without an entry",
    "INDEX_INVALID_ARGUMENT",
    "a page has at least one entry, not 0",
    () => ordered(1).openView().openCursor({}).nextPage(0),
  ],
  [
    "a page of half an entry",
    "INDEX_INVALID_ARGUMENT",
    "a page has at least one entry, not 1.5",
    () => ordered(1).openView().openCursor({}).nextPage(1.5),
  ],
  [
    "a shard that is not there",
    "INDEX_INVALID_ARGUMENT",
    "there are shards 0 to 255, not 256",
    () => keydirOf().dumpShard(256),
  ],
  [
    "to be loaded under a view",
    "INDEX_INVALID_ARGUMENT",
    "a keydir is not loaded under an open view",
    () => {
      const keydir = keydirOf();
      keydir.openView();
      keydir.beginLoad();
    },
  ],
  [
    "an order while it is loaded",
    "INDEX_INVALID_ARGUMENT",
    "a keydir that is being loaded has no order",
    () => {
      const keydir = keydirOf();
      keydir.beginLoad();
      keydir.beginOrdering();
    },
  ],
  [
    "to be loaded when it has keys",
    "INDEX_NOT_EMPTY",
    "only an empty keydir can be loaded",
    () => keydirOf(1).beginLoad(),
  ],
  [
    "a range without an order",
    "INDEX_NOT_ORDERED",
    "the keys of the keydir are not in order",
    () => view().openCursor({}),
  ],
  [
    "to read a closed view",
    "INDEX_CLOSED",
    "the view is closed",
    () => {
      const closed = view();
      closed.close();
      closed.openScan();
    },
  ],
  [
    "what comes after loading has ended",
    "INDEX_CLOSED",
    "the loading is finished",
    () => {
      const loader = keydirOf().beginLoad();
      finish(loader);
      loader.put(KEY, 0, 4, 1, HERE);
    },
  ],
];

describe("a keydir refuses", () => {
  test.each(refusals)("%s", (_, code, message, refused) => {
    expect(refused).toThrow(expect.objectContaining({ name: "IndexError", code, message }));
  });

  test("the dump of a shard that has keys already", () => {
    const keydir = keydirOf(1);
    const shard = keydir.shardOf(Uint8Array.of(0), 0, 1);
    const loading = (): void => keydir.loadShard(shard, keydir.dumpShard(shard));
    expect(loading).toThrow(
      expect.objectContaining({ code: "INDEX_NOT_EMPTY", message: `shard ${shard} is not empty` }),
    );
  });
});
