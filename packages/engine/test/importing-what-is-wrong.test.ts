import { describe, expect, test } from "vitest";
import { pieces, THREE } from "./support/import-sources.ts";
import { exportOf, HEADER, line, trailer } from "./support/moving.ts";
import { rejection } from "./support/values.ts";
import { memoryWorld } from "./support/worlds.ts";

const INVALID = "HASHLOG_INVALID_ARGUMENT";

describe("what is wrong is told by its line, and what comes before it is there", () => {
  const two = [HEADER, line("a", "1"), line("b", "2")];

  test.each<[what: string, content: string, at: number, done: number, reason: string]>([
    ["no JSON", [...two, "x", trailer(2)].join("\n"), 4, 2, "it is no JSON object"],
    [
      "an unknown field",
      [...two, '{"key":"c","value":"","ttlMs":1}', trailer(3)].join("\n"),
      4,
      2,
      'there is no field "ttlMs"',
    ],
    ["in the first line", `x\n${THREE}`, 1, 0, "it is no JSON object"],
    [
      "entries without a first line",
      `${line("a", "1")}\n`,
      1,
      0,
      'it is not the first line of an export, {"format":"hashlog-entries","version":1}',
    ],
    [
      "a last line without a first",
      `${trailer(0)}\n`,
      1,
      0,
      'it is not the first line of an export, {"format":"hashlog-entries","version":1}',
    ],
    ["another format", '{"format":"x","version":1}\n', 1, 0, 'its format is "x", not "hashlog-entries"'],
    ["two exports, one behind the other", `${THREE}\n${THREE}`, 7, 3, "there is something behind the last one"],
    ["entries behind the last line", `${THREE}${line("d", "4")}`, 6, 3, "there is something behind the last one"],
    ["a first line once more", [...two, HEADER, trailer(2)].join("\n"), 4, 2, "it is a first one once more"],
    ["too few entries", [...two, trailer(3)].join("\n"), 4, 2, "it says that there are 3 entries, and there were 2"],
    ["too many entries", [...two, trailer(1)].join("\n"), 4, 2, "it says that there are 1 entries, and there were 2"],
    ["nothing at all", "", 1, 0, "there is none: the source was cut off"],
    ["blank lines alone", "\n\n", 3, 0, "there is none: the source was cut off"],
    [
      "cut off behind a line",
      `${two.join("\n")}\n`,
      4,
      2,
      "the last one, with the number of entries, is missing: the source was cut off",
    ],
    [
      "cut off before its end",
      two.join("\n"),
      4,
      2,
      "the last one, with the number of entries, is missing: the source was cut off",
    ],
    [
      "cut off within a line",
      two.join("\n").slice(0, -3),
      3,
      1,
      '"value" does not end, and it is the last one: the source may have been cut off',
    ],
    [
      "a key that is too long",
      [...two, line("k".repeat(65_536), ""), trailer(3)].join("\n"),
      4,
      2,
      "a key of 65536 bytes is longer than 65535",
    ],
  ])("%s", async (_what, content, at, done, reason) => {
    const db = await (await memoryWorld()).open({ sync: "never" });
    const failure = await rejection(db.importFrom(pieces(content, 100)));
    expect(failure).toMatchObject({
      code: INVALID,
      line: at,
      entriesDone: done,
      message: `importing failed after ${done} entries: line ${at}: ${reason}`,
    });
    expect(db.stats()).toMatchObject({ keys: done, floor: db.stats().sequence, sequence: done });
  });

  test("a newer version of the format is told as that", async () => {
    const db = await (await memoryWorld()).open();
    expect(await rejection(db.importFrom(['{"format":"hashlog-entries","version":2}\n']))).toMatchObject({
      code: "HASHLOG_VERSION",
      expected: 1,
      actual: 2,
      entriesDone: 0,
    });
  });

  test("a line that is too long, as soon as that is so", async () => {
    const db = await (await memoryWorld()).open();
    const fits = line("fits", "x".repeat(1024 - line("fits", "").length));
    expect(await db.importFrom([exportOf([fits])], { lineBytesMax: 1024 })).toMatchObject({ entries: 1 });
    const reason = "line 3: it is longer than 1024 bytes (lineBytesMax)";
    for (const end of ["", "\n"]) {
      const source = [`${HEADER}\n${line("a", "1")}\n${fits} ${end}`];
      expect(await rejection(db.importFrom(source, { lineBytesMax: 1024 }))).toMatchObject({
        code: INVALID,
        line: 3,
        entriesDone: 1,
        message: `importing failed after 1 entries: ${reason}`,
      });
    }
    let taken = 0;
    const endless = function* endless(): Iterable<Uint8Array> {
      for (; taken < 100; taken += 1) yield new Uint8Array(1000).fill(0x20);
    };
    expect(await rejection(db.importFrom(endless(), { lineBytesMax: 5000 }))).toMatchObject({ line: 1 });
    expect(taken).toBe(5);
  });
});
