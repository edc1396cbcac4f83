import { crashPointAt, hashImage, SimulatedDisk, type CrashPoint, type FailedSync } from "@hashlog/fs-io/testing";
import { describe, expect, test } from "vitest";
import { stillToLose } from "./still-to-lose.ts";

/** A file was written, and then as little made durable of it as is said. */
async function written(made: { readonly isSynced: boolean; readonly failedSync?: FailedSync }): Promise<CrashPoint> {
  const disk = new SimulatedDisk();
  const file = await disk.boot().create("/file");
  file.append(new Uint8Array([1, 2, 3]), 0, 3);
  const { failedSync } = made;
  if (failedSync !== undefined) disk.inject({ at: { operation: "sync" }, kind: "EIO", failedSync });
  if (made.isSynced) await file.sync().catch(() => undefined);
  return crashPointAt(disk, disk.position);
}

function looks(point: CrashPoint): string[] {
  return [point.image([], "kill"), point.image([], "drop-all")].map((image) => hashImage(image));
}

describe("of two disks that show the same, now and after a power cut that takes all it can,", () => {
  test("it is told whether the bytes of a file without a durable name are durable", async () => {
    const [pending, durable] = [await written({ isSynced: false }), await written({ isSynced: true })];
    expect(looks(durable)).toEqual(looks(pending));
    expect(stillToLose(durable)).not.toBe(stillToLose(pending));
  });

  test("it is told whether a sync of what is pending has failed, and whether one has lied", async () => {
    const pending = await written({ isSynced: false });
    const failed = await written({ isSynced: true, failedSync: "kept" });
    const late = await written({ isSynced: true, failedSync: "late" });
    for (const point of [failed, late]) expect(looks(point)).toEqual(looks(pending));
    expect(new Set([pending, failed, late].map(stillToLose)).size).toBe(3);
  });

  test("the same is told of the same", async () => {
    expect(stillToLose(await written({ isSynced: false }))).toBe(stillToLose(await written({ isSynced: false })));
  });
});
