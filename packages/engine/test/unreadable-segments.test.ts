import { segmentFileName } from "@hashlog/format";
import { SimulatedDisk } from "@hashlog/fs-io/testing";
import { expect, onTestFinished, test } from "vitest";
import { openWithin } from "../src/open.ts";
import { turns } from "./support/event-loop.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { SMALL_LIMITS, SOON } from "./support/merging.ts";
import { filler } from "./support/values.ts";

test("one segment that the disk cannot read any more does not keep all others from being merged", async () => {
  const disk = new SimulatedDisk({ keepsTrace: false });
  const clock = new FakeClock();
  onTestFinished(() => disk.kill());
  const db = await openWithin(SMALL_LIMITS, "/store", {
    fileSystem: disk.boot(),
    clock,
    segmentBytesMax: 2048,
    compaction: SOON,
  });
  db.compaction.pause();
  for (let turn = 0; turn < 60; turn += 1) await db.put(`key ${turn % 10}`, filler(300, turn));
  const bad = db.stats().segments.find(({ state }) => state === "sealed")!;
  disk.inject({ at: { operation: "read", path: segmentFileName(bad.segmentId) }, kind: "EIO", sticky: true });
  db.compaction.resume();
  // A day goes by, and nearly all that is written is garbage soon.
  for (let hour = 0; hour < 24; hour += 1) {
    for (let turn = 0; turn < 20; turn += 1) await db.put(`key ${turn % 10}`, filler(300, turn + hour));
    clock.advance(3_600_000);
    await turns(300);
  }
  const { fileBytes, liveBytes, compaction } = db.stats();
  expect({ failures: compaction.failures.count, merges: compaction.merges }).not.toMatchObject({ merges: 0 });
  expect(fileBytes).toBeLessThan(1.5 * liveBytes + 3 * 2048);
});
