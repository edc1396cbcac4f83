import { describe, expect, test } from "vitest";
import { MergeError, type MergeOptions, type MergeOutcome, type MergeProgress } from "../src/index.ts";
import { type ModelStore } from "./model-store.ts";
import { failOnce, mergeSegments, storeOf, writeFrames } from "./support.ts";

const OPTIONS: Partial<MergeOptions> = { outputBytesMax: 130, sliceBytes: 40, syncEveryBytes: 60 };

/** Calls everything that the port has, most things more than once. */
function makeStore(answersLater: boolean): ModelStore {
  const store = storeOf(
    ["a=1", "b=1", "u=old", "w=1", "t=1!1001"],
    ["x=1", "y=1"],
    ["a=2", "-b", "u=1!1001", "w=1!9999", "-w"],
  );
  store.advance(1);
  writeFrames(store, ["y=2"]);
  store.answersLater = answersLater;
  return store;
}

const INPUTS = [1, 3];

const SYNCHRONOUS = ["now", "floor", "append"];
/** Synchronous or not, as the store answers. */
const EITHER = ["lowestSequenceOutside", "lookUp", "relocate", "dropExpired", "keysPointingInto"];
const ASYNCHRONOUS = [
  ...["createOutput", "read", "sync", "syncDirectory", "syncLog", "publish", "yield"],
  ...["retire", "removeInputs", "abandonOutputs"],
];

interface Fault {
  readonly name: string;
  /** Which of the calls fails, among those of its name. */
  readonly index: number;
  /** `"after"`: it is done all the same. Synchronous calls fail before only. */
  readonly when: "before" | "after";
}

const broken = new Error("broken");

function plant(store: ModelStore, { name, index, when }: Fault): void {
  let seen = 0;
  const hit = (called: string): void => {
    if (called !== name || seen++ !== index) return;
    throw broken;
  };
  if (!isAsynchronous(name, store.answersLater)) store.onSyncCall = hit;
  else {
    store.onEvent = (event) => {
      if (event.when === when) hit(event.name);
    };
  }
}

function isAsynchronous(name: string, answersLater: boolean): boolean {
  return ASYNCHRONOUS.includes(name) || (answersLater && EITHER.includes(name));
}

function unplant(store: ModelStore): void {
  store.onSyncCall = () => {};
  store.onEvent = () => {};
}

/** Every call of a merge that goes through, as something that could have failed. */
async function faults(answersLater: boolean): Promise<Fault[]> {
  const found: Fault[] = [];
  const store = makeStore(answersLater);
  await mergeSegments(store, INPUTS, OPTIONS);
  const counts = new Map<string, number>();
  for (const name of store.calls) {
    const index = counts.get(name) ?? 0;
    counts.set(name, index + 1);
    found.push({ name, index, when: "before" });
    // An output whose creation failed is the store's own to remove.
    if (isAsynchronous(name, answersLater) && name !== "createOutput") found.push({ name, index, when: "after" });
  }
  return found;
}

describe.each([
  ["at once", false],
  ["later", true],
])("whatever fails, at any call, in a store that answers %s", (_when, answersLater) => {
  test("every method of the port is among the calls that can fail here", async () => {
    const names = new Set((await faults(answersLater)).map((fault) => fault.name));
    expect([...names].toSorted()).toEqual(
      [...SYNCHRONOUS, ...EITHER, ...ASYNCHRONOUS].filter((name) => name !== "abandonOutputs").toSorted(),
    );
  });

  test("the merge tells it with its cause; nothing is lost; what is removed is what nobody needs", async () => {
    for (const fault of await faults(answersLater)) {
      const store = makeStore(answersLater);
      plant(store, fault);
      const error: unknown = await mergeSegments(store, INPUTS, OPTIONS).catch((reason: unknown) => reason);
      unplant(store);
      expect({ fault, error }).toMatchObject({ fault, error: { code: "MERGE_IO", cause: broken } });
      const { outcome } = error as MergeError;
      expect({ fault, outcomes: Object.keys(LEFT_BEHIND) }).toEqual({
        fault,
        outcomes: expect.arrayContaining([outcome]),
      });
      expect({ fault, outcome: OUTCOMES[fault.name] ?? outcome }).toEqual({ fault, outcome });
      expect({ fault, ...leftBehind(store) }).toMatchObject({ fault, ...LEFT_BEHIND[outcome] });
      store.check();
      store.checkCrash("all");
      store.checkCrash("synced");
    }
  });

  test("a later merge of everything, in the same opening or the next, finishes what was left", async () => {
    for (const fault of await faults(answersLater)) {
      const failed = makeStore(answersLater);
      plant(failed, fault);
      await mergeSegments(failed, INPUTS, OPTIONS).catch(() => {});
      unplant(failed);
      for (const store of [failed.crashed("all"), failed]) {
        await mergeSegments(store, store.sealedIds().slice(-1), OPTIONS);
        store.check();
        store.checkCrash("all");
        store.rotate();
        await mergeSegments(store, undefined, OPTIONS);
        store.check();
        const records = store.records();
        expect({ fault, records }).toEqual({ fault, records: ["a=2@8", "x=1@6", "y=2@13"] });
      }
    }
  });
});

/** Segments 1 and 3 are the inputs, what is above 4 are outputs. */
function leftBehind(store: ModelStore): Record<string, boolean> {
  return {
    inputsThere: INPUTS.every((id) => store.disk.files.has(id)),
    inputsListed: INPUTS.every((id) => store.sealedIds().includes(id)),
    outputsThere: [...store.disk.files.keys()].some((id) => id > 4),
    outputsListed: store.sealedIds().some((id) => id > 4),
  };
}

/** Nothing that either version of the manifest lists is ever removed. */
const LEFT_BEHIND: Record<MergeOutcome, Record<string, boolean>> = {
  abandoned: { inputsThere: true, inputsListed: true, outputsThere: false, outputsListed: false },
  unknown: { inputsThere: true, outputsThere: true },
  published: { inputsThere: true, inputsListed: true, outputsThere: true, outputsListed: true },
  retired: { inputsListed: false, outputsThere: true, outputsListed: true },
};

/** What is left behind, where a call comes at one moment only. */
const OUTCOMES: Record<string, MergeOutcome | undefined> = {
  now: "abandoned",
  syncLog: "abandoned",
  publish: "unknown",
  relocate: "published",
  keysPointingInto: "published",
  retire: "unknown",
  dropExpired: "retired",
  removeInputs: "retired",
};

describe("a failure", () => {
  test("to read an input drops nothing: it is no damage, and no end of the segment", async () => {
    const store = storeOf(["a=1"], ["b=1"]);
    const error = failOnce(store, "read");
    await expect(mergeSegments(store)).rejects.toMatchObject({ code: "MERGE_IO", outcome: "abandoned", cause: error });
    expect(store.sealedIds()).toEqual([1, 2]);
  });

  test("of the edit that publishes leaves inputs and outputs where they are, whether it was done or not", async () => {
    for (const when of ["before", "after"] as const) {
      const store = storeOf(["a=1"]);
      failOnce(store, "publish", when);
      await expect(mergeSegments(store)).rejects.toMatchObject({ outcome: "unknown" });
      expect([...store.disk.files.keys()]).toEqual([1, 2, 3]);
      expect(store.sealedIds()).toEqual(when === "before" ? [1] : [3, 1]);
      store.checkCrash("synced");
    }
  });

  test("of the edit that retires leaves them, too", async () => {
    for (const when of ["before", "after"] as const) {
      const store = storeOf(["a=1"]);
      failOnce(store, "retire", when);
      await expect(mergeSegments(store)).rejects.toMatchObject({ outcome: "unknown" });
      expect([...store.disk.files.keys()]).toEqual([1, 2, 3]);
      store.check();
      store.checkCrash("synced");
    }
  });

  test("to abandon does not hide why the outputs were abandoned", async () => {
    const store = storeOf(["a=1"]);
    store.onEvent = ({ name }) => {
      if (name === "syncLog") throw broken;
      if (name === "abandonOutputs") throw new Error("another");
    };
    await expect(mergeSegments(store)).rejects.toMatchObject({ cause: broken });
  });

  test("to abandon the outputs of a damaged input's merge is told itself", async () => {
    const store = storeOf(["a=1"], ["b=1"]);
    store.disk.files.get(2)!.bytes[70]! ^= 1;
    const error = failOnce(store, "abandonOutputs");
    const failure = mergeSegments(store, undefined, { outputBytesMax: 1 });
    await expect(failure).rejects.toMatchObject({ cause: error, outcome: "abandoned" });
  });

  test("of onProgress ends the merge as any other, in whatever phase", async () => {
    for (const [phase, outcome] of [
      ["copy", "abandoned"],
      ["sync", "abandoned"],
      ["swing", "published"],
      ["retire", "published"],
    ] as const) {
      const store = storeOf(["a=1"]);
      const onProgress = (progress: { phase: string }): void => {
        if (progress.phase === phase) throw broken;
      };
      await expect(mergeSegments(store, undefined, { onProgress })).rejects.toMatchObject({ cause: broken, outcome });
      store.check();
      store.checkCrash("synced");
    }
    const store = storeOf(["a=1"]);
    const onProgress = ({ phase, bytesDone, bytesTotal }: MergeProgress): void => {
      if (phase === "retire" && bytesDone === bytesTotal) throw broken;
    };
    const failure = mergeSegments(store, undefined, { onProgress });
    await expect(failure).rejects.toMatchObject({ cause: broken, outcome: "retired" });
    expect(store.sealedIds()).toEqual([3]);
  });

  test("that is no Error is a cause all the same", async () => {
    const store = storeOf(["a=1"]);
    store.syncDirectory = () => Promise.reject(undefined);
    await expect(mergeSegments(store)).rejects.toMatchObject({
      code: "MERGE_IO",
      message: expect.stringContaining("undefined"),
    });
  });

  test("to read the key of an expired record back is told, and so is an input that has become shorter", async () => {
    const store = storeOf(["a=1!1001"]);
    store.advance(1);
    store.onEvent = ({ name }) => {
      const file = store.disk.files.get(1);
      if (name === "syncLog") file!.bytes = file!.bytes.slice(0, 80);
    };
    await expect(mergeSegments(store)).rejects.toMatchObject({
      ...{ code: "MERGE_IO", outcome: "retired", segmentId: 1 },
      message: "segment 1 became shorter while it was merged",
    });
    // By then the record is out of the store: what was not dropped goes with the input.
    expect(store.calls).not.toContain("dropExpired");
    expect(store.keydir.has("a")).toBe(false);
    expect([...store.disk.files.keys()]).toEqual([2]);
  });
});
