import { fate } from "@hashlog/fs-io/testing";
import { long } from "../world/script.ts";
import { busyLife, ordinaryLife } from "./programs.ts";
import { closed, cut, empty, killed, nothing, type Scene } from "./scene.ts";
import type { Program } from "./session.ts";

/** Opens what the scene begins with, and finds it in order. */
const opening: Program = async (session) => {
  await session.open();
  await session.end();
  await session.put("a", "100.");
};

/** Three segments, with something dead in each of them, a tombstone, and a value that is about to expire. */
const past: Program = async (session) => {
  await session.open();
  await session.put("a", long("1"));
  await session.put("b", long("2", 200), { expiresAtMs: session.clock.now() + 1000 });
  await session.delete("a");
  await session.put("c", long("3"), { sync: true });
  await session.put("d", "4.");
};

/** The same, and then cut off. */
const pastCutOff: Program = async (session) => {
  await past(session);
  await session.put("d", long("5"));
  await session.together(() => [session.put("e", "6."), session.put("a", "7.")]);
};

const EVERY_THIRD_LOST = Array.from({ length: 60 }, (_, unit) => fate(unit % 3 === 2 ? "lost" : "intact"));

export const SCENES: readonly Scene[] = [
  {
    name: "a store is made",
    begin: nothing,
    program: async (session) => {
      await session.open();
      await session.put("a", "1.");
      await session.close();
    },
    everyCall: ["always"],
    everyKind: [],
    runsLeast: 490,
  },
  {
    name: "opened by its checkpoint",
    begin: closed(past),
    program: opening,
    everyCall: ["always"],
    everyKind: [],
    runsLeast: 220,
  },
  {
    name: "opened by hints",
    begin: closed(past, [".checkpoint"]),
    program: opening,
    everyCall: ["always"],
    everyKind: [],
    runsLeast: 290,
  },
  {
    name: "opened by scanning",
    begin: closed(past, [".checkpoint", ".hint"]),
    program: opening,
    everyCall: ["always"],
    everyKind: [],
    runsLeast: 270,
  },
  {
    name: "recovered after a kill",
    begin: killed(pastCutOff),
    program: opening,
    everyCall: ["never"],
    everyKind: ["always"],
    runsLeast: 610,
  },
  {
    name: "recovered after a power cut",
    begin: cut(pastCutOff),
    program: opening,
    everyCall: [],
    everyKind: ["always", "never"],
    runsLeast: 300,
  },
  {
    name: "recovered from a power cut that took every third thing in flight",
    begin: cut(pastCutOff, EVERY_THIRD_LOST),
    program: opening,
    everyCall: [],
    everyKind: ["never"],
    runsLeast: 170,
  },
  {
    name: "written to",
    begin: empty,
    program: async (session) => {
      await session.open();
      session.begin();
      await session.put("a", "1.");
      await session.together(() => [session.put("b", "2."), session.put("a", "3."), session.delete("b")]);
      await session.batch([
        ["c", "4."],
        ["a", undefined],
      ]);
      await session.put("d", "5.", { sync: true });
      await session.delete("c", { sync: true });
      await session.delete("c", { sync: true });
      await session.batch([["d", undefined]], { sync: true });
      await session.sync();
      await session.put("e", "6.");
    },
    everyCall: ["always", "never"],
    everyKind: ["interval"],
    runsLeast: 570,
  },
  {
    name: "cleared",
    begin: closed(past),
    program: async (session) => {
      await session.open();
      await session.put("a", long("10"));
      session.begin();
      await session.clear();
      await session.check();
      await session.put("b", "11.");
      await session.clear({ sync: true });
      await session.clear({ sync: true });
      await session.check();
    },
    everyCall: ["always"],
    everyKind: ["never", "interval"],
    runsLeast: 420,
  },
  {
    name: "segments end and begin",
    begin: empty,
    program: async (session) => {
      await session.open();
      await session.put("a", long("1"));
      session.begin();
      await session.put("b", long("2"));
      await session.together(() => [session.put("c", long("3")), session.put("a", long("4")), session.put("b", "5.")]);
      await session.check();
    },
    everyCall: ["always"],
    everyKind: ["never", "interval"],
    runsLeast: 620,
  },
  {
    name: "merged, with tombstones and what has expired",
    begin: closed(past, [".checkpoint"]),
    program: async (session) => {
      await session.open();
      session.clock.tick(2000);
      session.begin();
      await session.compact();
      await session.check();
      await session.put("a", "10.");
    },
    everyCall: ["always"],
    everyKind: ["never"],
    runsLeast: 740,
  },
  {
    name: "merged beside writes",
    begin: closed(past),
    program: async (session) => {
      await session.open();
      session.begin();
      await session.together(() => [
        session.put("c", "10."),
        session.compact(),
        session.put("b", long("11")),
        session.delete("d"),
      ]);
    },
    everyCall: ["always"],
    everyKind: ["never"],
    runsLeast: 740,
  },
  {
    name: "checkpointed",
    begin: closed(past),
    program: async (session) => {
      await session.open();
      await session.put("a", "10.");
      session.begin();
      await session.checkpoint();
      await session.together(() => [session.put("c", "11."), session.checkpoint(), session.put("d", "12.")]);
    },
    everyCall: ["always", "never"],
    everyKind: [],
    runsLeast: 460,
  },
  {
    name: "closed",
    begin: closed(past, [".checkpoint"]),
    program: async (session) => {
      await session.open();
      await session.put("a", "10.");
      session.begin();
      await session.together(() => [session.put("c", long("11")), session.close()]);
      await session.end();
      await session.open();
    },
    everyCall: ["always"],
    everyKind: ["never"],
    runsLeast: 480,
  },
  {
    name: "read",
    begin: closed(past),
    program: async (session) => {
      await session.open();
      session.begin();
      await session.check();
      await session.iterate();
      // Again, where a part is in the cache of values.
      await session.check();
    },
    everyCall: ["always"],
    everyKind: [],
    runsLeast: 40,
  },
  {
    name: "full, and with room again",
    begin: empty,
    program: async (session) => {
      await session.open();
      await session.put("a", "1.");
      session.disk.capacityBytes = session.disk.usedBytes + 20;
      await session.put("b", long("2"));
      session.disk.capacityBytes = Infinity;
      session.begin();
      await session.put("c", "3.");
      await session.put("d", long("4"));
    },
    everyCall: ["always", "never"],
    everyKind: ["interval"],
    runsLeast: 360,
  },
  // Long ones, for what comes only after much else.
  {
    name: "an ordinary life",
    begin: empty,
    program: ordinaryLife,
    everyCall: [],
    everyKind: ["always"],
    runsLeast: 195,
  },
  {
    name: "a busy life",
    begin: empty,
    program: busyLife,
    everyCall: [],
    everyKind: ["never"],
    runsLeast: 180,
  },
];
