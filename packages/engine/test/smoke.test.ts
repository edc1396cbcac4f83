import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { open } from "@hashlog/engine";

test("a store keeps what was put, deleted and batched, across closing, compacting and reopening", async () => {
  const directory = await mkdtemp(join(tmpdir(), "hashlog-"));
  let db = await open(join(directory, "a", "b"));
  await Promise.all([db.put("a", "1"), db.put("b", "2"), db.put("c", "3", { ttlMs: 60_000 })]);
  expect(await db.delete("b")).toBe(true);
  expect(await db.delete("b")).toBe(false);
  await db.batch([
    { type: "put", key: "d", value: "4" },
    { type: "delete", key: "a" },
  ]);
  const text = (bytes: Uint8Array | undefined): string | undefined =>
    bytes === undefined ? undefined : new TextDecoder().decode(bytes);
  const check = async (): Promise<void> => {
    expect(text(await db.get("a"))).toBe(undefined);
    expect(text(db.getSync("c"))).toBe("3");
    expect((await db.getMany(["d", "b", "c"])).map(text)).toEqual(["4", undefined, "3"]);
    const entries = [];
    for await (const [key, value] of db.entries()) entries.push([key, text(value)]);
    expect(entries.sort()).toEqual([["c", "3"], ["d", "4"]]);
  };
  await check();
  await db.close();
  db = await open(join(directory, "a", "b"));
  await check();
  await db.put("e", "5");
  await db.delete("e");
  const report = await db.compact();
  await check();
  console.log(report, db.stats());
  await db.close();
  db = await open(join(directory, "a", "b"));
  await check();
  await db.close();
  await rm(directory, { recursive: true });
});
