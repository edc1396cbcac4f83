import { describe, expect, test } from "vitest";
import { diskAt, DiskImage, fate, imageAt, SimulatedDisk, type TraceEvent } from "../src/testing/index.ts";
import { bytes, read, shown, write } from "./simulated-support.ts";

/** Whether a promise has settled once everything that is due has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const note = (): void => {
    settled = true;
  };
  promise.then(note, note);
  for (let i = 0; i < 100; i++) await Promise.resolve();
  return settled;
}

describe("kill", () => {
  test("keeps what was handed to the operating system, and none of it is durable", async () => {
    const disk = new SimulatedDisk();
    await write(disk.boot(), "/a", bytes(5));
    disk.kill();
    const again = disk.boot();
    expect([...(await read(again, "/a"))]).toEqual([1, 2, 3, 4, 5]);
    expect(disk.durableBytes("/a")).toBe(0);
    disk.powerCut([], "drop-all");
    expect(await disk.boot().list("/")).toEqual([]);
  });

  test("lets the next process make durable what the dead one did not", async () => {
    const disk = new SimulatedDisk();
    await write(disk.boot(), "/a", bytes(5));
    disk.kill();
    const again = disk.boot();
    await (await again.openAppend("/a")).sync();
    await again.syncDirectory("/");
    disk.powerCut([], "drop-all");
    expect([...(await read(disk.boot(), "/a"))]).toEqual([1, 2, 3, 4, 5]);
  });

  test("refuses everything that the dead process still calls, and changes nothing", async () => {
    const disk = new SimulatedDisk();
    const fs = disk.boot();
    const file = await write(fs, "/a", bytes(5));
    disk.kill();
    const closed = expect.objectContaining({ code: "FS_CLOSED" });
    expect(() => file.append(bytes(1), 0, 1)).toThrow(closed);
    expect(() => file.size()).toThrow(closed);
    expect(() => file.readSync(new Uint8Array(1), 0, 1, 0)).toThrow(closed);
    await expect(file.sync()).rejects.toEqual(closed);
    await expect(fs.list("/")).rejects.toEqual(closed);
    await expect(fs.lock("/", "l")).rejects.toEqual(closed);
    await file.close();
    expect(shown(disk.image())).toEqual({ "/a": [1, 2, 3, 4, 5] });
  });

  test("leaves what the dead process waited for pending for ever", async () => {
    const disk = new SimulatedDisk();
    const fs = disk.boot();
    const file = await write(fs, "/a", bytes(5));
    const waiting = [file.sync(), fs.create("/b"), fs.replace("/m", bytes(2))];
    disk.kill();
    expect(disk.waiting).toEqual([]);
    for (const promise of waiting) expect(await isSettled(promise)).toBe(false);
    expect(shown(disk.image())).toEqual({ "/a": [1, 2, 3, 4, 5] });
  });

  test("between two steps of a replace leaves it pending, and prepared content in the way of nobody", async () => {
    const disk = new SimulatedDisk();
    const fs = disk.boot();
    await fs.replace("/m", bytes(2, 1));
    disk.pause();
    const replacing = fs.replace("/m", bytes(3, 7));
    disk.release();
    disk.kill();
    disk.resume();
    expect(await isSettled(replacing)).toBe(false);
    expect(shown(disk.image())).toEqual({ "/m": [1, 2], "/m.new": [7, 8, 9] });
    await disk.boot().replace("/m", bytes(1, 5));
    expect(shown(disk.image())).toEqual({ "/m": [5] });
  });

  test("of one process leaves the others alone", async () => {
    const disk = new SimulatedDisk();
    const writer = disk.boot();
    const reader = disk.boot();
    await write(writer, "/a", bytes(3));
    const file = await reader.openRead("/a");
    await reader.lock("/", "l");
    const [writing, reading] = [writer.create("/b"), reader.stat("/a")];
    disk.kill(writer);
    disk.kill(writer);
    expect(await reading).toEqual({ kind: "file", bytes: 3 });
    expect(await isSettled(writing)).toBe(false);
    expect(file.size()).toBe(3);
    await expect(disk.boot().lock("/", "l")).rejects.toMatchObject({ code: "FS_LOCKED" });
    await expect(writer.list("/")).rejects.toMatchObject({ code: "FS_CLOSED" });
  });
});

describe("locks", () => {
  test("hold between processes, name their holder, and die with it", async () => {
    const disk = new SimulatedDisk();
    const first = disk.boot();
    const second = disk.boot();
    const lock = await first.lock("/", "l");
    await expect(second.lock("/", "l")).rejects.toMatchObject({ code: "FS_LOCKED", holder: "simulated process 0" });
    disk.kill(first);
    const next = await second.lock("/", "l");
    await lock.release();
    await expect(disk.boot().lock("/", "l")).rejects.toMatchObject({ holder: "simulated process 1" });
    await next.release();
  });

  test("are not taken by a call that the process did not live to see return", async () => {
    const disk = new SimulatedDisk();
    const first = disk.boot();
    void first.lock("/", "l");
    disk.kill(first);
    await expect(disk.boot().lock("/", "l")).resolves.toBeDefined();
  });

  test("are held in a world that was stopped, until its processes are killed", async () => {
    const disk = new SimulatedDisk();
    const lock = await disk.boot().lock("/", "l");
    disk.stopAt(0);
    disk.kill();
    await expect(disk.boot().lock("/", "l")).resolves.toBeDefined();
    // What the dead holder says afterwards does not matter to the new one.
    await lock.release();
    await expect(disk.boot().lock("/", "l")).rejects.toMatchObject({ code: "FS_LOCKED" });
  });

  test("are no part of what a disk goes on from", async () => {
    const disk = new SimulatedDisk();
    await disk.boot().lock("/", "l");
    await expect(diskAt(disk, disk.position).boot().lock("/", "l")).resolves.toBeDefined();
    await expect(new SimulatedDisk({ image: disk.image() }).boot().lock("/", "l")).resolves.toBeDefined();
  });

  test("do not survive a power cut", async () => {
    const disk = new SimulatedDisk();
    await disk.boot().lock("/", "l");
    disk.powerCut();
    await expect(disk.boot().lock("/", "l")).resolves.toBeDefined();
  });
});

describe("powerCut", () => {
  test("leaves what its fates say, all of it durable from then on", async () => {
    const disk = new SimulatedDisk();
    const fs = disk.boot();
    await write(fs, "/a", bytes(4));
    const image = disk.powerCut([0, fate("torn-prefix"), 0]);
    expect(shown(image)).toEqual({ "/a": [1, 2, 0, 0] });
    expect(disk.durableBytes("/a")).toBe(4);
    disk.powerCut([], "drop-all");
    expect([...(await read(disk.boot(), "/a"))]).toEqual([1, 2, 0, 0]);
    await expect(fs.list("/")).rejects.toMatchObject({ code: "FS_CLOSED" });
  });

  test("refuses numbers that are no fates", () => {
    for (const fates of [[-1], [0.5], [Number.NaN], [Infinity]]) {
      expect(() => new SimulatedDisk().powerCut(fates)).toThrow(
        expect.objectContaining({ code: "FS_INVALID_ARGUMENT" }),
      );
    }
  });
});

describe("stopAt", () => {
  test("ends the world after exactly that step: calls hang, appends do nothing, reads see what was there", async () => {
    const disk = new SimulatedDisk();
    const fs = disk.boot();
    const file = await write(fs, "/a", bytes(3));
    disk.stopAt(3);
    file.append(bytes(2), 0, 2);
    expect(disk.position).toBe(3);
    await disk.stopped;
    file.append(bytes(2), 0, 2);
    expect(file.size()).toBe(5);
    expect(file.readSync(new Uint8Array(9), 0, 9, 0)).toBe(5);
    const calls = [file.sync(), fs.create("/b"), fs.list("/"), file.read(new Uint8Array(1), 0, 1, 0)];
    for (const call of calls) expect(await isSettled(call)).toBe(false);
    expect(disk.position).toBe(3);
    expect(await isSettled(disk.stopped)).toBe(true);
  });

  test("also stops in the middle of a long append, of which whole pages are left", async () => {
    const disk = new SimulatedDisk();
    const fs = disk.boot();
    const file = await write(fs, "/a", bytes(100));
    disk.stopAt(disk.position + 2);
    file.append(bytes(20_000), 0, 20_000);
    expect(file.size()).toBe(8192);
    disk.kill();
    expect((await disk.boot().stat("/a"))?.bytes).toBe(8192);
  });

  test("lets no call return whose last step it is", async () => {
    const disk = new SimulatedDisk();
    const fs = disk.boot();
    disk.stopAt(1);
    expect(await isSettled(fs.create("/a"))).toBe(false);
    expect(shown(disk.image())).toEqual({ "/a": [] });
  });

  test("stops each step of a replace", async () => {
    const states: unknown[] = [];
    for (let ordinal = 5; ordinal <= 10; ordinal++) {
      const disk = new SimulatedDisk();
      const fs = disk.boot();
      await fs.replace("/m", bytes(1, 1));
      disk.stopAt(ordinal);
      expect(await isSettled(fs.replace("/m", bytes(1, 2)))).toBe(false);
      states.push(shown(disk.image()));
    }
    expect(states).toEqual([
      { "/m": [1] },
      { "/m": [1], "/m.new": [] },
      { "/m": [1], "/m.new": [2] },
      { "/m": [1], "/m.new": [2] },
      { "/m": [2] },
      { "/m": [2] },
    ]);
  });

  test("stops at once if that step was taken already, and a kill or a power cut starts the world again", async () => {
    const disk = new SimulatedDisk();
    await write(disk.boot(), "/a", bytes(3));
    for (const end of [() => disk.kill(), () => disk.powerCut()]) {
      disk.stopAt(0);
      expect(await isSettled(disk.boot().list("/"))).toBe(false);
      end();
      expect(await disk.boot().list("/")).toEqual(["/a".slice(1)]);
    }
  });

  test("can be decided while the trace is written", async () => {
    const disk = new SimulatedDisk();
    disk.onOperation = (event) => {
      if (event.type === "step" && event.operation.kind === "sync") disk.stopAt(disk.position);
    };
    const file = await write(disk.boot(), "/a", bytes(3));
    expect(await isSettled(file.sync())).toBe(false);
    expect(disk.isEntryDurable("/a")).toBe(false);
  });
});

describe("the trace", () => {
  test("has every call, every step and every return, in order, as plain data", async () => {
    const disk = new SimulatedDisk();
    const fs = disk.boot();
    disk.mark("begin");
    const file = await fs.create("/a");
    file.append(bytes(3), 0, 3);
    const syncing = file.sync();
    await expect(fs.remove("/b")).rejects.toMatchObject({ code: "FS_NOT_FOUND" });
    await syncing;
    disk.kill();
    const expected: TraceEvent[] = [
      { type: "boot", process: 0 },
      { type: "mark", label: "begin" },
      { type: "call", call: 0, process: 0, operation: "create", path: "/a" },
      {
        type: "step",
        ordinal: 0,
        operation: { kind: "link", path: "/a", directory: 0, name: "a", target: 1, made: "file" },
      },
      { type: "return", call: 0, outcome: "ok" },
      { type: "call", call: 1, process: 0, operation: "append", path: "/a" },
      { type: "step", ordinal: 1, operation: { kind: "append", path: "/a", file: 1, offset: 0, bytes: 3 } },
      { type: "return", call: 1, outcome: "ok" },
      { type: "call", call: 2, process: 0, operation: "sync", path: "/a" },
      { type: "call", call: 3, process: 0, operation: "remove", path: "/b" },
      { type: "step", ordinal: 2, operation: { kind: "sync", path: "/a", target: 1, upTo: 2 } },
      { type: "return", call: 2, outcome: "ok" },
      { type: "return", call: 3, outcome: "FS_NOT_FOUND" },
      { type: "kill", process: 0 },
    ];
    expect(disk.trace).toEqual(expected);
    expect(JSON.parse(JSON.stringify(disk.trace))).toEqual(expected);
  });

  test("is not kept where nobody wants it; steps are recorded, and who listens is told, all the same", async () => {
    const run = async (keepsTrace: boolean): Promise<{ disk: SimulatedDisk; told: TraceEvent[] }> => {
      const disk = new SimulatedDisk({ keepsTrace });
      const fs = disk.boot();
      const file = await write(fs, "/a", bytes(3));
      const told: TraceEvent[] = [];
      disk.onOperation = (event) => told.push(event);
      await file.sync();
      await expect(fs.remove("/b")).rejects.toMatchObject({ code: "FS_NOT_FOUND" });
      return { disk, told };
    };
    const kept = await run(true);
    const forgotten = await run(false);
    expect(forgotten.disk.trace).toEqual([]);
    expect(forgotten.told).toEqual(kept.told);
    expect(forgotten.told).toHaveLength(5);
    expect(forgotten.disk.recording.operations).toEqual(kept.disk.recording.operations);
    expect(imageAt(forgotten.disk, 2).toJSON()).toEqual(imageAt(kept.disk, 2).toJSON());
  });
});

describe("durableBytes and isEntryDurable", () => {
  test("count what syncs cover, and only if every entry on the way is durable", async () => {
    const disk = new SimulatedDisk();
    const fs = disk.boot();
    const seen = (): [number, boolean] => [disk.durableBytes("/d/a"), disk.isEntryDurable("/d/a")];
    await fs.makeDirectory("/d");
    const file = await write(fs, "/d/a", bytes(3));
    await file.sync();
    expect(seen()).toEqual([0, false]);
    await fs.syncDirectory("/d");
    expect(seen()).toEqual([0, false]);
    await fs.syncDirectory("/");
    expect(seen()).toEqual([3, true]);
    file.append(bytes(3), 0, 3);
    expect(seen()).toEqual([3, true]);
    await file.sync();
    expect(seen()).toEqual([6, true]);
    await fs.remove("/d/a");
    expect(seen()).toEqual([0, false]);
  });

  test("are 0 and false for what is not there, or is no file", async () => {
    const disk = new SimulatedDisk({ image: DiskImage.of({ "/d/a": bytes(3) }) });
    expect([disk.durableBytes("/x"), disk.isEntryDurable("/x")]).toEqual([0, false]);
    expect([disk.durableBytes("/d"), disk.isEntryDurable("/d")]).toEqual([0, true]);
    expect([disk.durableBytes("/d/a/x"), disk.isEntryDurable("/d/a/x")]).toEqual([0, false]);
    expect([disk.durableBytes("/d/a"), disk.isEntryDurable("/d/a")]).toEqual([3, true]);
  });

  test("are unknown for a name that is being replaced, on both its sides", async () => {
    const disk = new SimulatedDisk();
    const fs = disk.boot();
    await fs.replace("/m", bytes(2));
    expect(disk.durableBytes("/m")).toBe(2);
    disk.stopAt(9);
    void fs.replace("/m", bytes(3));
    await disk.stopped;
    expect([disk.durableBytes("/m"), disk.durableBytes("/m.new")]).toEqual([0, 0]);
  });
});

describe("the order in which calls return", () => {
  test("is the order in which they began, if no schedule says otherwise", async () => {
    const disk = new SimulatedDisk();
    const fs = disk.boot();
    const returned: number[] = [];
    await Promise.all([0, 1, 2].map((i) => fs.stat("/").then(() => returned.push(i))));
    expect(returned).toEqual([0, 1, 2]);
  });

  test("follows the schedule as far as that goes, each number modulo what waits", async () => {
    const disk = new SimulatedDisk({ schedule: [2, 5, 0] });
    const fs = disk.boot();
    const returned: number[] = [];
    await Promise.all([0, 1, 2, 3].map((i) => fs.stat("/").then(() => returned.push(i))));
    expect(returned).toEqual([2, 3, 0, 1]);
  });

  test("lets a handle close only after what was asked of it has returned", async () => {
    const disk = new SimulatedDisk();
    const file = await write(disk.boot(), "/a", bytes(3));
    disk.pause();
    const syncing = file.sync();
    const closing = file.close();
    expect(await isSettled(closing)).toBe(false);
    disk.release();
    await syncing;
    expect(await isSettled(closing)).toBe(true);
  });

  test("can be held up and released one by one", async () => {
    const disk = new SimulatedDisk();
    const fs = disk.boot();
    disk.pause();
    const [first, second] = [fs.stat("/"), fs.create("/a")];
    expect(await isSettled(first)).toBe(false);
    expect(disk.waiting).toEqual([
      { call: 0, operation: "stat", path: "/" },
      { call: 1, operation: "create", path: "/a" },
    ]);
    disk.release(1);
    expect(await isSettled(second)).toBe(true);
    expect(await isSettled(first)).toBe(false);
    disk.release();
    disk.release();
    expect(await isSettled(first)).toBe(true);
    disk.resume();
    expect(await fs.list("/")).toEqual(["a"]);
  });
});
