import {
  crashPointAt,
  everyFileDamage,
  SimulatedDisk,
  truncations,
  type CrashPoint,
  type Damage,
  type DiskImage,
  type Fates,
  type Profile,
} from "@hashlog/fs-io/testing";
import { repair, verify } from "@hashlog/engine";
import { MANIFEST_NAME, SEGMENT_HEADER_BYTES, segmentFileName } from "@hashlog/format";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { subsetsAt } from "../crashing/subsets.ts";
import { mustHoldOfRepair } from "../properties/p24-repair.ts";
import { runs, TEST_TIMEOUT_MS } from "../world/runs.ts";
import { DIRECTORY } from "../world/text-store.ts";
import { VirtualClock } from "../world/virtual-clock.ts";
import { everyByte, everySector, zeroTails } from "./every-byte.ts";
import { filesOf, withoutCaches } from "./store-files.ts";
import { openSmall, READ_AT } from "./opening.ts";
import { recordsOf } from "./records-of.ts";
import { RepairJudge } from "./repair-judge.ts";
import { smallStore, STORE_NAMES, type SmallStore } from "./stores.ts";

/**
 * P24: a store is damaged in any way, and repaired. Of each kind of damage every so many are tried, others each time that the
 * step is another; combinations at random; and repairs that are cut off at any step.
 */
const STEP = 97;
const MANIFEST = `${DIRECTORY}/${MANIFEST_NAME}`;
const WITHOUT: readonly (readonly string[])[] = [[], ["checkpoint"], ["checkpoint", "hint"]];

function* someDamages(store: SmallStore, image: DiskImage, step: number): Generator<Damage> {
  let at = 0;
  for (const path of filesOf(store)) {
    if (!image.files.has(path)) continue;
    for (const damages of [everyByte(image, path), everySector(store, image, path)]) {
      for (const damage of damages) {
        at += 1;
        if (at % step === 0) yield damage;
      }
    }
  }
}

/** What a kill leaves, and power cuts: up to six things pending each subset of them, beyond that all lost; each image once. */
function* leftAt(point: CrashPoint, seen: Set<string>): Generator<DiskImage> {
  const cuts = subsetsAt(point, { pendingMax: 6, damagesMax: 0 }) ?? [];
  const crashes: readonly { readonly profile: Profile; readonly fates?: Fates }[] = [
    { profile: "kill" },
    { profile: "drop-all" },
    ...[...cuts].map((fates) => ({ profile: "free" as const, fates })),
  ];
  for (const { fates, profile } of crashes) {
    const { low, high } = point.imageHash(fates, profile);
    const hash = `${low} ${high}`;
    if (seen.has(hash)) continue;
    seen.add(hash);
    yield point.image(fates, profile);
  }
}

test(
  "a repair that is cut off at any step, or right after its last, has lost nothing more, and can be done again",
  async () => {
    let cutOff = 0;
    for (const name of STORE_NAMES) {
      const store = await smallStore(name);
      const judge = await RepairJudge.of(store);
      const image = withoutCaches(store.image, ["checkpoint"]);
      for (const damage of someDamages(store, image, 2003)) {
        const damaged = damage.apply(image);
        const disk = new SimulatedDisk({ image: damaged });
        const shared = { index: store.shape.keydir, clock: new VirtualClock(READ_AT) };
        const report = await repair(DIRECTORY, { ...shared, fileSystem: disk.boot() }).catch(() => undefined);
        if (report?.changed !== true) continue;
        const steps = disk.position;
        const seen = new Set<string>();
        for (let step = 0; step <= steps; step += 1) {
          for (const left of leftAt(crashPointAt(disk, step), seen)) {
            await judge.judgeAgain(left, damaged, report);
            cutOff += 1;
          }
        }
        disk.kill();
      }
    }
    console.info(`cut off in ${cutOff} ways`);
    expect(cutOff).toBeGreaterThan(700);
  },
  TEST_TIMEOUT_MS,
);

test(
  "where the frame of all that is known to have been durable is damaged, and the end of the log with it, the report says that more may be lost",
  async () => {
    const store = await smallStore("killed within a segment");
    const judge = await RepairJudge.of(store);
    const image = withoutCaches(store.image, ["checkpoint", "hint"]);
    const { segmentId } = store.manifest.segments.find(({ state }) => state === "unsealed")!;
    const path = `${DIRECTORY}/${segmentFileName(segmentId)}`;
    const header = image.withFile(path, flipped(image.bytes(path)!, SEGMENT_HEADER_BYTES));
    const fence = (await recordsOf(store)).find((record) => record.path === path)!.end;
    for (const damages of [zeroTails(header, path), truncations(header, path)]) {
      let at = 0;
      for (const damage of damages) {
        at += 1;
        if (at > fence && at % 7 === 0) await judge.try(header, damage);
      }
    }
    expect(judge.lost).toBeGreaterThan(100);
  },
  TEST_TIMEOUT_MS,
);

test("where an older manifest lies, or none, a repair leaves nothing to repair, nor does an opening that believes it", async () => {
  let believed = 0;
  for (const name of STORE_NAMES) {
    const store = await smallStore(name);
    const judge = await RepairJudge.of(store);
    for (const damage of everyFileDamage(store.image, MANIFEST, { sources: [], earlier: store.past })) {
      await judge.try(store.image, damage);
      const disk = new SimulatedDisk({ image: damage.apply(store.image) });
      const fileSystem = disk.boot();
      const opened = await openSmall(fileSystem, store.shape).catch(() => undefined);
      if (opened === undefined) continue;
      // At once: nothing was written in the background.
      await opened.close();
      const shared = { fileSystem, index: store.shape.keydir, clock: new VirtualClock(READ_AT) };
      const { findings } = await verify(DIRECTORY, shared);
      mustHoldOfRepair(findings.length === 0, `${damage.description}: ${findings[0]?.what}`);
      believed += 1;
    }
  }
  expect(believed).toBeGreaterThan(5);
});

test.each(STORE_NAMES)(
  "a store that was %s and is damaged in several places is repaired",
  async (name) => {
    const store = await smallStore(name);
    const judge = await RepairJudge.of(store);
    const all = WITHOUT.map((kinds) => {
      const image = withoutCaches(store.image, kinds);
      return { image, damages: [...someDamages(store, image, 17)] };
    });
    const places = fc.array(fc.nat(), { minLength: 2, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.nat(WITHOUT.length - 1), places, async (road, chosen) => {
        const { image, damages } = all[road]!;
        const described: string[] = [];
        let damaged = image;
        for (const place of chosen) {
          const damage = damages[place % damages.length]!;
          try {
            damaged = damage.apply(damaged);
            described.push(damage.description);
          } catch {
            // The file is too short for it by now, or gone.
          }
        }
        try {
          await judge.judge(damaged, image);
        } catch (error) {
          throw new Error(`${described.join("; ")}: ${String(error)}`, { cause: error });
        }
      }),
      { numRuns: runs(150) },
    );
  },
  TEST_TIMEOUT_MS,
);

test.each(STORE_NAMES)(
  "a damaged store that was %s is repaired, and tells what it lost",
  async (name) => {
    const store = await smallStore(name);
    const judge = await RepairJudge.of(store);
    for (const [index, kinds] of WITHOUT.entries()) {
      const image = withoutCaches(store.image, kinds);
      for (const damage of someDamages(store, image, Math.ceil(STEP / runs(1)) + 2 * index))
        await judge.try(image, damage);
    }
    const { tried, found, lost, saved, refused } = judge;
    console.info(
      `${name}: ${tried} repaired, ${found} found damaged, ${lost} keys lost, ${saved} saved, ${refused} refused`,
    );
    expect({ tried: tried > 300, found: found > 100, lost: lost > 50, saved: saved > 0 }).toEqual({
      tried: true,
      found: true,
      lost: true,
      saved: true,
    });
  },
  TEST_TIMEOUT_MS,
);

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const flippedBytes = bytes.slice();
  flippedBytes[at]! ^= 1;
  return flippedBytes;
}
