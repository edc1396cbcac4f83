import { describe, expect, test } from "vitest";
import { commandOf, parseOptions } from "./options.ts";

describe("the soak's options", () => {
  test("are half an hour, a small and a large store, without syncs, unless said", () => {
    expect(parseOptions([])).toEqual({
      minutes: 30,
      seed: 1,
      sync: "never",
      stores: [
        { name: "small", liveBytes: 10 * 2 ** 20, seconds: 720 },
        { name: "large", liveBytes: 2 ** 31, seconds: 1080 },
      ],
      results: undefined,
    });
  });

  test("can name one store, its size, and all else", () => {
    const args = ["--only", "large", "--large-mb", "64", "--minutes", "0.5", "--sync", "always", "--seed", "9"];
    expect(parseOptions(args)).toMatchObject({
      minutes: 0.5,
      seed: 9,
      sync: "always",
      stores: [{ name: "large", liveBytes: 64 * 2 ** 20, seconds: 30 }],
    });
  });

  test("are told as a command that means the same", () => {
    for (const args of [[], ["--only", "small", "--small-mb", "2.5", "--sync", "interval", "--seed", "3"]]) {
      const options = parseOptions(args);
      const command = commandOf(options).replace("npm run soak -- ", "");
      expect(parseOptions(command.split(" "))).toEqual(options);
    }
  });

  test.each([
    ["--minutes", "0"],
    ["--minutes", "soon"],
    ["--only", "middle"],
    ["--large-mb", "-1"],
    ["--sync", "sometimes"],
    ["--seed", "1.5"],
    ["--else", "1"],
  ])("are refused by name: %s %s", (name, value) => {
    expect(() => parseOptions([name, value])).toThrow(name);
  });
});
