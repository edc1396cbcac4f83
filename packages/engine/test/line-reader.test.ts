import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { readLine } from "../src/line-reader.ts";
import { utf8Bytes } from "./support/values.ts";

/** Reads it where others stand around it. */
function read(line: string | Uint8Array): unknown {
  const bytes = Buffer.concat([
    Buffer.from("}{"),
    typeof line === "string" ? utf8Bytes(line) : line,
    Buffer.from('"}'),
  ]);
  return readLine(bytes, 2, bytes.length - 2);
}

const entry = (key: string, value: string, expiresAtMs: number = 0): unknown => ({
  kind: "entry",
  key: utf8Bytes(key),
  value: utf8Bytes(value),
  expiresAtMs,
});

describe("what is read", () => {
  test.each<[line: string, expected: unknown]>([
    ["", { kind: "blank" }],
    [" \t ", { kind: "blank" }],
    ['{"key":"a","value":"b"}', entry("a", "b")],
    ['{"value":"b","key":"a"}', entry("a", "b")],
    [' \t{ "key" : "a" , "value"\t:\r"b" } ', entry("a", "b")],
    ['{"\\u006bey":"a","value":"b"}', entry("a", "b")],
    ['{"key":"","value":""}', entry("", "")],
    ['{"key":"__proto__","value":"constructor"}', entry("__proto__", "constructor")],
    ['{"key":"\\u0000","value":"\\ud83d\\ude00"}', entry("\0", "😀")],
    ['{"keyBase64":"YQ==","valueBase64":"Yg=="}', entry("a", "b")],
    ['{"keyBase64":"","valueBase64":"Pz8\\/"}', entry("", "???")],
    ['{"key":"a","value":"b","expiresAtMs":9007199254740991}', entry("a", "b", 2 ** 53 - 1)],
    ['{"entries":0}', { kind: "trailer", entries: 0 }],
    ['{"entries":12}', { kind: "trailer", entries: 12 }],
    [
      '{"format":"f","version":2,"keys":"k","values":"v"}',
      { kind: "header", format: "f", version: 2, keys: "k", values: "v" },
    ],
    ['{"format":"f","version":1}', { kind: "header", format: "f", version: 1, keys: undefined, values: undefined }],
  ])("%s", (line, expected) => {
    expect(read(line)).toEqual(expected);
  });

  test("keys and values are the caller's own", () => {
    const bytes = Buffer.from('{"key":"a","valueBase64":"YQ=="}');
    const line = readLine(bytes, 0, bytes.length);
    bytes.fill(0);
    expect(line).toEqual(entry("a", "a"));
  });
});

describe("what is wrong, and why", () => {
  test.each<[line: string | Uint8Array, reason: string]>([
    ["null", "it is no JSON object"],
    ["[]", "it is no JSON object"],
    ['"key"', "it is no JSON object"],
    ["key,value", "it is no JSON object"],
    [gzipSync("key"), "it is compressed by gzip: decompress it first"],
    [Uint8Array.of(0x1f), "it is no JSON object"],
    ["{", "the name of a field is no string in double quotes"],
    ["{}", 'there is neither "key" nor "keyBase64"'],
    ['{"key":"a"}', 'there is neither "value" nor "valueBase64"'],
    ['{"value":"a"}', 'there is neither "key" nor "keyBase64"'],
    ['{"key":"a","keyBase64":"YQ==","value":""}', 'there are "key" and "keyBase64"'],
    ['{"key":"a","value":"","valueBase64":""}', 'there are "value" and "valueBase64"'],
    ['{"key":"a","key":"a","value":"b"}', 'the field "key" is there twice'],
    ['{"key":"a","value":"b","ttl":1}', 'there is no field "ttl"'],
    ['{"__proto__":{"key":"a"},"value":"b"}', 'there is no field "__proto__"'],
    ['{"toString":"a"}', 'there is no field "toString"'],
    ['{"key":1,"value":"b"}', '"key" is no string in double quotes'],
    ['{"key":null,"value":"b"}', '"key" is no string in double quotes'],
    ['{"key":{"a":1},"value":"b"}', '"key" is no string in double quotes'],
    ['{"key":"a","value":["b"]}', '"value" is no string in double quotes'],
    ["{'key':'a'}", "the name of a field is no string in double quotes"],
    ['{key:"a"}', "the name of a field is no string in double quotes"],
    ['{"key" "a"}', 'a colon is missing behind "key"'],
    ['{"key":"a" "value":"b"}', "the object does not end"],
    ['{"key":"a","value":"b"', "the object does not end"],
    ['{"key":"a","value":"b",}', "the name of a field is no string in double quotes"],
    ['{"key":"a","value":"b"}}', "there is something behind the object"],
    ['{"key":"a","value":"b"} x', "there is something behind the object"],
    ['{"key":"a\\"', '"key" does not end'],
    ['{"key":"a\\', '"key" does not end'],
    ['{"key', "the name of a field does not end"],
    ['{"key":"a\tb","value":""}', '"key" has a control character that is not escaped'],
    ['{"key":"\\x","value":""}', '"key" has an escape that is none, or a surrogate without its partner'],
    ['{"key":"\\ud800","value":""}', '"key" has an escape that is none, or a surrogate without its partner'],
    [
      '{"keyBase64":"\\ud800","value":""}',
      '"keyBase64" has an escape that is none, or a surrogate without its partner',
    ],
    ['{"keyBase64":"YQ","value":""}', '"keyBase64" is not base64 with padding'],
    [Buffer.from('{"key":"\xff","value":""}', "latin1"), '"key" is not valid UTF-8'],
    [Buffer.from('{"\xff":""}', "latin1"), "the name of a field is not valid UTF-8"],
    ['{"format":"f"}', 'there is no "version"'],
    ['{"format":"f","version":1,"key":"a"}', 'the first line has no field "key"'],
    ['{"version":1}', 'an entry has no field "version"'],
    ['{"entries":1,"key":"a"}', 'the last line has no field "key"'],
    ['{"entries":"1"}', '"entries" is not an integer from 0 to 2^53 - 1'],
    ['{"entries":-1}', '"entries" is not an integer from 0 to 2^53 - 1'],
    ['{"entries":01}', '"entries" is not an integer from 0 to 2^53 - 1'],
    ['{"entries":1e3}', "the object does not end"],
    ['{"entries":1.0}', "the object does not end"],
    ['{"entries":}', '"entries" is not an integer from 0 to 2^53 - 1'],
    ['{"key":"a","value":"b","expiresAtMs":0}', '"expiresAtMs" is not an integer from 1 to 2^53 - 1'],
    ['{"key":"a","value":"b","expiresAtMs":9007199254740992}', '"expiresAtMs" is not an integer from 1 to 2^53 - 1'],
    ['{"key":"a","value":"b","expiresAtMs":null}', '"expiresAtMs" is not an integer from 1 to 2^53 - 1'],
  ])("%s", (line, reason) => {
    expect(read(line)).toEqual({ kind: "wrong", reason });
  });

  test("in few words, however long a name or a number is", () => {
    const [name, long] = ["x".repeat(1024), "x".repeat(1025)];
    const reason = "a name is longer than 1024 bytes";
    expect(read(`{"${name}":1}`)).toEqual({ kind: "wrong", reason: `there is no field "${name}"` });
    expect(read(`{"${long}":1}`)).toEqual({ kind: "wrong", reason });
    expect(read(`{"format":"${name}","version":1}`)).toMatchObject({ kind: "header", format: name });
    expect(read(`{"format":"${long}","version":1}`)).toEqual({ kind: "wrong", reason });
    expect(read(`{"format":"f","version":1,"keys":"${long}"}`)).toEqual({ kind: "wrong", reason });
    const number = '"entries" is not an integer from 0 to 2^53 - 1';
    expect(read(`{"entries":1${"0".repeat(2000)}}`)).toEqual({ kind: "wrong", reason: number });
  });
});

test("cut off at whatever byte, a line is wrong", () => {
  const line = '{"key":"a\\n\\u0041","valueBase64":"YQ==","expiresAtMs":1234}';
  expect(read(line)).toMatchObject({ kind: "entry", expiresAtMs: 1234 });
  for (let end = 1; end < line.length; end += 1) expect(read(line.slice(0, end))).toMatchObject({ kind: "wrong" });
});
