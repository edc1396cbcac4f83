import { SimulatedDisk } from "@hashlog/fs-io/testing";
import { expect, test } from "vitest";
import { callsAt } from "./calls-at.ts";

test("a crash meets the call that took the last step, and those that have not returned", async () => {
  // The first of those that wait returns, then the last of them, and then the others.
  const disk = new SimulatedDisk({ schedule: [0, 2] });
  const fs = disk.boot();
  const file = await fs.create("/a");
  file.append(new Uint8Array(5000), 0, 5000);
  await Promise.all([file.sync(), fs.syncDirectory("/"), fs.replace("/m", new Uint8Array(1))]);
  const steps = Array.from({ length: 6 }, (_, step) => callsAt(disk.trace, step));
  expect(steps).toEqual([
    { last: undefined, underWay: [] },
    { last: "create /a", underWay: [] },
    // Two pages: the crash is in the middle of the call.
    { last: "append /a", underWay: [] },
    { last: "append /a", underWay: [] },
    { last: "replace.write /m", underWay: ["sync /a", "syncDirectory /"] },
    { last: "replace.write /m", underWay: ["sync /a", "syncDirectory /"] },
  ]);
});

test("no call takes the step of a power cut, and none of a dead process is under way", async () => {
  const disk = new SimulatedDisk();
  const fs = disk.boot();
  await fs.create("/a");
  void fs.create("/b");
  disk.powerCut();
  await disk.boot().create("/c");
  expect(callsAt(disk.trace, 2)).toEqual({ last: undefined, underWay: [] });
  expect(callsAt(disk.trace, 3)).toEqual({ last: "create /c", underWay: [] });
});
