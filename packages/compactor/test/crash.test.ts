import { describe, expect, test } from "vitest";
import { type MergeOptions } from "../src/index.ts";
import { type PortEvent, type ModelStore } from "./model-store.ts";
import { mergeSegments, storeOf, watchCrashes, writeFrames } from "./support.ts";

/**
 * Small stores in which everything happens that a merge must get right: values, overwritten, deleted and expired ones, in
 * and outside of the inputs, tombstones that may go and that may not, unsynced writes in the active segment.
 */
const CASES: Record<string, { make: () => ModelStore; inputs: readonly number[] }> = {
  "all of them": {
    make: () => store(["a=1", "b=1", "t=1!1001", "u=old"], ["a=2", "-b", "u=1!1001"], ["c=1", "-d", "b=2"]),
    inputs: [1, 2, 3],
  },
  "the oldest": { make: () => store(["a=1", "b=1", "u=old", "-c"], ["-a", "u=1!1001"], ["-b"]), inputs: [1] },
  "the middle": {
    make: () => store(["a=1", "b=1", "u=old"], ["-a", "u=1!1001", "-b", "c=1"], ["b=3", "-c"]),
    inputs: [2],
  },
  "the youngest": {
    make: () => store(["a=1", "b=1", "u=old"], ["a=2", "c=2"], ["-a", "u=1!1001", "c=3"]),
    inputs: [3],
  },
  "all but the middle": { make: () => store(["a=1", "b=1"], ["a=2", "-b"], ["-a", "b=2!1001", "c=1"]), inputs: [1, 3] },
  "nothing that stays": { make: () => store(["a=1", "b=1"], ["-a"], ["-b"]), inputs: [1, 2, 3] },
};

function store(...segments: readonly string[][]): ModelStore {
  const made = storeOf(...segments);
  made.advance(1);
  writeFrames(made, ["c=new", "-u", "x=1"]);
  return made;
}

const OPTIONS: Partial<MergeOptions> = { outputBytesMax: 130, sliceBytes: 40, syncEveryBytes: 60 };

/** All events of a merge of the case, in order. */
async function eventsOf(make: () => ModelStore, inputs: readonly number[]): Promise<PortEvent[]> {
  const events: PortEvent[] = [];
  const made = make();
  made.onEvent = (event) => events.push(event);
  await mergeSegments(made, inputs, OPTIONS);
  return events;
}

describe.each(Object.entries(CASES))("merging %s", (_, { make, inputs }) => {
  test("changes nothing that can be seen, at no moment, and no power cut at any moment loses anything", async () => {
    const made = make();
    watchCrashes(made);
    const report = await mergeSegments(made, inputs, OPTIONS);
    expect(report.inputs.map(({ segmentId }) => segmentId)).toEqual(inputs);
    made.check();
  });

  test("and a power cut at any moment, then merging it all: the store is as it was, and every tombstone goes", async () => {
    for (const event of await eventsOf(make, inputs)) {
      for (const survival of ["synced", "all"] as const) {
        const made = make();
        let image: ModelStore | undefined;
        made.onEvent = ({ number }) => {
          if (number === event.number) image = made.crashed(survival);
        };
        await mergeSegments(made, inputs, OPTIONS);
        watchCrashes(image!);
        // The youngest first, then everything: what was there twice, or shielded, must not come back by parts either.
        await mergeSegments(image!, image!.sealedIds().slice(-1), OPTIONS);
        await mergeSegments(image!, image!.sealedIds().slice(0, 1), OPTIONS);
        await mergeSegments(image!, undefined, OPTIONS);
        image!.check();
        expect(image!.records().filter((record) => record.startsWith("-"))).toEqual([]);
      }
    }
  });

  test.each([
    ["overwrites every key", ["a=9", "b=9", "c=9", "t=9", "u=9"]],
    ["deletes every key", ["-a", "-b", "-c", "-t", "-u"]],
    ["writes every key with an expiry", ["a=9!1002", "b=9!1002", "c=9!1001", "t=9!1003", "u=9!1002"]],
    ["deletes and writes every key again", ["-a,-b,-c,-t,-u", "a=1,b=1,c=1,t=1,u=1"]],
  ])("while somebody %s at any moment", async (_, frames) => {
    for (const { number } of await eventsOf(make, inputs)) {
      const made = make();
      watchCrashes(made);
      const watch = made.onEvent;
      made.onEvent = (event) => {
        if (event.number === number) writeFrames(made, frames);
        if (event.number === number + 1) made.rotate();
        if (event.number === number + 2) made.advance(2);
        watch(event);
      };
      await mergeSegments(made, inputs, OPTIONS);
      made.check();
      made.onEvent = () => {};
      made.rotate();
      await mergeSegments(made, undefined, OPTIONS);
      expect(made.records().filter((record) => record.startsWith("-"))).toEqual([]);
      made.check();
      made.checkCrash("all");
    }
  });
});
