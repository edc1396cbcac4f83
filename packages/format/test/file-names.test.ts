import { expect, test } from "vitest";
import {
  checkpointFileName,
  FormatError,
  hintFileName,
  LOCK_NAME,
  MANIFEST_NAME,
  parseFileName,
  RESERVE_NAME,
  BACKUP_MARK_NAME,
  segmentFileName,
} from "../src/index.ts";

const accepted: [string, ReturnType<typeof parseFileName>][] = [
  ["hashlog.manifest", { kind: "manifest" }],
  ["hashlog.manifest.new", { kind: "manifest-replacement" }],
  ["hashlog.reserve", { kind: "reserve" }],
  ["hashlog.lock-0", { kind: "lock" }],
  ["hashlog.lock-1", { kind: "lock" }],
  ["hashlog.lock-4294967296", { kind: "lock" }],
  ["hashlog-0000000001.segment", { kind: "segment", id: 1 }],
  ["hashlog-0000000042.hint", { kind: "hint", id: 42 }],
  ["hashlog-0000000007.checkpoint", { kind: "checkpoint", id: 7 }],
  ["hashlog-4294967295.segment", { kind: "segment", id: 2 ** 32 - 1 }],
];

test.each(accepted)("%s is one of a store's files", (name, expected) => {
  expect(parseFileName(name)).toEqual(expected);
});

const rejected = [
  "",
  ".",
  "..",
  "hashlog",
  "hashlog.",
  "hashlog-",
  "manifest",
  "hashlog.manifest ",
  " hashlog.manifest",
  "hashlog.manifest\n",
  "hashlog.manifest.old",
  "hashlog.manifest.new.new",
  "hashlog.manifest.new~",
  "HASHLOG.MANIFEST",
  "Hashlog.manifest",
  "hashlog_manifest",
  "hashlogXmanifest",
  "hashlog.reserve.new",
  "hashlog.reserves",
  "hashlog.lock",
  "hashlog.lock-",
  "hashlog.lock-x",
  "xhashlog.lock-1",
  "hashlog.lock--1",
  "hashlog.lock-1.5",
  "hashlog.lock-1 ",
  "hashlog.lock-12345678901234567",
  "hashlog-0000000000.segment",
  "hashlog-4294967296.segment",
  "hashlog-9999999999.hint",
  "hashlog-1.segment",
  "hashlog-000000001.segment",
  "hashlog-00000000001.segment",
  "hashlog-+000000001.segment",
  "hashlog--000000001.segment",
  "hashlog-000000001a.segment",
  "hashlog-0x00000001.segment",
  "hashlog-00000000١٢.segment",
  "hashlog-0000000001",
  "hashlog-0000000001.",
  "hashlog-0000000001segment",
  "hashlog-0000000001.Segment",
  "hashlog-0000000001.SEGMENT",
  "hashlog-0000000001.segments",
  "hashlog-0000000001.segment.new",
  "hashlog-0000000001.segment~",
  "hashlog-0000000001.segment\n",
  "hashlog-0000000001.hint.tmp",
  "hashlog-0000000001.hints",
  "hashlog-0000000001.checkpoint.1",
  "hashlog-0000000001.manifest",
  "hashlog-0000000001.reserve",
  "hashlog-0000000001.hint.segment",
  "xhashlog-0000000001.segment",
  ".hashlog-0000000001.segment",
  "./hashlog-0000000001.segment",
  "/hashlog-0000000001.segment",
  "data/hashlog-0000000001.segment",
  "data\\hashlog-0000000001.segment",
  "hashlog-0000000001.segment/",
  "hashlog-0000000001.segment\0",
  "hashlog 0000000001.segment",
  "hashlog.0000000001.segment",
  "0000000001.segment",
  "1.bitcask.data",
  "users.json",
  ".DS_Store",
  "Thumbs.db",
];

test.each(rejected)("%j is none of a store's files", (name) => {
  expect(parseFileName(name)).toBeUndefined();
});

test("Names that are built are names that are parsed", () => {
  for (const id of [1, 9, 10, 4_711, 2 ** 31, 2 ** 32 - 1]) {
    expect(parseFileName(segmentFileName(id))).toEqual({ kind: "segment", id });
    expect(parseFileName(hintFileName(id))).toEqual({ kind: "hint", id });
    expect(parseFileName(checkpointFileName(id))).toEqual({ kind: "checkpoint", id });
  }
  expect(parseFileName(MANIFEST_NAME)).toEqual({ kind: "manifest" });
  expect(parseFileName(RESERVE_NAME)).toEqual({ kind: "reserve" });
  expect(parseFileName(BACKUP_MARK_NAME)).toEqual({ kind: "backup-mark" });
  expect(parseFileName(`${LOCK_NAME}-3`)).toEqual({ kind: "lock" });
});

test("Names sort as their ids do", () => {
  const ids = [1, 2, 10, 99, 100, 4_294_967_295];
  const names = ids.map(segmentFileName);
  expect([...names].sort()).toEqual(names);
});

test.each([0, -1, 2 ** 32, 1.5, Number.NaN])("An id of %d has no name", (id) => {
  for (const build of [segmentFileName, hintFileName, checkpointFileName]) expect(() => build(id)).toThrow(FormatError);
});
