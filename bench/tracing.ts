/**
 * What tracing costs: `put`, `get` and `getSync` of a store whose traces nobody listens to, and of one to which somebody does, beside
 * the same store without any tracing: the same sources, loaded once more, with a trace that is always off. Those are loaded a
 * second time as well: what one of them seems to cost beside the other is what this program cannot tell from nothing. All
 * take turns, so that what else the machine does befalls them alike; of each the quickest round counts.
 *
 *     npm run bench:tracing -- --keys 100000 --rounds 20
 */
import { registerHooks } from "node:module";
import { tracingChannel } from "node:diagnostics_channel";
import { join } from "node:path";
import * as engine from "@hashlog/engine";
import type { ByteStore } from "./byte-store.ts";
import { NumberedKeys } from "./numbered-keys.ts";
import { settings } from "./settings.ts";
import { inTemporaryDirectory } from "./temporary-directory.ts";

const { keys: KEYS, rounds: ROUNDS } = settings("bench:tracing", {
  keys: { usual: 100_000, least: 1000, what: "keys of each store" },
  rounds: { usual: 20, least: 1, what: "how often each is measured" },
});
/** Puts that wait together. */
const AT_ONCE = 1000;
const VALUE = new Uint8Array(100);
const numbered = new NumberedKeys(KEYS);
const KEY_LIST = Array.from({ length: KEYS }, (_, index) => numbered.at(numbered.scattered(index)));

const OPERATIONS: Readonly<Record<string, (store: ByteStore) => unknown>> = {
  put: async (store) => {
    for (let from = 0; from < KEYS; from += AT_ONCE) {
      await Promise.all(KEY_LIST.slice(from, from + AT_ONCE).map((key) => store.put(key, VALUE)));
    }
  },
  getSync: (store) => {
    for (const key of KEY_LIST) store.getSync(key);
  },
  get: async (store) => {
    for (const key of KEY_LIST) await store.get(key);
  },
  "getSync of nothing": (store) => {
    for (let index = 0; index < KEYS; index += 1) store.getSync(MISSING);
  },
};
const MISSING = Buffer.from("missing");

type Engine = typeof engine;

await inTemporaryDirectory("bench-tracing", async (directory) => {
  const none = await newStore(await withoutTracing("first"), join(directory, "none"));
  const again = await newStore(await withoutTracing("second"), join(directory, "again"));
  const traced = await newStore(engine, join(directory, "traced"));
  console.log("\nnanoseconds of an operation without tracing, and beside that");
  for (const [title, operate] of Object.entries(OPERATIONS)) {
    const [without, other, silent] = await quickest([none, again, traced], operate);
    const stop = listen();
    const [bare, heard] = await quickest([none, traced], operate);
    stop();
    const ratio = (time: number, beside: number): string => (time / beside).toFixed(3);
    const found = [
      `${((without! / KEYS) * 1e6).toFixed(0).padStart(6)} ns`,
      `once more ${ratio(other!, without!)}`,
      `nobody listens ${ratio(silent!, Math.min(without!, other!))}`,
      `one listens ${ratio(heard!, bare!)}`,
    ];
    console.log(`  ${title.padEnd(20)} ${found.join("   ")}`);
  }
  for (const store of [none, again, traced]) await store.close();
});

async function newStore({ open, bytes }: Engine, directory: string): Promise<ByteStore> {
  const options = { keys: bytes, values: bytes, sync: "never", compaction: false, cacheBytesMax: 0 } as const;
  const store: ByteStore = await open(directory, options);
  for (const operate of Object.values(OPERATIONS)) await operate(store);
  return store;
}

/** The milliseconds of the quickest round of each. */
async function quickest(
  stores: readonly ByteStore[],
  operate: (store: ByteStore) => unknown,
): Promise<readonly number[]> {
  const least = stores.map(() => Infinity);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let turn = 0; turn < stores.length; turn += 1) {
      const which = (round + turn) % stores.length;
      const begun = performance.now();
      await operate(stores[which]!);
      least[which] = Math.min(least[which]!, performance.now() - begun);
    }
  }
  return least;
}

/** As a program does that counts and measures. */
function listen(): () => void {
  const counts = { started: 0, done: 0 };
  const subscribers = {
    start: () => void (counts.started += 1),
    end: () => void (counts.done += 1),
    asyncStart: () => undefined,
    asyncEnd: () => void (counts.done += 1),
    error: () => undefined,
  };
  const channels = ["put", "get"].map((name) => tracingChannel(`hashlog.${name}`));
  for (const channel of channels) channel.subscribe(subscribers);
  return () => {
    if (counts.started === 0) throw new Error("nothing was told");
    for (const channel of channels) channel.unsubscribe(subscribers);
  };
}

/** The engine once more, of the same sources but for the question whether anybody listens. */
async function withoutTracing(name: string): Promise<Engine> {
  const mark = `?${name}-without-tracing`;
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      const isOurs = context.parentURL?.endsWith(mark) === true && specifier.startsWith(".");
      return isOurs ? { ...resolved, url: `${resolved.url}${mark}` } : resolved;
    },
    load(url, context, next) {
      const loaded = next(url, context);
      if (!url.endsWith(`/tracing.ts${mark}`)) return loaded;
      const source = Buffer.from(loaded.source as Uint8Array).toString();
      const off = source.replace(
        /get isOn\(\): boolean \{.*?\n {2}\}/s,
        "get isOn(): boolean {\n    return false;\n  }",
      );
      if (off === source) throw new Error("tracing.ts asks in another way whether anybody listens");
      return { ...loaded, source: off };
    },
  });
  try {
    return (await import(`${import.meta.resolve("@hashlog/engine")}${mark}`)) as Engine;
  } finally {
    hooks.deregister();
  }
}
