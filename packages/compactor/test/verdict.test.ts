import { newRecordFields, type RecordFields } from "@hashlog/format";
import { expect, test } from "vitest";
import { KEY_ABSENT, KEY_ELSEWHERE, KEY_HERE } from "../src/index.ts";
import { judge } from "../src/verdict.ts";

const NOW = 1000;
const put: Partial<RecordFields> = {};
const expiring: Partial<RecordFields> = { expiresAtMs: NOW + 1 };
const expired: Partial<RecordFields> = { expiresAtMs: NOW };
const tombstone: Partial<RecordFields> = { tombstone: true };

/** The sequence of each record is 50: what is outside may be older, or is not. */
const OLDER = 49;
const NOT_OLDER = 50;

test.each([
  ["a put that the keydir points to", put, KEY_HERE, "live", "live"],
  ["a put whose key is elsewhere", put, KEY_ELSEWHERE, "dead", "dead"],
  ["a put whose key is absent", put, KEY_ABSENT, "dead", "dead"],
  ["one that will expire, and is pointed to", expiring, KEY_HERE, "live", "live"],
  ["one that will expire, and whose key is elsewhere", expiring, KEY_ELSEWHERE, "dead", "dead"],
  ["one that will expire, and whose key is absent", expiring, KEY_ABSENT, "emptied", "dead"],
  ["one that has expired, and is pointed to", expired, KEY_HERE, "buried", "expired"],
  ["one that has expired, and whose key is elsewhere", expired, KEY_ELSEWHERE, "dead", "dead"],
  ["one that has expired, and whose key is absent", expired, KEY_ABSENT, "emptied", "dead"],
  ["a tombstone whose key is elsewhere", tombstone, KEY_ELSEWHERE, "dead", "dead"],
  ["a tombstone whose key is absent", tombstone, KEY_ABSENT, "held", "dead"],
])("%s is judged by whether something outside may be older", (_, fields, found, ifSo, ifNot) => {
  const record = { ...newRecordFields(), sequence: 50, ...fields };
  expect(judge(record, found, { now: NOW, lowestOutside: OLDER })).toBe(ifSo);
  expect(judge(record, found, { now: NOW, lowestOutside: NOT_OLDER })).toBe(ifNot);
});
