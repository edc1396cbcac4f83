import type { AppendFile } from "@hashlog/fs-io";
import { crashPointAt, fate, hashImage, SimulatedDisk, type CrashPoint, type Fates } from "@hashlog/fs-io/testing";
import { describe, expect, test } from "vitest";
import { damagesAt } from "./damages.ts";
import { subsetsAt } from "./subsets.ts";

/** Every way to lose some and damage one at most, by counting; what belongs to the reserve is lost together or not at all. */
function* odometer(point: CrashPoint, wanted: (fates: Fates) => boolean = () => true): Generator<Fates> {
  const open = point.units.filter(({ fateIndex }) => fateIndex >= 0);
  const reserve = open.filter(({ logged }) => logged.operation.path.endsWith(".reserve"));
  for (let number = 0; number < 2 ** open.length; number += 1) {
    const fates = open.map((_, index) => (Math.floor(number / 2 ** index) % 2 === 1 ? fate("lost") : 0));
    if (new Set(reserve.map(({ fateIndex }) => fates[fateIndex])).size > 1) continue;
    if (wanted(fates)) yield fates;
    for (const unit of open) {
      if (fates[unit.fateIndex] !== 0 || reserve.includes(unit)) continue;
      for (const damage of damagesAt(point, unit)) {
        const damaged = fates.with(unit.fateIndex, damage);
        if (wanted(damaged)) yield damaged;
      }
    }
  }
}

function imagesOf(point: CrashPoint, all: Iterable<Fates>): Set<string> {
  return new Set([...all].map((fates) => hashImage(point.image(fates, "free"))));
}

const ONE_DAMAGED = { pendingMax: 6, damagesMax: 1 };

function append(file: AppendFile, length: number, value: number): void {
  file.append(new Uint8Array(length).fill(value), 0, length);
}

/** A life in which everything is pending at some time, and the points of it at which no more is than may be. */
async function somePoints(): Promise<CrashPoint[]> {
  const disk = new SimulatedDisk();
  const fileSystem = disk.boot();
  await fileSystem.makeDirectory("/store");
  const log = await fileSystem.create("/store/log");
  append(log, 40, 1);
  await fileSystem.syncDirectory("/store");
  append(log, 600, 2);
  await log.sync();
  append(log, 100, 3);
  const reserve = await fileSystem.create("/store/a.reserve");
  append(reserve, 700, 0);
  append(reserve, 700, 0);
  await reserve.sync();
  append(log, 500, 4);
  await fileSystem.syncDirectory("/store");
  await fileSystem.replace("/store/manifest", new Uint8Array([5]));
  await log.sync();
  await fileSystem.remove("/store/a.reserve");
  append(log, 1, 6);
  const points = Array.from({ length: disk.position + 1 }, (_, ordinal) => crashPointAt(disk, ordinal));
  return points.filter((point) => subsetsAt(point, ONE_DAMAGED) !== undefined);
}

describe("the subsets of what is pending", () => {
  test("leave just the images that counting through everything leaves", async () => {
    const points = await somePoints();
    let most = 0;
    for (const point of points) {
      const found = imagesOf(point, subsetsAt(point, ONE_DAMAGED)!);
      expect(found).toEqual(imagesOf(point, odometer(point)));
      most = Math.max(most, found.size);
    }
    expect(points.length).toBeGreaterThan(10);
    expect(most).toBeGreaterThan(50);
  });

  test("leave out those that lose all that is new, if they are told what that is, and no other", async () => {
    let leftOut = 0;
    for (const point of await somePoints()) {
      for (const newFrom of [point.ordinal, point.ordinal - 1, point.ordinal - 4]) {
        const isNew = point.units.filter(({ logged }) => logged.ordinal >= newFrom).map(({ fateIndex }) => fateIndex);
        const keepsNew = (fates: Fates): boolean => isNew.some((index) => index >= 0 && fates[index] !== fate("lost"));
        const kept = [...subsetsAt(point, { ...ONE_DAMAGED, newFrom })!];
        expect(imagesOf(point, kept)).toEqual(imagesOf(point, odometer(point, keepsNew)));
        leftOut += [...subsetsAt(point, ONE_DAMAGED)!].length - kept.length;
      }
    }
    expect(leftOut).toBeGreaterThan(100);
  });

  test("that are left out leave nothing but what the point before had left", async () => {
    const points = await somePoints();
    let compared = 0;
    for (const [index, point] of points.entries()) {
      const previous = points[index - 1];
      if (previous?.ordinal !== point.ordinal - 1) continue;
      const newFrom = previous.ordinal;
      const covered = imagesOf(previous, subsetsAt(previous, ONE_DAMAGED)!);
      for (const image of imagesOf(point, subsetsAt(point, { ...ONE_DAMAGED, newFrom })!)) covered.add(image);
      const missing = [...imagesOf(point, odometer(point))].filter((image) => !covered.has(image));
      expect(missing).toEqual([]);
      compared += 1;
    }
    expect(compared).toBeGreaterThan(8);
  });

  test("are not gone through where more is pending than they may", async () => {
    const disk = new SimulatedDisk();
    const file = await disk.boot().create("/file");
    for (let value = 0; value < 2; value += 1) append(file, 1, value);
    const point = crashPointAt(disk, disk.position);
    const pending = point.pendingCount;
    expect(pending).toBeGreaterThan(2);
    expect(subsetsAt(point, { pendingMax: pending - 1, damagesMax: 0 })).toBe(undefined);
    expect([...subsetsAt(point, { pendingMax: pending, damagesMax: 0 })!].length).toBe(2 ** pending);
  });
});
