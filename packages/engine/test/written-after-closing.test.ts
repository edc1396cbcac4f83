import { expect, test } from "vitest";
import { filler } from "./support/values.ts";
import { memoryWorld, readingAsynchronously } from "./support/worlds.ts";

test("a store that is closed changes no file any more, whatever a conditional write waited for", async () => {
  const world = await memoryWorld();
  world.leaveUnchecked();
  const db = await world.open({ fileSystem: readingAsynchronously(world.fileSystem), segmentBytesMax: 512 });
  await db.put("a", "1");
  const { version } = (await db.getEntry("a"))!;
  const read = world.watched.hold("read", /\.segment$/);
  const write = db.put("a", filler(1000), { ifVersion: version });
  await read.reached;
  const closing = db.close();
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  const closed = await Promise.race([
    closing.then(() => true),
    new Promise((resolve) => setTimeout(resolve, 200, false)),
  ]);
  const before = world.watched.calls.length;
  read.release();
  await closing;
  const outcome = await Promise.race([
    write.catch((error: unknown) => error),
    new Promise((resolve) => setTimeout(resolve, 500, "neither done nor refused")),
  ]);
  const after = world.watched.calls.slice(before).map(({ operation, path }) => `${operation} ${path}`);
  // Either closing waits for the write, or the write is refused and touches nothing.
  if (closed === true)
    expect({ outcome, after: after.filter((call) => !call.startsWith("close")) }).toMatchObject({ after: [] });
  else expect(outcome).toBe(true);
});
