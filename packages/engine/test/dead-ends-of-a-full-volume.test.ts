import { open, type CompactionOptions, type OpenOptions, type Store } from "@hashlog/engine";
import { SimulatedDisk } from "@hashlog/fs-io/testing";
import { expect, onTestFinished, test } from "vitest";
import { turns } from "./support/event-loop.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { SOON } from "./support/merging.ts";
import { filler } from "./support/values.ts";

const HOUR_MS = 3_600_000;

/** A store with the limits of every store, and a disk that will be full. */
class Small {
  readonly disk: SimulatedDisk = new SimulatedDisk({ keepsTrace: false });
  readonly clock: FakeClock = new FakeClock();
  db!: Store<string, Uint8Array>;

  async open(
    roomBytes: number,
    compaction: CompactionOptions | false,
    sync: OpenOptions["sync"] = "always",
  ): Promise<void> {
    onTestFinished(() => this.disk.kill());
    this.db = (await open("/store", {
      fileSystem: this.disk.boot(),
      clock: this.clock,
      compaction,
      sync,
    })) as Store<string, Uint8Array>;
    this.disk.capacityBytes = this.disk.usedBytes + roomBytes;
  }

  /** Puts until nothing goes any more. */
  async fill(bytes: number, keys: number, ttlMs?: number): Promise<void> {
    for (let turn = 0; turn < 10_000; turn += 1) {
      const options = ttlMs === undefined ? {} : { ttlMs };
      const error = await codeOf(this.db.put(`key ${turn % keys}`, filler(bytes, turn), options));
      if (error !== undefined) return;
    }
    throw new Error("the disk was never full");
  }

  /** Six hours go by, in which it is tried to write, every ten minutes. */
  async waitAndTry(bytes: number, roomBytes: number = 0): Promise<(string | undefined)[]> {
    const codes: (string | undefined)[] = [];
    for (let attempt = 0; attempt < 36; attempt += 1) {
      this.disk.capacityBytes += roomBytes;
      this.clock.advance(HOUR_MS / 6);
      await turns(300);
      codes.push(await codeOf(this.db.put("key 0", filler(bytes, attempt))));
    }
    return codes;
  }
}

async function codeOf(write: Promise<unknown>): Promise<string | undefined> {
  return write.then(
    () => undefined,
    (error: unknown) => (error as { code: string }).code,
  );
}

test("a full volume: the log resumes for a merge in the room that is kept back for that", async () => {
  const small = new Small();
  // All is in the active segment, nearly all of it is garbage, and the policy would merge any.
  await small.open(4_000_000, SOON);
  small.db.compaction.pause();
  await small.fill(10_000, 5);
  small.db.compaction.resume();
  expect(small.db.stats().liveBytes).toBeLessThan(60_000);
  expect(await small.waitAndTry(10_000)).toContain(undefined);
});

test("a full volume: compact() merges what it can, and does not say that all is done where it did nothing", async () => {
  const small = new Small();
  await small.open(4_000_000, { background: false });
  await small.fill(10_000, 5);
  const { liveBytes } = small.db.stats();
  await small.db.compact();
  expect(small.db.stats().fileBytes).toBeLessThan(2 * liveBytes);
});

test("a full volume is a trigger also once the log has resumed, as there is room for an edit and not for the write", async () => {
  const small = new Small();
  // Less garbage than the policy of every store would merge.
  await small.open(3_500_000, { jitter: 0 });
  await small.fill(100_000, 1);
  // Somebody else on the volume leaves a little room, each time.
  expect(await small.waitAndTry(100_000, 2000)).toContain(undefined);
});

test("a full volume: a store that was opened empty looks for something to merge, however little it could take", async () => {
  const small = new Small();
  // Less than a mebibyte: nobody has looked yet. The policy would merge whatever has garbage.
  await small.open(600_000, SOON);
  await small.fill(10_000, 5);
  small.disk.capacityBytes += 20_000;
  expect(await small.waitAndTry(20_000)).toContain(undefined);
});

test("a full volume: compact() needs no room for what has expired, also where nobody has looked what that is", async () => {
  const small = new Small();
  await small.open(1_500_000, { background: false });
  await small.fill(10_000, 10_000, 1000);
  small.disk.capacityBytes += 20_000;
  small.clock.advance(HOUR_MS);
  expect(await codeOf(small.db.compact())).toBeUndefined();
  expect(small.db.stats().fileBytes).toBeLessThan(100_000);
});

test.each<[string, OpenOptions["sync"]]>([
  ["always", "always"],
  ["never", "never"],
  ["an interval", { intervalMs: 1000 }],
])(
  "a full volume is no dead end with the policy %s, though more is not synced than there is room to copy",
  async (_name, sync) => {
    const small = new Small();
    await small.open(4_000_000, false, sync);
    await small.fill(9000, 5);
    expect(small.db.stats().totalBytes).toBeGreaterThan(3_000_000);
    await small.db.delete("key 4");
    const { bytesFreed } = await small.db.compact();
    expect(bytesFreed).toBeGreaterThan(3_000_000);
    await small.db.put("key 4", filler(9000));
    small.disk.powerCut([], "drop-all");
    small.disk.capacityBytes = Infinity;
    const again = await open("/store", { fileSystem: small.disk.boot(), compaction: false });
    for (const key of ["key 0", "key 1", "key 2", "key 3"]) expect(again.has(key)).toBe(true);
  },
);
