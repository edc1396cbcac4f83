import { join } from "node:path";
import { open } from "@hashlog/engine";
import { expect, test } from "vitest";
import { table } from "../src/table.ts";
import { printed, temporaryDirectory } from "./support/terminal.ts";

test("a table of any length is set as one, column under column", () => {
  const rows = Array.from({ length: 20_000 }, (_, index) => [String(index), index === 19_999 ? "the widest" : "x"]);
  const lines = table(["id", "what"], ["right", "left"], rows).split("\n");
  expect(lines.length).toBe(20_001);
  expect([lines[0], lines[1], lines[150], lines[20_000]]).toEqual([
    "   id  what",
    "    0  x",
    "  149  x",
    "19999  the widest",
  ]);
  const right = table(
    ["what", "id"],
    ["left", "right"],
    rows.slice(-120).map(([id, what]) => [what!, id!]),
  ).split("\n");
  expect([right[0], right[1], right[120]]).toEqual(["what           id", "x           19880", "the widest  19999"]);
});

test("a limit is one of the segments that a merge would take as well", async () => {
  const store = join(await temporaryDirectory(), "store");
  const db = await open(store, { segmentBytesMax: 512, compaction: false, sync: "never" });
  for (let index = 0; index < 40; index += 1) await db.put(`key ${index % 3}`, "x".repeat(400));
  await db.close();
  const lines = (await printed(["inspect", store, "--limit", "2"])).split("\n");
  expect(lines.filter((line) => / {2}segment \d+: /.test(line)).length).toBe(2);
  expect(lines.filter((line) => /^ {0,2}and \d+ segments more$/.test(line)).length).toBe(2);
  const whole = await printed(["inspect", store]);
  expect(whole).not.toMatch(/segments more/);
  expect(whole.split("\n").filter((line) => / {2}segment \d+: /.test(line)).length).toBeGreaterThan(30);
});
