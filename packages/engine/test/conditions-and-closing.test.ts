import { expect, test } from "vitest";
import { text } from "./support/values.ts";
import { memoryWorld, readingAsynchronously } from "./support/worlds.ts";

test("closing waits for a conditional write that reads its version", async () => {
  const world = await memoryWorld();
  const db = await world.open({ fileSystem: readingAsynchronously(world.fileSystem) });
  await db.put("a", "1");
  const { version } = (await db.getEntry("a"))!;
  const read = world.watched.hold("read", /\.segment$/);
  const write = db.put("a", "2", { ifVersion: version });
  await read.reached;
  const closing = db.close();
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  read.release();
  await closing;
  const outcome = await Promise.race([
    write.catch((error: unknown) => error),
    new Promise((resolve) => setTimeout(resolve, 500, "neither done nor refused")),
  ]);
  expect(outcome).toBe(true);
  const again = await world.open();
  expect(text(await again.get("a"))).toBe("2");
});
