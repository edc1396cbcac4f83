import type { PendingUnit } from "@hashlog/fs-io/testing";
import { describe, expect, test } from "vitest";
import { quiet, settled } from "../world/quiet.ts";
import { codeOf, long, of, Script, stepsThat } from "../world/script.ts";

/** Stories about the log: what is durable when, and what a recovery may trust. */

describe("a sync that fails", () => {
  test("loses nothing that was acknowledged, through a kill, an opening and a power cut", async () => {
    const script = await Script.begin({ sync: "never" });
    await script.store.put("a", "1", { sync: true });
    await script.store.put("a", "2");
    script.disk.inject({ at: { operation: "sync", path: ".segment" }, kind: "EIO" });
    expect(await codeOf(script.store.sync())).toBe("HASHLOG_WRITES_DISABLED");
    await script.killAndOpen();
    expect(await script.state()).toEqual({ a: "2" });
    await script.cutPowerAndOpen("drop-all");
    expect(await script.state()).toEqual({ a: "2" });
  });

  test("may crash at every step of the recovery after it, and still nothing is lost", async () => {
    const script = await Script.begin({ sync: "never", segments: 0 });
    await script.store.put("a", long("1"), { sync: true });
    await script.store.put("b", long("2"));
    await script.store.put("c", long("3"));
    await quiet();
    await script.store.put("a", "4");
    script.disk.inject({ at: { operation: "sync", path: ".segment" }, kind: "EIO" });
    await codeOf(script.store.sync());
    script.disk.kill();
    const begun = script.disk.position;
    await script.open();
    for (let ordinal = begun; ordinal <= script.disk.position; ordinal += 1) {
      const killed = script.forkAt(ordinal);
      await killed.open();
      const shown = await killed.state();
      expect(shown).toEqual({ a: "4", b: long("2"), c: long("3") });
      await killed.cutPowerAndOpen("drop-all");
      expect(await killed.state()).toEqual(shown);
      for (const profile of ["drop-all", "prefix", "ordered", "free"] as const) {
        const crashed = script.crashAt(ordinal, profile);
        await crashed.open();
        expect(await crashed.state()).toMatchObject({ b: long("2"), c: long("3") });
      }
    }
  });

  test("of the last fence means that the store was not closed clean, and the next one recovers", async () => {
    for (let nth = 0; nth < 4; nth += 1) {
      const script = await Script.begin();
      await script.store.put("a", "1");
      script.disk.inject({ at: { operation: "sync", path: ".segment", nth }, kind: "EIO" });
      const hadToSync = await script.close().then(
        () => false,
        () => true,
      );
      expect(hadToSync).toBe(script.disk.firedFaults > 0);
      script.disk.clearFaults();
      await script.open();
      await script.store.put("b", "2");
      await script.cutPowerAndOpen("drop-all");
      expect(await script.state()).toEqual({ a: "1", b: "2" });
      await script.store.put("c", "3");
      await script.killAndOpen();
      expect(await script.state()).toEqual({ a: "1", b: "2", c: "3" });
    }
  });
});

describe("the last fence", () => {
  const isFence = (unit: PendingUnit): boolean => unit.kind !== "entry" && of(".segment")(unit);

  test("may be lost after a recovery that read it: what it testified stands in the manifest", async () => {
    const script = await Script.begin();
    await script.store.put("a", "1");
    await script.killAndOpen();
    expect(await script.state()).toEqual({ a: "1" });
    for (const kind of ["lost", "garbage", "stale", "torn-prefix", "torn-suffix"] as const) {
      const crashed = script.forkAt(script.disk.position);
      await crashed.cutPowerAndOpen(isFence, kind);
      expect(await crashed.state()).toEqual({ a: "1" });
    }
  });

  test("may be lost of an older segment: a sync covers fences too", async () => {
    const script = await Script.begin({ segments: 0 });
    await script.store.put("a", long("1"));
    await script.store.put("b", long("2"));
    await script.store.put("c", "3");
    const states = [{}, { a: long("1") }, { a: long("1"), b: long("2") }, { a: long("1"), b: long("2"), c: "3" }];
    for (const kind of ["lost", "garbage", "stale"] as const) {
      for (let ordinal = 0; ordinal <= script.disk.position; ordinal += 1) {
        const crashed = script.forkAt(ordinal);
        await crashed.cutPowerAndOpen(of("2.segment"), kind);
        const shown = await crashed.state();
        expect(states).toContainEqual(shown);
        await crashed.store.put("d", "4");
        await crashed.cutPowerAndOpen("drop-all");
        expect(await crashed.state()).toEqual({ ...shown, d: "4" });
      }
    }
    const crashed = script.forkAt(script.disk.position);
    await crashed.cutPowerAndOpen(of("2.segment"), "lost");
    expect(await crashed.state()).toEqual({ a: long("1"), b: long("2"), c: "3" });
  });

  test("may be lost beneath a checkpoint that covers what it testified", async () => {
    const script = await Script.begin();
    await script.store.put("a", "1");
    await script.store.checkpoint();
    await script.store.put("a", "2");
    await script.store.checkpoint();
    await script.cutPowerAndOpen(isFence);
    expect(await script.state()).toEqual({ a: "2" });
    await script.store.compact();
    await script.cutPowerAndOpen("drop-all");
    expect(await script.state()).toEqual({ a: "2" });
  });
});

describe("a segment that was just begun", () => {
  test("is listed before anything in it is acknowledged: a kill loses nothing", async () => {
    for (const sync of ["never", "always"] as const) {
      const script = await Script.begin({ sync, segments: 0 });
      await script.store.put("a", long("1"));
      await script.store.put("b", long("2"));
      await script.killAndOpen();
      expect(await script.state()).toEqual({ a: long("1"), b: long("2") });
    }
  });

  test("may hold nothing when the process is killed, and again, and is not missed", async () => {
    const script = await Script.begin({ segments: 0 });
    await script.store.put("a", long("1"));
    void script.store.put("b", long("2")).catch(() => undefined);
    await quiet();
    const listed = stepsThat(script.disk, "rename", ".manifest");
    for (const ordinal of listed) {
      const killed = script.forkAt(ordinal);
      await killed.open();
      await killed.killAndOpen();
      await killed.store.put("c", "3");
      await killed.killAndOpen();
      expect(await killed.state()).toMatchObject({ c: "3" });
    }
  });
});

describe("a store that syncs only when asked", () => {
  test("opens after a power cut that took whole segments: what was lost legally is no damage", async () => {
    const script = await Script.begin({ sync: "never", segments: 0 });
    for (let write = 0; write < 6; write += 1) void script.store.put(`k${write}`, long(String(write)));
    await settled(script.store.put("last", "1"), "a put");
    for (let ordinal = 0; ordinal <= script.disk.position; ordinal += 1) {
      const crashed = script.crashAt(ordinal, "drop-all");
      await crashed.open();
      const keys = Object.keys(await crashed.state()).sort();
      expect(keys).toEqual(["k0", "k1", "k2", "k3", "k4", "k5", "last"].slice(0, keys.length));
    }
  });

  test("makes everything before a synced write durable with it, also in segments before its own", async () => {
    for (let turns = 0; turns < 40; turns += 1) {
      const script = await Script.begin({ sync: "never", segments: 0 });
      void script.store.put("a", long("1"));
      await script.turns(turns);
      void script.store.put("b", long("2"));
      await script.turns(turns);
      void script.store.put("c", long("3"));
      await settled(script.store.put("d", "4", { sync: true }), "a put");
      await script.cutPowerAndOpen("drop-all");
      expect(await script.state()).toEqual({ a: long("1"), b: long("2"), c: long("3"), d: "4" });
    }
  });
});

describe("sequences", () => {
  test("are never given out again, when a power cut takes what had them", async () => {
    const script = await Script.begin({ sync: "never" });
    await script.store.put("a", "1", { sync: true });
    for (const value of ["2", "3", "4"]) await script.store.put("a", value);
    const given = script.store.stats().sequence;
    await script.cutPowerAndOpen("drop-all");
    expect(await script.state()).toEqual({ a: "1" });
    await script.store.put("a", "5");
    expect(script.store.stats().sequence).toBeGreaterThan(given);
  });

  test("are never given out again, when a power cut undoes an opening that went on after a clean close", async () => {
    const script = await Script.begin({ sync: "never" });
    await script.store.put("a", "1");
    await script.close();
    const closed = script.disk.position;
    await script.open();
    await script.store.put("a", "2");
    const given = script.store.stats().sequence;
    for (let ordinal = closed; ordinal <= script.disk.position; ordinal += 1) {
      const hasWritten = ordinal === script.disk.position;
      const crashed = script.crashAt(ordinal, "drop-all");
      await crashed.open();
      await crashed.store.put("a", "3");
      if (hasWritten) expect(crashed.store.stats().sequence).toBeGreaterThan(given);
      expect(await crashed.state()).toEqual({ a: "3" });
    }
  });
});

test("no file is synced twice at once, nor written or synced after a failed sync", async () => {
  const script = await Script.begin({ sync: "never", segments: 0 });
  for (let round = 0; round < 12; round += 1) {
    void script.store.put(`k${round % 5}`, long(String(round)), { sync: round % 3 === 0 });
    void script.store.sync();
    if (round % 4 === 0) void script.store.compact();
    await script.turns(round);
  }
  await settled(script.store.sync(), "a sync");
  await quiet();
  await script.store.put("k", "0");
  script.disk.inject({ at: { operation: "sync", path: ".segment" }, kind: "EIO" });
  void script.store.put("k", "1");
  await codeOf(script.store.sync());
  await codeOf(script.store.put("k", "2"));
  await script.close();
  const running = new Set<string>();
  const failed = new Set<string>();
  const paths = new Map<number, string>();
  for (const event of script.disk.trace) {
    if (event.type === "call" && (event.operation === "sync" || event.operation === "append")) {
      expect(failed.has(event.path)).toBe(false);
      if (event.operation === "append") continue;
      expect(running.has(event.path)).toBe(false);
      running.add(event.path);
      paths.set(event.call, event.path);
    }
    if (event.type !== "return" || !paths.has(event.call)) continue;
    running.delete(paths.get(event.call)!);
    if (event.outcome !== "ok") failed.add(paths.get(event.call)!);
  }
  expect(failed.size).toBe(1);
});
