import { HashlogError, open, utf8 } from "@hashlog/engine";
import { once } from "node:events";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  mustBeOne,
  mustCountOn,
  mustNotStandInTheWay,
  mustTakeTurns,
  type Contention,
} from "../properties/p16-single-writer.ts";
import { PropertyViolation } from "../properties/property.ts";
import { runs, TEST_TIMEOUT_MS } from "../world/runs.ts";
import { COUNT, type Contest } from "./contest-order.ts";
import { readNotes, runContest } from "./contest.ts";
import { ProcessWorld, type Child } from "./process-world.ts";
import { SEED } from "./seed.ts";

/** P16 among real processes. The protocol of the lock itself is tried at every interleaving in the tests of fs-io. */
describe("of all who open a store", () => {
  test(
    "one at a time has it, while many contend and most are killed, and none of the dead is in the way",
    async () => {
      const world = new ProcessWorld();
      const directory = await world.newDirectory();
      const contest = { directory: join(directory, "store"), notes: join(directory, "notes"), turns: 3 };
      const waves = runs(6);
      let killed = 0;
      for (let wave = 0; wave < waves; wave += 1) {
        killed += await runContest(world, contest, SEED + wave, 6);
        const notes = readNotes(contest.notes);
        const found = await countIn(contest.directory);
        mustTakeTurns(notes);
        mustCountOn(notes, found);
      }
      const notes = readNotes(contest.notes);
      const turns = notes.filter(({ what }) => what === "has it").length;
      console.log(`${waves * 6} processes contended, ${killed} were killed; ${turns} turns; seed ${SEED}`);
      expect(killed).toBeGreaterThanOrEqual(waves * 3);
      // One of each wave lives, and gets what it wants.
      expect(turns).toBeGreaterThanOrEqual(waves * 3);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    "one process gets it; when it is killed one of the others, until none is left",
    async () => {
      const world = new ProcessWorld();
      const directory = join(await world.newDirectory(), "store");
      const contenders = Array.from({ length: 6 }, () => world.start("contender.ts"));
      await Promise.all(contenders.map((contender) => contender.message()));
      while (contenders.length > 0) {
        const outcomes = await Promise.all(contenders.map((contender) => tryOnce(contender, directory)));
        mustBeOne(outcomes);
        const [winner] = contenders.splice(outcomes.indexOf("has it"), 1);
        winner!.kill();
        expect(await winner!.end).toBe("SIGKILL");
      }
      expect(await countIn(directory)).toBe(0);
    },
    TEST_TIMEOUT_MS,
  );

  test("one caller of a process gets it, by whatever path", async () => {
    const parent = await new ProcessWorld().newDirectory();
    const directory = join(parent, "store");
    const link = join(parent, "link");
    await symlink(parent, link);
    const paths = [directory, `${directory}/`, join(link, "store"), `${directory}/../store`, directory];
    const outcomes = await Promise.all(paths.map((path) => outcomeOf(open(path))));
    mustBeOne(outcomes);
    expect(outcomes).toHaveLength(5);
  });

  test("one thread of a process gets it; one that was terminated is not in the way", async () => {
    const directory = join(await new ProcessWorld().newDirectory(), "store");
    const first = new StoreThread(directory);
    expect(await first.outcome).toBe("has it");
    mustBeOne(["has it", await outcomeOf(open(directory)), await new StoreThread(directory).outcome]);
    await first.terminate();
    const store = await mustNotStandInTheWay(open(directory), "a thread");
    mustBeOne(["has it", await new StoreThread(directory).outcome]);
    await store.close();
  });
});

describe("two writers at once would be noticed", () => {
  const has = (who: string): Contention => ({ who, what: "has it" });
  const counts = (who: string, number: number): Contention[] => [
    { who, what: "counts", number },
    { who, what: "counted", number },
  ];

  test.each<[string, () => unknown]>([
    ["one has it that another has", () => mustTakeTurns([has("a"), has("b")])],
    [
      "it is given up by one that does not have it",
      () => mustTakeTurns([has("a"), { who: "b", what: "gives up" }, has("b")]),
    ],
    ["two count to the same number", () => mustCountOn([...counts("a", 1), ...counts("b", 1)], 1)],
    ["what was counted is gone", () => mustCountOn([...counts("a", 1), ...counts("a", 2)], 1)],
    ["two get it", () => mustBeOne(["has it", "has it", "HASHLOG_LOCKED"])],
    ["nobody gets it", () => mustBeOne(["HASHLOG_LOCKED", "HASHLOG_LOCKED"])],
    ["one fails for another reason", () => mustBeOne(["has it", "HASHLOG_CORRUPT"])],
  ])("where %s", (_what, check) => {
    expect(check).toThrow(PropertyViolation);
  });

  test("where the dead stand in the way", async () => {
    await expect(mustNotStandInTheWay(Promise.reject(new Error("locked")), "who")).rejects.toThrow(PropertyViolation);
  });

  test("but not where one that is killed has it for a moment more, and its last count is there or not", () => {
    const killed: Contention[] = [has("a"), { who: "a", what: "is killed" }, { who: "a", what: "counts", number: 1 }];
    mustTakeTurns([...killed, has("b")]);
    mustTakeTurns([{ who: "a", what: "is killed" }, has("a"), has("b")]);
    expect(() => mustCountOn([...killed, ...counts("b", 1)], 1)).not.toThrow();
    expect(() => mustCountOn([...killed, ...counts("b", 2)], 2)).not.toThrow();
    expect(() => mustCountOn(killed, 1)).not.toThrow();
  });
});

async function countIn(directory: string): Promise<number> {
  const store = await mustNotStandInTheWay(open(directory, { values: utf8 }), "everybody");
  const count = Number((await store.get(COUNT)) ?? 0);
  await store.close();
  return count;
}

/** `"has it"`, or the code of the error. What was opened is closed when the test ends. */
function outcomeOf(opening: ReturnType<typeof open>): Promise<string> {
  return opening.then(
    (store) => {
      onTestFinished(() => store.close());
      return "has it";
    },
    (error: unknown) => (HashlogError.is(error) ? error.code : String(error)),
  );
}

async function tryOnce(contender: Child, directory: string): Promise<string> {
  const outcome = contender.message();
  contender.send({ who: "one of many", directory, notes: "", turns: 0 } satisfies Contest);
  return String(await outcome);
}

class StoreThread {
  readonly outcome: Promise<string>;
  readonly #worker: Worker;

  constructor(directory: string) {
    this.#worker = new Worker(join(import.meta.dirname, "store-thread.ts"), {
      workerData: directory,
      execArgv: ["--conditions=@hashlog/source"],
    });
    onTestFinished(() => void this.#worker.terminate());
    this.outcome = once(this.#worker, "message").then(([outcome]) => String(outcome));
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }
}
