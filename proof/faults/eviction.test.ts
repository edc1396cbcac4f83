import { HashlogError } from "@hashlog/engine";
import { describe, expect, test } from "vitest";
import { quiet } from "../world/quiet.ts";
import { codeOf, long, Script } from "../world/script.ts";

/**
 * A sync has failed, and what it should have written is read from the cache. The operating system may drop that at any
 * time, without any power cut, and then it reads as zeros.
 */

const DURABLE = { a: "1", b: long("2") };
/** What was acknowledged without a sync, write after write. */
const LATER: readonly Record<string, string>[] = [
  DURABLE,
  { ...DURABLE, c: "3" },
  { ...DURABLE, c: "3", a: "4" },
  { a: "4", c: "3" },
];

/** Two writes that are durable, three acknowledged without a sync, and the sync of these has failed. */
async function afterFailedSync(kind: "EIO" | "ENOSPC" = "EIO"): Promise<Script> {
  const script = await Script.begin({ sync: "never" });
  // The background would have the log go on, to make room.
  script.store.compaction.pause();
  await script.store.put("a", "1");
  await script.store.put("b", long("2"), { sync: true });
  await script.store.put("c", "3");
  await script.store.put("a", "4");
  await script.store.delete("b");
  script.disk.inject({ at: { operation: "sync", path: ".segment" }, kind });
  expect(await codeOf(script.store.sync())).toBe(kind === "EIO" ? "HASHLOG_WRITES_DISABLED" : "HASHLOG_NO_SPACE");
  await quiet();
  return script;
}

async function read(script: Script, key: string): Promise<string | undefined> {
  try {
    return script.store.getSync(key);
  } catch (error) {
    return HashlogError.is(error) ? error.code : String(error);
  }
}

describe("what the cache alone holds after a failed sync", () => {
  test("is read as long as it is there, and is missed with HASHLOG_CORRUPT when it is gone: never an older value", async () => {
    const script = await afterFailedSync();
    expect(await script.state()).toEqual(LATER[3]);
    script.disk.evict();
    expect(await read(script, "a")).toBe("HASHLOG_CORRUPT");
    expect(await read(script, "c")).toBe("HASHLOG_CORRUPT");
    expect(await read(script, "b")).toBeUndefined();
    expect(await codeOf(script.state())).toBe("HASHLOG_CORRUPT");
    expect(await codeOf(script.store.put("d", "5"))).toBe("HASHLOG_WRITES_DISABLED");
  });

  test("is gone for the next opening as after a power cut: it shows what was durable, and goes on", async () => {
    for (const way of ["closed", "killed"] as const) {
      const script = await afterFailedSync();
      script.disk.evict();
      if (way === "closed") await script.close();
      else script.disk.kill();
      await script.open();
      expect(await script.state()).toEqual(DURABLE);
      await script.store.put("d", "5", { sync: true });
      await script.cutPowerAndOpen("drop-all");
      expect(await script.state()).toEqual({ ...DURABLE, d: "5" });
    }
  });

  test("is not needed, once it is gone, to tell that writing cannot go on by itself: there was no room, and now there is", async () => {
    const script = await afterFailedSync("ENOSPC");
    script.disk.evict();
    expect(await codeOf(script.store.put("d", "5"))).toBe("HASHLOG_WRITES_DISABLED");
    expect(await read(script, "a")).toBe("HASHLOG_CORRUPT");
    expect(await read(script, "d")).toBeUndefined();
    await script.reopen();
    expect(await script.state()).toEqual(DURABLE);
  });

  test("may go at any moment of an opening, which shows a prefix that stays, or says that it is damaged", async () => {
    const past = await afterFailedSync();
    past.disk.kill();
    const outcomes = new Set<string>();
    for (let call = 0; call < (await callsOfAnOpening(past)); call += 1) {
      const script = past.forkAt(past.disk.position);
      evictAtCall(script, call);
      const refusal = await refusalOf(script.open());
      if (refusal !== undefined) await script.open();
      const shown = await script.state();
      expect(LATER).toContainEqual(shown);
      await script.cutPowerAndOpen("drop-all");
      expect(await script.state()).toEqual(shown);
      outcomes.add(refusal ?? `shows ${JSON.stringify(shown)}`);
    }
    const both = [DURABLE, LATER[3]].map((shown) => `shows ${JSON.stringify(shown)}`);
    expect(outcomes).toEqual(new Set([...both, "HASHLOG_CORRUPT"]));
  });
});

async function callsOfAnOpening(past: Script): Promise<number> {
  const script = past.forkAt(past.disk.position);
  await script.open();
  return script.disk.faultableCalls;
}

/** What the cache alone holds goes right before the call of that number begins. */
function evictAtCall({ disk }: Script, number: number): void {
  let calls = 0;
  disk.onOperation = (event) => {
    if (event.type === "call" && calls++ === number) disk.evict();
  };
}

/** Only of its bytes, and of nothing else, may an opening say that something is wrong. */
async function refusalOf(opening: Promise<unknown>): Promise<string | undefined> {
  const [result] = await Promise.allSettled([opening]);
  if (result.status === "fulfilled") return undefined;
  expect(await codeOf(opening)).toBe("HASHLOG_CORRUPT");
  return "HASHLOG_CORRUPT";
}
