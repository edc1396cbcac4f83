import { quiet } from "../../world/quiet.ts";
import { long, Script } from "../../world/script.ts";
import { must, mustHold, pathsOf, type Story } from "./story.ts";

/** What happens once in a million writes, or in a megabyte, told of stores with small limits. */
export const limitStories: readonly Story[] = [
  {
    title: "more sequences are reserved before those that were are used up, and none is given twice",
    marks: ["log/more-sequences-reserved"],
    tell: async () => {
      const script = await Script.begin({ limits: "small" });
      let highest = 0;
      for (let life = 0; life < 3; life += 1) {
        for (let write = 0; write < 10; write += 1) {
          await script.store.put("a", `${life}.${write}`);
          const { sequence } = script.store.stats();
          must(sequence > highest, "each write has a sequence of its own");
          must(script.manifest.nextSequence > sequence, "it was reserved before");
          highest = sequence;
        }
        await script.cutPowerAndOpen("drop-all");
        await mustHold(script, { a: `${life}.9` });
      }
    },
  },
  {
    title: "what is written at once is more than goes into one frame, and is in the log in its order",
    marks: ["commit/another-group"],
    tell: async () => {
      const script = await Script.begin({ limits: "small" });
      const writes = Array.from({ length: 5 }, (_, index) => script.store.put("a", long(String(index), 200)));
      await Promise.all(writes);
      await script.cutPowerAndOpen("drop-all");
      await mustHold(script, { a: long("4", 200) });
    },
  },
  {
    title: "a clear of many keys is done in several commits, of which a crash may leave some",
    marks: ["clear/another-commit"],
    tell: async () => {
      const script = await Script.begin({ limits: "small" });
      for (const key of ["a", "b", "c"]) await script.store.put(key, "1.");
      const begun = script.disk.position;
      await script.store.clear();
      must(Object.keys(await script.state()).length === 0, "nothing is left");
      const left = new Set<number>();
      for (let step = begun; step <= script.disk.position; step += 1) {
        const crashed = script.crashAt(step, "drop-all");
        await crashed.open();
        left.add(Object.keys(await crashed.state()).length);
      }
      must([...left].toSorted((one, other) => one - other).join() === "0,1,3", `${[...left].join()} were left`);
    },
  },
  {
    title: "a checkpoint is written as the log grows, and the next opening begins with it",
    marks: ["checkpoint/as-the-log-grows"],
    tell: async () => {
      const script = await Script.begin({ limits: "small", segments: 0 });
      for (let write = 0; write < 6; write += 1) await script.store.put("a", long(String(write)));
      await quiet();
      must(script.store.stats().checkpoints > 0, "a checkpoint was written");
      await script.cutPowerAndOpen("drop-all");
      must(script.store.stats().open.road === "checkpoint", "the store was opened by it");
      await mustHold(script, { a: long("5") });
    },
  },
  {
    title: "the hints of large segments wait until the log is quiet, and not for ever",
    marks: ["hint/put-off-for-long-enough", "quiet/not-yet", "quiet/at-last"],
    tell: async () => {
      const script = await Script.begin({ limits: "small", segments: 0 });
      const isBehind = async (): Promise<boolean> => {
        await quiet();
        const sealed = script.store.stats().segments.filter(({ state }) => state === "sealed");
        return pathsOf(script.disk.image(), "hint").length < sealed.length;
      };
      for (const key of ["a", "b", "c", "d", "e"]) await script.store.put(key, long(key));
      must(await isBehind(), "the newest segments have no hint yet");
      script.clock.tick(1000);
      must(await isBehind(), "the log was not quiet");
      script.clock.tick(1000);
      must(!(await isBehind()), "all have theirs when it is");
      const before = await script.state();
      await script.killAndOpen();
      await mustHold(script, before);
    },
  },
  {
    title: "a tail of many frames is copied whole, into as many segments as it takes",
    marks: ["recovery/another-extent", "rescue/another-segment"],
    tell: async () => {
      const script = await Script.begin({ limits: "small", sync: "never" });
      const written = Array.from({ length: 12 }, (_, index) => [`k${index}`, long(String(index), 500)] as const);
      for (const [key, value] of written) await script.store.put(key, value);
      await script.killAndOpen();
      must(script.store.stats().open.writesRescued > 2, "several were copied");
      await mustHold(script, Object.fromEntries(written));
      await script.cutPowerAndOpen("drop-all");
      await mustHold(script, Object.fromEntries(written));
    },
  },
];
