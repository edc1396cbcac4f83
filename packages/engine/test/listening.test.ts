import { open } from "@hashlog/engine";
import { memoryFileSystem } from "@hashlog/fs-io";
import { AsyncLocalStorage } from "node:async_hooks";
import { channel, tracingChannel, type TracingChannel } from "node:diagnostics_channel";
import { describe, expect, test } from "vitest";
import { findChannels, Trace, TRACES } from "../src/tracing.ts";
import { KINDS, listen, opened } from "./support/listening.ts";
import { rejection, utf8Bytes } from "./support/values.ts";
import { memoryWorld } from "./support/worlds.ts";

describe("whoever listens", () => {
  test.each(KINDS)("to %s alone is told", async (kind) => {
    const world = await memoryWorld();
    const db = await opened(world);
    const events = listen("put", [kind]);
    await db.put("a", "1");
    await rejection(db.put("a", 1 as never));
    expect(events.map(([name]) => name)).toEqual(kind === "error" ? [kind] : [kind, kind]);
  });

  test("gets one object for all events of an operation, to keep something in", async () => {
    const world = await memoryWorld();
    const db = await opened(world);
    const begun = new WeakMap<object, number>();
    const took: number[] = [];
    const puts = tracingChannel("hashlog.put") as TracingChannel<unknown, object>;
    const subscribers = {
      start: (context: object) => void begun.set(context, 1),
      asyncEnd: (context: object) => void took.push(begun.get(context)!),
    };
    puts.subscribe(subscribers as never);
    await Promise.all([db.put("a", "1"), db.put("b", "1")]);
    puts.unsubscribe(subscribers as never);
    expect(took).toEqual([1, 1]);
    await db.put("c", "1");
    expect(took).toEqual([1, 1]);
  });

  test("can bind a store of the asynchronous context to an operation", async () => {
    const world = await memoryWorld();
    const storage = new AsyncLocalStorage<string>();
    const start = channel("tracing:hashlog.open:start");
    start.bindStore(storage, (context) => (context as { directory: string }).directory);
    const seen: (string | undefined)[] = [];
    const fileSystem = memoryFileSystem();
    const watching = new Proxy(fileSystem, {
      get: (target, name) => {
        if (name === "list") seen.push(storage.getStore());
        const member = Reflect.get(target, name, target) as unknown;
        return typeof member === "function" ? (member.bind(target) as unknown) : member;
      },
    });
    const db = await open("/bound", { fileSystem: watching, clock: world.clock });
    start.unbindStore(storage);
    await db.close();
    expect(seen[0]).toBe("/bound");
  });

  test("while something is under way is told of its end", async () => {
    const world = await memoryWorld();
    const db = await opened(world);
    const early = listen("put", ["start"]);
    const put = db.put("a", "1");
    const late = listen("put", ["asyncEnd"]);
    await put;
    expect([early.length, late.length]).toEqual([1, 1]);
  });

  test("does not change what operations give", async () => {
    const world = await memoryWorld();
    const db = await opened(world);
    for (const name of Object.keys(TRACES)) listen(name);
    expect(await db.put("a", "1")).toBe(true);
    expect(await db.get("a")).toBe("1");
    expect(db.getSync("a")).toBe("1");
    expect(await db.getMany(["a", "b"])).toEqual(["1", undefined]);
    expect(await db.getEntry("a")).toMatchObject({ value: "1", version: 1 });
    expect(await db.delete("a")).toBe(true);
    expect(await db.batch([])).toBe(true);
    // As without: nobody awaits it, and the process goes on.
    const fault = world.watched.fail("append", /\.segment$/, "FS_NO_SPACE");
    void db.put("lost", "1");
    await new Promise((resolve) => setTimeout(resolve, 5));
    fault.end();
    expect(db.has("lost")).toBe(false);
  });

  test("and throws, does not reach the store: the process is told", async () => {
    const world = await memoryWorld();
    const db = await opened(world);
    const puts = channel("tracing:hashlog.put:start");
    const thrown = new Error("of the listener");
    const throwing = (): never => {
      throw thrown;
    };
    const caught: unknown[] = [];
    const listeners = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.on("uncaughtException", (error) => caught.push(error));
    puts.subscribe(throwing);
    try {
      await db.put("a", "1");
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      puts.unsubscribe(throwing);
      process.removeAllListeners("uncaughtException");
      for (const listener of listeners) process.on("uncaughtException", listener);
    }
    expect(caught).toEqual([thrown]);
    expect(db.getSync("a")).toBe("1");
  });
});

describe("where nobody listens", () => {
  test("every trace is off, and one is on as long as somebody listens to any of its channels", () => {
    expect(Object.entries(TRACES).filter(([, trace]) => trace.isOn)).toEqual([]);
    for (const [name, trace] of Object.entries(TRACES)) {
      for (const kind of KINDS) {
        const listener = (): void => undefined;
        channel(`tracing:hashlog.${name}:${kind}`).subscribe(listener);
        expect(Object.entries(TRACES).flatMap(([other, { isOn }]) => (isOn ? [other] : []))).toEqual([name]);
        channel(`tracing:hashlog.${name}:${kind}`).unsubscribe(listener);
        expect(trace.isOn).toBe(false);
      }
    }
  });

  test.each([undefined, {}])("there is no trace either where the platform has no channels: %j", async (host) => {
    const none = new Trace("hashlog.none", findChannels(host));
    expect(none.isOn).toBe(false);
    const contexts: unknown[] = [];
    const done = await none.around(
      () => {
        contexts.push(1);
        return { directory: "/" };
      },
      () => Promise.resolve(utf8Bytes("done")),
      () => contexts.push(2),
    );
    expect(done).toEqual(utf8Bytes("done"));
    expect(contexts).toEqual([]);
  });
});
