import { describe, expect, test } from "vitest";
import { NumberedKeys } from "../numbered-keys.ts";
import { KeySpace } from "./key-space.ts";

describe("keys", () => {
  test("are sixteen digits, and numbers again", () => {
    for (const number of [0, 7, 99_999_999, 100_000_000, 2 ** 31, 1_234_567_890_123_456]) {
      const key = NumberedKeys.write(Buffer.alloc(16), number);
      expect(key.toString()).toBe(String(number).padStart(16, "0"));
      expect(NumberedKeys.numberOf(key)).toBe(number);
    }
  });

  test("that are inserted count once those before them are there", () => {
    const keys = new KeySpace(10);
    const [first, second, third] = [keys.insert(), keys.insert(), keys.insert()];
    keys.inserted(third!);
    expect(keys.count).toBe(10);
    keys.inserted(first!);
    expect(keys.count).toBe(11);
    keys.inserted(second!);
    expect(keys.count).toBe(13);
    expect(keys.missing(5).toString()).not.toBe(keys.at(5).toString());
  });
});
