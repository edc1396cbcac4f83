import { expect, test } from "vitest";
import { siteOptions } from "../build/options.ts";

test("without options the site is built where git does not look", () => {
  expect(siteOptions([])).toEqual({ out: "site/dist", serve: false, port: 8080, help: false });
});

test("it can be built elsewhere, and shown", () => {
  expect(siteOptions(["--out", "x", "--serve", "--port", "90"])).toEqual({
    out: "x",
    serve: true,
    port: 90,
    help: false,
  });
});

test.each([
  [["--port", "none"], "none is no port"],
  [["--port", "65536"], "65536 is no port"],
  [["--sevre"], "Unknown option '--sevre'"],
])("%j is refused", (args, message) => {
  expect(() => siteOptions(args)).toThrow(message);
});
