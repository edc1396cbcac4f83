import { SimulatedDisk, type DiskImage } from "@hashlog/fs-io/testing";
import { describe, expect, test } from "vitest";
import { isThorough, TEST_TIMEOUT_MS } from "../world/runs.ts";
import { codeOf, long, of, Script } from "../world/script.ts";
import { DIRECTORY, emptyStore } from "../world/text-store.ts";
import { runOutOfSpace } from "./out-of-space.ts";
import { busyLife, ordinaryLife } from "./programs.ts";

const RESERVE = `${DIRECTORY}/hashlog.reserve`;

async function withoutReserve(): Promise<DiskImage> {
  return (await emptyStore()).withoutFile(RESERVE);
}

function bytesOf(image: DiskImage): number {
  return [...image.files.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
}

describe("a disk that fills up, whatever its size", () => {
  test.each([["ordinary", "always"] as const, ["ordinary", "never"] as const, ["busy", "always"] as const])(
    'takes nothing away that was acknowledged (programs.ts: %s, with the sync policy "%s")',
    async (life, sync) => {
      const program = life === "busy" ? busyLife : ordinaryLife;
      const image = await withoutReserve();
      const shape = { sync, segments: 0 };
      let full = 0;
      for (let room = 0; room < 5000; room += isThorough() ? 13 : 71) {
        if (await runOutOfSpace({ program, shape, image }, bytesOf(image) + room)) full += 1;
      }
      expect(full).toBeGreaterThan(40);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    "takes nothing from a store that has its reserve either",
    async () => {
      const image = await emptyStore();
      const shape = { sync: "always", segments: 0 } as const;
      let full = 0;
      for (let room = -200_000; room < 3000; room += isThorough() ? 499 : 3989) {
        if (await runOutOfSpace({ program: ordinaryLife, shape, image }, bytesOf(image) + room)) full += 1;
      }
      expect(full).toBeGreaterThan(40);
    },
    TEST_TIMEOUT_MS,
  );
});

describe("an open store on a full disk", () => {
  test("refuses writes with HASHLOG_NO_SPACE, shows what it has, and goes on by itself once there is room", async () => {
    for (const reserved of [true, false]) {
      const script = await Script.begin();
      await script.store.put("a", "1");
      if (!reserved) await script.disk.boot().remove(RESERVE);
      script.disk.capacityBytes = script.disk.usedBytes;
      for (let attempt = 0; attempt < 3; attempt += 1) {
        expect(await codeOf(script.store.put("c", long("3")))).toBe("HASHLOG_NO_SPACE");
        const both = [{ type: "delete", key: "a" } as const, { type: "put", key: "b", value: "2" } as const];
        expect(await codeOf(script.store.batch(both))).toBe("HASHLOG_NO_SPACE");
        // Where there is a reserve deletes alone have a part of it.
        if (!reserved) expect(await codeOf(script.store.delete("a"))).toBe("HASHLOG_NO_SPACE");
        // In the room of the reserve the log comes to rest, and then there is nothing to sync.
        if (!reserved) expect(await codeOf(script.store.sync())).toBe("HASHLOG_NO_SPACE");
      }
      expect(await script.state()).toEqual({ a: "1" });
      if (!reserved) expect(script.store.stats().writes).toBe("no-space");
      script.disk.capacityBytes = Infinity;
      await script.store.put("d", "4");
      expect(script.store.stats().writes).toBe("ready");
      await script.cutPowerAndOpen("drop-all");
      expect(await script.state()).toEqual({ a: "1", d: "4" });
    }
  });

  test("does not give its reserve to ordinary writes", async () => {
    const script = await Script.begin({ segments: 0, sync: "never" });
    script.disk.capacityBytes = script.disk.usedBytes + 3000;
    const refused = async (write: number): Promise<boolean> =>
      script.store.put(`k${write}`, long(String(write))).then(
        () => false,
        () => true,
      );
    let writes = 0;
    while (!(await refused(writes))) writes += 1;
    for (let more = 0; more < 5; more += 1) expect(await refused(writes + more)).toBe(true);
    expect(writes).toBeLessThan(8);
    expect(script.disk.image().bytes(RESERVE)?.length).toBe(256 * 1024);
  });

  test("never shows again what it refused, once a later write was acknowledged", async () => {
    for (const keepBytes of [0, 20, 50, 51, 1000]) {
      const script = await Script.begin();
      await script.store.put("a", "1");
      // Some, or all, of the refused frame's bytes are in the file.
      script.disk.inject({ at: { operation: "append", path: ".segment" }, kind: "ENOSPC", keepBytes });
      expect(await codeOf(script.store.put("refused", "2"))).toBe("HASHLOG_NO_SPACE");
      await script.store.put("b", "3");
      for (const crash of ["kill", "drop-all", "free"] as const) {
        const crashed = script.crashAt(script.disk.position, crash);
        await crashed.open();
        expect(await crashed.state()).toEqual({ a: "1", b: "3" });
      }
    }
  });

  test("never shows again a write whose sync went through and whose fence found no room", async () => {
    const script = await Script.begin();
    await script.store.put("a", "1");
    script.disk.inject({ at: { operation: "append", path: ".segment", nth: 1 }, kind: "ENOSPC" });
    expect(await codeOf(script.store.put("refused", "2"))).toBe("HASHLOG_NO_SPACE");
    expect(await script.state()).toEqual({ a: "1" });
    await script.store.put("b", "3");
    await script.killAndOpen();
    expect(await script.state()).toEqual({ a: "1", b: "3" });
    await script.cutPowerAndOpen("drop-all");
    expect(await script.state()).toEqual({ a: "1", b: "3" });
  });

  test.each(["always", "never"] as const)(
    'cleans itself when it is full of garbage, with the sync policy "%s"',
    async (sync) => {
      for (const slack of [0, 30, 100, 300, 500]) {
        const script = await Script.begin({ sync, segments: 0 });
        script.disk.capacityBytes = script.disk.usedBytes + 6000 + slack;
        let writes = 0;
        const put = (): Promise<boolean> =>
          script.store.put("k", long(String(writes))).then(
            () => true,
            () => false,
          );
        while (await put()) writes += 1;
        expect(writes).toBeLessThan(20);
        // Another process can do it as well.
        if (slack % 20 === 0) await script.killAndOpen();
        const { bytesFreed } = await script.store.compact();
        expect(bytesFreed).toBeGreaterThan(4000);
        expect(script.disk.image().bytes(RESERVE)?.length).toBe(256 * 1024);
        await script.store.put("k", "last", { sync: true });
        await script.cutPowerAndOpen("drop-all");
        expect(await script.state()).toEqual({ k: "last" });
      }
    },
  );
});

describe("opening on a full disk", () => {
  test("shows everything after a clean close, and takes writes once there is room", async () => {
    const first = await Script.begin();
    await first.store.put("a", "1");
    await first.close();
    const image = first.disk.powerCut().withoutFile(RESERVE);
    const script = new Script(new SimulatedDisk({ image, capacityBytes: bytesOf(image) }));
    await script.open();
    expect(await script.state()).toEqual({ a: "1" });
    expect(script.store.stats().writes).toBe("no-space");
    expect(await codeOf(script.store.put("b", "2"))).toBe("HASHLOG_NO_SPACE");
    expect(await codeOf(script.store.delete("a"))).toBe("HASHLOG_NO_SPACE");
    script.disk.capacityBytes = Infinity;
    await script.store.put("b", "2");
    await script.cutPowerAndOpen("drop-all");
    expect(await script.state()).toEqual({ a: "1", b: "2" });
  });

  test("shows what a killed process had handed to the system, and makes it durable once there is room", async () => {
    const first = await Script.begin({ image: await withoutReserve(), sync: "never" });
    await first.store.put("a", "1", { sync: true });
    await first.store.put("b", "2");
    first.disk.kill();
    const reserve = [...first.disk.image().files.keys()].includes(RESERVE);
    if (reserve) await first.disk.boot().remove(RESERVE);
    first.disk.capacityBytes = first.disk.usedBytes;
    await first.open();
    expect(await first.state()).toEqual({ a: "1", b: "2" });
    expect(await codeOf(first.store.put("c", "3"))).toBe("HASHLOG_NO_SPACE");
    first.disk.capacityBytes = Infinity;
    await first.store.put("c", "3", { sync: true });
    await first.cutPowerAndOpen("drop-all");
    expect(await first.state()).toEqual({ a: "1", b: "2", c: "3" });
  });

  test("does not hide an acknowledged write whose fence a power cut took", async () => {
    for (const reserved of [true, false]) {
      const script = await Script.begin();
      await script.store.put("a", "1");
      script.cutPower((unit) => unit.kind !== "entry" && of(".segment")(unit));
      if (!reserved) await script.disk.boot().remove(RESERVE);
      script.disk.kill();
      script.disk.capacityBytes = script.disk.usedBytes;
      if (reserved) {
        await script.open();
        expect(await script.state()).toEqual({ a: "1" });
        await script.cutPowerAndOpen("drop-all");
      } else {
        // What was to be acknowledged only when synced cannot be shown before it was copied.
        expect(await codeOf(script.open())).toBe("HASHLOG_NO_SPACE");
        script.disk.capacityBytes = Infinity;
        await script.open();
      }
      expect(await script.state()).toEqual({ a: "1" });
    }
  });
});
