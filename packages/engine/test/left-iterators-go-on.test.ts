import { expect, test } from "vitest";
import { memoryWorld, readingAsynchronously } from "./support/worlds.ts";

test("an iterator that is left while it reads gives nothing more afterwards", async () => {
  const world = await memoryWorld();
  const db = await world.open({ fileSystem: readingAsynchronously(world.fileSystem), sync: "never" });
  for (const key of ["a", "b", "c"]) await db.put(key, key);
  const iterator = db.keys({ gte: "" });
  await iterator.return();
  expect(await iterator.next()).toEqual({ done: true, value: undefined });

  const values = db.values({ gte: "" });
  const read = world.watched.hold("read", /\.segment$/);
  const first = values.next();
  await read.reached;
  await values.return();
  read.release();
  await first;
  expect(await values.next()).toEqual({ done: true, value: undefined });
  expect(await values.next()).toEqual({ done: true, value: undefined });
});
