import { utf8, type Change } from "@hashlog/engine";
import { describe, expect, test } from "vitest";
import { short } from "./support/feeds.ts";
import { all, rejection } from "./support/values.ts";
import { FILE_SYSTEMS } from "./support/worlds.ts";

describe.each(FILE_SYSTEMS)("on $name, a feed that does not wait", ({ newWorld }) => {
  test("ends behind what there is, from a sequence, from the state, and from the call", async () => {
    const world = await newWorld();
    const db = await world.open<string, string, string>({ values: utf8, segmentBytesMax: 512 });
    const from = async (since?: number): Promise<string[]> => {
      const changes = await all<Change<string, string>>(db.changes({ since, wait: false }));
      return changes.map(short);
    };
    expect(await from(0)).toEqual([]);
    for (let index = 1; index <= 40; index += 1) await db.put(`key ${index}`, ".".repeat(50));
    expect(await from()).toEqual([]);
    expect(await from(40)).toEqual([]);
    expect((await from(37)).map((change) => change.slice(-4))).toEqual([" @38", " @39", " @40"]);
    expect((await from(1)).length).toBe(39);
    for (let index = 3; index <= 40; index += 1) await db.delete(`key ${index}`);
    expect((await from(0)).toSorted()).toEqual([`key 1=${".".repeat(50)} @1`, `key 2=${".".repeat(50)} @2`]);
  });

  test("delivers what is written while it goes on, and its last place is one to go on from", async () => {
    const world = await newWorld();
    const db = await world.open<string, string, string>({ values: utf8 });
    await db.put("a", "1");
    await db.put("b", "2");
    const seen: Change<string, string>[] = [];
    for await (const change of db.changes({ since: 1, wait: false })) {
      seen.push(change);
      if (seen.length === 1) await db.put("c", "3");
    }
    expect(seen.map(short)).toEqual(["b=2 @2", "c=3 @3"]);
    await db.put("d", "4");
    const rest = await all<Change<string, string>>(db.changes({ since: seen.at(-1)!.resume, wait: false }));
    expect(rest.map(short)).toEqual(["d=4 @4"]);
    const reader = await world.openReader<string, string>({ values: utf8 });
    await db.put("e", "5");
    const shown = await all<Change<string, string>>(reader.changes({ since: 3, wait: false }));
    expect(shown.map(short)).toEqual(["d=4 @4"]);
  });

  test("fails as others do", async () => {
    const world = await newWorld();
    const db = await world.open<string, string, string>({ values: utf8 });
    await db.put("a", "1");
    const signal = AbortSignal.abort();
    expect(await rejection(db.changes({ since: 0, wait: false, signal }).next())).toMatchObject({
      code: "HASHLOG_ABORTED",
    });
    expect(() => db.changes({ wait: "no" as never })).toThrow('the option "wait"');
  });
});
