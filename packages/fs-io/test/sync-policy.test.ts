import { expect, test } from "vitest";
import { FsError } from "../src/errors.ts";
import { INTERVAL_MS_MAX, parseSyncPolicy } from "../src/sync-policy.ts";

test.each([["always"], ["never"], [{ intervalMs: 1 }], [{ intervalMs: 1000 }], [{ intervalMs: INTERVAL_MS_MAX }]])(
  "%o is a sync policy",
  (value) => {
    expect(parseSyncPolicy(value)).toEqual(value);
  },
);

test("a parsed policy does not change with the object that it came from", () => {
  const given = { intervalMs: 5 };
  const policy = parseSyncPolicy(given);
  given.intervalMs = 7;
  expect(policy).toEqual({ intervalMs: 5 });
});

test.each([
  [undefined],
  [null],
  [true],
  [100],
  ["sometimes"],
  ["Always"],
  [{}],
  [[]],
  [{ intervalMs: 0 }],
  [{ intervalMs: -1 }],
  [{ intervalMs: 1.5 }],
  [{ intervalMs: "100" }],
  [{ intervalMs: Number.NaN }],
  [{ intervalMs: Infinity }],
  [{ intervalMs: INTERVAL_MS_MAX + 1 }],
  [{ interval: 100 }],
  [{ intervalMs: 100, unit: "s" }],
])("%o is none, and FS_INVALID_ARGUMENT", (value) => {
  expect(() => parseSyncPolicy(value)).toThrow(FsError);
  expect(() => parseSyncPolicy(value)).toThrow(expect.objectContaining({ code: "FS_INVALID_ARGUMENT" }));
});

test("an unknown option is refused by its name", () => {
  expect(() => parseSyncPolicy({ intervalMs: 100, unit: "s" })).toThrow('"unit"');
});
