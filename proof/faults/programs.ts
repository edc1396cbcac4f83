import { long } from "../world/script.ts";
import type { Program } from "./session.ts";

/** A life of a store with one thing after the other: written, synced, rotated, merged, checkpointed, closed, opened. */
export const ordinaryLife: Program = async (session) => {
  await session.open();
  await session.put("a", "1.");
  await session.put("b", long("2"));
  await session.check();
  await session.together(() => [session.put("c", "3."), session.put("a", long("4", 60)), session.delete("b")]);
  await session.sync();
  await session.put("d", long("5"));
  await session.batch([
    ["a", "6."],
    ["e", long("7", 200)],
    ["c", undefined],
  ]);
  await session.check();
  await session.compact();
  await session.check();
  await session.put("b", "8.", { sync: true });
  await session.checkpoint();
  await session.put("c", "9.");
  await session.close();
  await session.open();
  await session.put("a", "10.");
  await session.delete("d", { sync: true });
  await session.batch([["a", long("11")]], { sync: true });
  await session.check();
  await session.clear();
  await session.put("b", "12.");
  await session.close();
};

/** Everything at once: writes beside a merge, a checkpoint and syncs. */
export const busyLife: Program = async (session) => {
  await session.open();
  await session.put("a", long("1"));
  await session.together(() => [
    session.put("b", long("2")),
    session.compact(),
    session.put("c", long("3")),
    session.checkpoint(),
    session.delete("a"),
    session.sync(),
  ]);
  await session.together(() => [
    session.compact(),
    session.put("a", long("4"), { sync: true }),
    session.put("d", long("5")),
    session.compact(),
    session.batch([
      ["e", "6."],
      ["b", undefined],
    ]),
  ]);
  session.clock.tick(50);
  await session.put("e", "7.");
  await session.together(() => [session.close()]);
};
