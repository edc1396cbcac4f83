import { hashKeydir } from "@hashlog/index";
import { expect, test } from "vitest";
import { FILE_SYSTEMS } from "./support/worlds.ts";

const RECORDS = 30_000;
const RECORDS_OF_A_COMMIT = 100;
/** Some milliseconds' work. */
const MOST_IN_A_TURN = 5000;

test.each(FILE_SYSTEMS)(
  "on $name a reader that catches up with many small commits gives the event loop away between them",
  async ({ newWorld }) => {
    const world = await newWorld();
    world.leaveUnchecked();
    const db = await world.open({ sync: "never" });
    await db.put("first", "1");
    let inTurn = 0;
    let most = 0;
    const reader = await world.openReader({
      index: (options) => {
        const keydir = hashKeydir(options);
        const put = keydir.put.bind(keydir);
        keydir.put = (...given) => {
          inTurn += 1;
          most = Math.max(most, inTurn);
          return put(...given);
        };
        return keydir;
      },
    });
    for (let at = 0; at < RECORDS; at += RECORDS_OF_A_COMMIT) {
      const keys = Array.from({ length: RECORDS_OF_A_COMMIT }, (_, index) => `key ${at + index}`);
      await db.batch(keys.map((key) => ({ type: "put", key, value: "" }) as const));
    }
    let isOver = false;
    const turn = (): void => {
      inTurn = 0;
      if (!isOver) setImmediate(turn);
    };
    turn();
    await reader.refresh();
    isOver = true;
    expect(reader.stats().keys).toBe(RECORDS + 1);
    expect(most).toBeLessThanOrEqual(MOST_IN_A_TURN);
  },
);
