import { crashPointAt, DiskImage, SECTOR_BYTES, SimulatedDisk, type CrashPoint } from "@hashlog/fs-io/testing";
import { describe, expect, test } from "vitest";
import { damagesAt } from "./damages.ts";

const MAGIC = [0xc1, 2, 3, 4];
const RECORD = [...MAGIC, 5, 6, 7, 8];
const OLD = [...MAGIC, 9, 9];
const OLDER = [...MAGIC, 8, 8];

/** What each damage of the first unit leaves of the file, whose length is kept; of those of its length: how long it is. */
async function leftOf(
  kind: "bytes" | "length",
  files: Record<string, readonly number[]>,
): Promise<(number[] | number)[]> {
  const image = DiskImage.of(
    Object.fromEntries(Object.entries(files).map(([path, bytes]) => [path, Uint8Array.from(bytes)])),
  );
  const disk = new SimulatedDisk({
    image: files["/log"] === undefined ? image.withFile("/log", new Uint8Array()) : image,
  });
  const log = await disk.boot().openAppend("/log");
  log.append(Uint8Array.from(RECORD), 0, RECORD.length);
  const point: CrashPoint = crashPointAt(disk, disk.position);
  const unit = point.units.find((one) => one.kind === kind)!;
  const intact = point.units.filter(({ fateIndex }) => fateIndex >= 0).map(() => 0);
  return damagesAt(point, unit).map((damage) => {
    const bytes = point.image(intact.with(unit.fateIndex, damage)).bytes("/log")!;
    return kind === "length" ? bytes.length - unit.from : [...bytes.subarray(unit.from)];
  });
}

describe("the damages that are tried on what is pending", () => {
  test("tear it in the middle, and take its first or its last byte", async () => {
    const left = await leftOf("bytes", {});
    for (const torn of [
      [...MAGIC, 0, 0, 0, 0],
      [0, 0, 0, 0, 5, 6, 7, 8],
      [0, ...RECORD.slice(1)],
      [...RECORD.slice(0, -1), 0],
    ]) {
      expect(left).toContainEqual(torn);
    }
  });

  test("show an old record of another file in its place, or of another place in its own file", async () => {
    const sector = [...OLDER, ...Array.from({ length: SECTOR_BYTES - OLDER.length }, () => 1)];
    expect(await leftOf("bytes", { "/old": OLD })).toContainEqual([...OLD, 0, 0]);
    const both = await leftOf("bytes", { "/old": OLD, "/log": sector });
    expect(both).toContainEqual([...OLD, 0, 0]);
    expect(both).toContainEqual([...OLDER, 1, 1]);
  });

  test("leave a length at its beginning, its middle and its end", async () => {
    expect(new Set(await leftOf("length", {}))).toEqual(new Set([1, 4, 7]));
  });
});
