/**
 * That it does what memory-level does, the reference that is written in JavaScript, call by call: the same answers to the same
 * operations, ranges, seeks and snapshots.
 */
import { HashlogLevel } from "@hashlog/level";
import type { AbstractLevel, AbstractSnapshot } from "abstract-level";
import { MemoryLevel } from "memory-level";
import fc from "fast-check";
import { describe, test } from "vitest";
import { newLocation } from "../../../test/support/temporary.ts";

type Database = AbstractLevel<string | Uint8Array, Uint8Array, Uint8Array>;

const bytes = { keyEncoding: "view", valueEncoding: "view" } as const;

/** Few and short, so that they meet; with the bytes at both ends, and the empty one. */
const key = fc
  .array(fc.constantFrom(0x00, 0x21, 0x61, 0x62, 0xff), { maxLength: 3 })
  .map((values) => Uint8Array.from(values));
const value = fc.uint8Array({ maxLength: 4 });
const range = fc.record(
  { gt: key, gte: key, lt: key, lte: key, reverse: fc.boolean(), limit: fc.integer({ min: -1, max: 6 }) },
  { requiredKeys: [] },
);
const operation = fc.oneof(
  fc.record({ type: fc.constant("put" as const), key, value }),
  fc.record({ type: fc.constant("del" as const), key }),
);
const reading = fc.oneof(
  fc.record({ read: fc.constant("next" as const) }),
  fc.record({ read: fc.constant("nextv" as const), size: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ read: fc.constant("seek" as const), target: key }),
  fc.record({ read: fc.constant("all" as const) }),
);
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("batch" as const), operations: fc.array(operation, { maxLength: 8 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("chained" as const), operations: fc.array(operation, { maxLength: 8 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("single" as const), operation }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("clear" as const), range, asOfSnapshot: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("snapshot" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reopen" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("get" as const),
      keys: fc.array(key, { maxLength: 4 }),
      asOfSnapshot: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("iterate" as const),
      over: fc.constantFrom("iterator" as const, "keys" as const, "values" as const),
      range,
      readings: fc.array(reading, { maxLength: 6 }),
      between: fc.option(operation, { nil: undefined }),
      asOfSnapshot: fc.boolean(),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** One of the two, and what it has answered. */
class Player {
  readonly answers: unknown[] = [];
  readonly #db: Database;
  readonly #part: Database;
  #snapshot: AbstractSnapshot | undefined;

  constructor(db: Database, isSublevel: boolean) {
    this.#db = db;
    this.#part = isSublevel ? (db.sublevel("part", bytes) as object as Database) : db;
  }

  async play(what: Step): Promise<void> {
    const db = this.#part;
    const snapshot = "asOfSnapshot" in what && what.asOfSnapshot ? this.#snapshot : undefined;
    if (what.do === "batch") await db.batch(what.operations);
    if (what.do === "chained") await this.#chained(what.operations);
    if (what.do === "single") await this.#single(what.operation);
    if (what.do === "clear") await db.clear({ ...what.range, snapshot });
    if (what.do === "snapshot") await this.#renewSnapshot();
    if (what.do === "reopen") await this.#reopen();
    if (what.do === "get") {
      this.#answer(
        await db.getMany(what.keys, { ...bytes, snapshot }),
        await db.hasMany(what.keys, { keyEncoding: "view", snapshot }),
      );
      for (const one of what.keys) this.#answer(db.getSync(one, { ...bytes, snapshot }));
    }
    if (what.do === "iterate") await this.#iterate(what, snapshot);
  }

  async end(): Promise<void> {
    this.#answer(await this.#db.iterator(bytes).all());
    await this.#db.close();
  }

  async #chained(operations: readonly { type: string; key: Uint8Array; value?: Uint8Array }[]): Promise<void> {
    const batch = this.#part.batch();
    for (const { type, key, value } of operations) {
      if (type === "put") batch.put(key, value!);
      else batch.del(key);
    }
    await batch.write();
  }

  async #single(one: { type: string; key: Uint8Array; value?: Uint8Array }): Promise<void> {
    if (one.type === "put") await this.#part.put(one.key, one.value!);
    else await this.#part.del(one.key);
  }

  async #renewSnapshot(): Promise<void> {
    await this.#snapshot?.close();
    this.#snapshot = this.#part.snapshot();
  }

  async #reopen(): Promise<void> {
    await this.#db.close();
    this.#snapshot = undefined;
    await this.#db.open();
    await this.#part.open();
  }

  async #iterate(
    { over, range, readings, between }: Extract<Step, { do: "iterate" }>,
    snapshot: AbstractSnapshot | undefined,
  ): Promise<void> {
    const options = { ...range, snapshot };
    const db = this.#part;
    const iterator = {
      iterator: () => db.iterator(options),
      keys: () => db.keys(options),
      values: () => db.values(options),
    }[over]();
    if (between !== undefined) await this.#single(between);
    for (const one of readings) {
      if (one.read === "next") this.#answer(await iterator.next());
      if (one.read === "nextv") this.#answer(await iterator.nextv(one.size));
      if (one.read === "seek") iterator.seek(one.target);
      this.#answer(iterator.count, iterator.limit);
      if (one.read !== "all") continue;
      this.#answer(await iterator.all());
      break;
    }
    await iterator.close();
  }

  #answer(...answers: unknown[]): void {
    this.answers.push(...answers.map(plain));
  }
}

/** Bytes as hexadecimal, whatever class they are of. */
function plain(answer: unknown): unknown {
  if (answer instanceof Uint8Array) return Buffer.from(answer).toString("hex");
  return Array.isArray(answer) ? answer.map(plain) : answer;
}

async function judgeAlike(steps: readonly Step[], isSublevel: boolean): Promise<void> {
  const ours = new Player(
    new HashlogLevel<Uint8Array, Uint8Array>(newLocation(), bytes) as object as Database,
    isSublevel,
  );
  const theirs = new Player(
    new MemoryLevel<Uint8Array, Uint8Array>({ ...bytes, storeEncoding: "view" }) as object as Database,
    isSublevel,
  );
  for (const player of [ours, theirs]) {
    await player.play({ do: "reopen" });
    for (const what of steps) await player.play(what);
    await player.end();
  }
  const said = JSON.stringify(ours.answers);
  if (said !== JSON.stringify(theirs.answers)) {
    throw new Error(`it says     ${said}\nmemory-level ${JSON.stringify(theirs.answers)}`);
  }
}

describe("a database answers as memory-level does", () => {
  test.each([
    ["by itself", false],
    ["in a sublevel", true],
  ])("%s", async (_name, isSublevel) => {
    const steps = fc.array(step, { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(steps, (played) => judgeAlike(played, isSublevel)),
      { numRuns: 60 },
    );
  });
});
