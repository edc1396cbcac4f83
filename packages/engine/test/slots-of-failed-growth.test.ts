import { segmentFileName } from "@hashlog/format";
import { expect, test } from "vitest";
import { filler, rejection } from "./support/values.ts";
import { memoryWorld } from "./support/worlds.ts";

test("a reader that could not open new segments, however often, goes on once it can", async () => {
  const world = await memoryWorld();
  const db = await world.open({ segmentBytesMax: 512, sync: "never" });
  await db.put("a", "1");
  const reader = await world.openReader();
  for (let index = 0; index < 400; index += 1) await db.put(`key ${index}`, filler(400, index));
  const fault = world.watched.fail("openRead", new RegExp(segmentFileName(300)), "FS_TOO_MANY_OPEN");
  for (let time = 0; time < 60; time += 1) await rejection(reader.refresh());
  fault.end();
  expect(await reader.refresh()).toBe(true);
  expect(await reader.count()).toBe(401);
}, 60_000);
