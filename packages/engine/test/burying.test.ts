import { segmentFileName } from "@hashlog/format";
import { expect, test } from "vitest";
import { SpoilingFileSystem } from "./support/readers.ts";
import type { StorePlace } from "./support/recount.ts";
import { copyStore } from "./support/roads.ts";
import { entriesOf, filler } from "./support/values.ts";
import { memoryWorld, type World } from "./support/worlds.ts";
import { open } from "@hashlog/engine";

/**
 * A store whose oldest segment reads wrong for once, so that it leaves the merge, and what has expired since must stay to
 * hide what is in it. As it is between the edit that publishes and the one that retires, and afterwards.
 */
async function buried(prepare: (world: World) => Promise<void>): Promise<{ during: StorePlace; after: StorePlace }> {
  const world = await memoryWorld();
  await prepare(world);
  const spoiling = new SpoilingFileSystem(world.fileSystem, new RegExp(segmentFileName(1)));
  const db = await world.open({ fileSystem: spoiling.fileSystem, segmentBytesMax: 512 });
  world.clock.advance(TTL);
  spoiling.spoil(100, 1);
  const { fileSystem } = world;
  const merge = db.compact({
    onProgress: ({ phase }) => {
      if (phase === "retire") gate ??= world.watched.hold("replace");
    },
  });
  let gate: ReturnType<typeof world.watched.hold> | undefined;
  while (gate === undefined) await new Promise((resolve) => setImmediate(resolve));
  await gate.reached;
  // What is buried has its entry until it is out of the store.
  expect(db.stats().keys).toBe(3);
  const during = await copyStore({ fileSystem, directory: world.directory });
  gate.release();
  expect(await merge).toMatchObject({ recordsBuried: 1, expiredDropped: 1, leftOut: [{ segmentId: 1 }] });
  await world.check(db);
  await db.close();
  return { during, after: await copyStore({ fileSystem, directory: world.directory }) };
}

const TTL = 1000;
const BEGIN = 1_700_000_000_000;

async function write(world: World): Promise<void> {
  const db = await world.open({ segmentBytesMax: 512 });
  await db.put("key", filler(400));
  await db.put("other", "1");
  await db.put("more", filler(400));
  await db.put("key", "short-lived", { ttlMs: TTL });
  await db.close();
}

/** Which keys are there, by each road, read alone or not, as the clock stands. */
async function seenBy(place: StorePlace, clockMs: number): Promise<string[]> {
  const seen: string[] = [];
  for (const without of [[], ["checkpoint"], ["checkpoint", "hint"]]) {
    for (const readOnly of [true, false]) {
      const { fileSystem, directory } = await copyStore(place, without);
      const clock = {
        now: () => clockMs,
        elapsedMs: () => 0,
        setTimer: () => ({ cancel: () => {} }),
        yield: () => Promise.resolve(),
      };
      const db = readOnly
        ? await open(directory, { fileSystem, clock, readOnly: true })
        : await open(directory, { fileSystem, clock, compaction: false });
      const keys = (await entriesOf(db as never)).map(([key]) => key);
      seen.push(keys.sort().join());
      await db.close();
    }
  }
  return [...new Set(seen)];
}

test.each([
  ["with a checkpoint from before", true],
  ["without a checkpoint", false],
])(
  "a merge cut off before it retires is seen alike by every road, %s, and the clock decides",
  async (_title, named) => {
    const { during, after } = await buried(async (world) => {
      await write(world);
      if (!named) return;
      const db = await world.open();
      await db.put("other", "2");
      await db.checkpoint();
      await db.close();
    });
    expect(await seenBy(during, BEGIN + TTL)).toEqual(["more,other"]);
    expect(await seenBy(during, BEGIN)).toEqual(["key,more,other"]);
    for (const time of [BEGIN, BEGIN + TTL]) expect(await seenBy(after, time)).toEqual(["more,other"]);
  },
);
