import { utf8, type CompactionOptions, type OpenOptions } from "@hashlog/engine";
import type { MergeStrategy } from "@hashlog/compactor";
import { SimulatedDisk } from "@hashlog/fs-io/testing";
import { LIMITS, type Limits } from "../../../packages/engine/src/limits.ts";
import { openWithin } from "../../../packages/engine/src/open.ts";
import { mapKeydir } from "../../world/map-keydir.ts";
import { quiet, settled } from "../../world/quiet.ts";
import { long } from "../../world/script.ts";
import { DIRECTORY, readState, type TextStore } from "../../world/text-store.ts";
import { VirtualClock } from "../../world/virtual-clock.ts";
import { altered } from "../../../test/support/altered.ts";
import { changed, closedDisk, flipped, must, mustFail, pathsOf, THREE, type Story } from "./story.ts";

/** How a store is opened that merges by itself. */
interface Background extends CompactionOptions {
  readonly disk?: SimulatedDisk;
  readonly clock?: VirtualClock;
  readonly limits?: Partial<Limits>;
  readonly options?: OpenOptions<string, string>;
}

interface Opened {
  readonly disk: SimulatedDisk;
  readonly clock: VirtualClock;
  readonly store: TextStore;
}

/** Opens a store whose background takes everything as soon as anything is dead. */
async function openGreedy(background: Background = {}): Promise<Opened> {
  const { disk = new SimulatedDisk(), clock = new VirtualClock(), limits, options, ...compaction } = background;
  const fileSystem = disk.boot();
  const shared = { fileSystem, clock, values: utf8, segmentBytesMax: 512, ...options };
  const opening = openWithin({ ...LIMITS, compactionLookBytes: 1, mergeSliceBytes: 100, ...limits }, DIRECTORY, {
    ...shared,
    compaction: { strategy: greedy, jitter: 0, ...compaction },
  });
  return { disk, clock, store: await settled(opening, "opening") };
}

const greedy: MergeStrategy = {
  name: "greedy",
  choose({ segments }) {
    const mergeable = segments.filter(({ state, records }) => state !== "unsealed" && records > 0);
    const isDead = mergeable.some(({ recordBytes, liveBytes }) => recordBytes > liveBytes);
    if (!isDead) return undefined;
    return { trigger: "greed", segments: mergeable.map(({ segmentId }) => ({ segmentId, reason: "there" })) };
  },
};

/** Chooses nothing, ever. */
const idle: MergeStrategy = { name: "idle", choose: () => undefined };

/** Writes the key so often that segments fill with what is dead; what it holds then. */
async function overwrite(store: TextStore, key: string, times: number = 4): Promise<string> {
  for (let turn = 0; turn < times; turn += 1) await store.put(key, long(`${key}${turn}`));
  return long(`${key}${times - 1}`);
}

/** The same, all of it before the first merge begins. */
async function overwriteUnmerged(store: TextStore, key: string): Promise<string> {
  store.compaction.pause();
  const value = await overwrite(store, key);
  await quiet();
  store.compaction.resume();
  await quiet();
  return value;
}

/** Demands that the store holds exactly that, now and after a power cut that takes all it may. */
async function mustStand({ disk, store }: Opened, expected: Readonly<Record<string, string>>): Promise<void> {
  const isIt = async (held: TextStore): Promise<boolean> => {
    const state = await readState(held);
    return state.size === Object.keys(expected).length && [...state].every(([key, value]) => expected[key] === value);
  };
  must(await isIt(store), "the store holds what was written");
  disk.powerCut([], "drop-all");
  const again = await openGreedy({ disk, strategy: idle });
  must(await isIt(again.store), "it holds it after a power cut");
  await again.store.close();
}

/** Merges that nobody asks for: how they begin, wait, fail, and are given up; and writes that wait for them. */
export const backgroundStories: readonly Story[] = [
  {
    title: "a merge in the background takes what is dead, the active segment too, whatever its listeners do",
    marks: ["compaction/merged-in-the-background", "merge/active-segment-sealed-early", "merge/listener-failed"],
    tell: async () => {
      const onEnd = (): void => {
        throw new Error("a listener fails");
      };
      const opened = await openGreedy({ onEnd });
      const { store } = opened;
      await store.put("b", "1");
      const a = await overwrite(store, "a");
      await quiet();
      const { compaction, deadBytes, failures } = store.stats();
      must(compaction.merges > 0 && deadBytes === 0, "what was dead is gone");
      must(compaction.failures.count === 0 && failures.count === compaction.merges, "each failed listener was noted");
      await mustStand(opened, { a, b: "1" });
    },
  },
  {
    title: "an opening joins what lives of one write each have left, before it resolves",
    marks: ["compaction/crumbs-joined-by-an-opening"],
    tell: async () => {
      const disk = new SimulatedDisk();
      const expected: Record<string, string> = {};
      for (let life = 0; life < 4; life += 1) {
        const { store } = await openGreedy({ disk, strategy: idle, limits: { crumbsMost: 100 } });
        await store.put(`${life}`, "1", { sync: true });
        expected[`${life}`] = "1";
        disk.kill();
      }
      const opened = await openGreedy({ disk, strategy: idle, limits: { crumbsMost: 3 } });
      must(opened.store.stats().segments.length === 1, "they are one");
      await mustStand(opened, expected);
    },
  },
  {
    title:
      "a merge stops where it is while it is paused, goes on when resumed, and is given up for one that was asked for",
    marks: ["merge/paused", "compaction/background-merge-given-up"],
    tell: async () => {
      for (const ending of ["resumed", "given up"] as const) {
        let isFirst = true;
        const opened: Opened = await openGreedy({
          onProgress: ({ phase }) => {
            if (phase === "copy" && isFirst) opened.store.compaction.pause();
            isFirst = false;
          },
        });
        const { store } = opened;
        const a = await overwrite(store, "a");
        await quiet();
        must(store.compaction.isPaused && store.stats().compaction.state === "paused", "it is paused");
        must(store.stats().compaction.merges === 0, "and has not ended");
        if (ending === "resumed") store.compaction.resume();
        else await settled(store.compact(), "a merge that was asked for");
        await quiet();
        const { merges, trigger, last, failures } = store.stats().compaction;
        must(merges > 0 && trigger === undefined && failures.count === 0, "it has ended");
        must((last?.trigger === "listed") === (ending === "given up"), `the last one was ${last?.trigger}`);
        must(store.stats().deadBytes === 0, "nothing is left to do");
        await mustStand(opened, { a });
      }
    },
  },
  {
    title: "a merge takes as long as its rate asks for",
    marks: ["merge/slowed-down-to-its-rate"],
    tell: async () => {
      const ticksAt = async (bytesPerSecondMax: number): Promise<number> => {
        const opened = await openGreedy({ bytesPerSecondMax });
        const a = await overwrite(opened.store, "a");
        let ticks = 0;
        const isDone = (): boolean => opened.store.stats().deadBytes === 0;
        for (await quiet(); !isDone() && ticks < 1000; ticks += 1) {
          opened.clock.tick(100);
          await quiet();
        }
        must(isDone(), "it comes to its end");
        await mustStand(opened, { a });
        return ticks;
      };
      must((await ticksAt(500)) > 2 * (await ticksAt(5000)), "a tenth of the rate takes more than twice as long");
    },
  },
  {
    title: "a merge that fails in the background is counted, and tried again, but not at once",
    marks: ["compaction/failed-in-the-background", "compaction/not-again-so-soon"],
    tell: async () => {
      let starts = 0;
      const opened: Opened = await openGreedy({
        onStart: () => {
          starts += 1;
          if (starts === 1) opened.disk.inject({ at: { operation: "create", path: ".segment" }, kind: "EIO" });
        },
      });
      const { store, clock } = opened;
      const first = await overwriteUnmerged(store, "a");
      must(store.stats().compaction.state === "waiting" && starts === 1, "it waits");
      must(store.stats().compaction.failures.count === 1 && store.getSync("a") === first, "and nothing is lost");
      store.compaction.pause();
      store.compaction.resume();
      const b = await overwrite(store, "b", 2);
      await quiet();
      must(starts === 1, "it is not tried again at once");
      clock.tick(70_000);
      await quiet();
      must(starts > 1 && store.stats().deadBytes === 0, "it is tried again");
      await mustStand(opened, { a: first, b });
    },
  },
  {
    title: "a segment that is damaged is taken by one merge in the background, and by none after it",
    marks: ["merge/damaged-input-left-out"],
    tell: async () => {
      const image = await closedDisk();
      const path = pathsOf(image, "segment")[1]!;
      const plans: (readonly number[])[] = [];
      const { store } = await openGreedy({
        disk: new SimulatedDisk({ image: changed(image, path, flipped(200)) }),
        onStart: ({ segments }) => plans.push(segments.map(({ segmentId }) => segmentId)),
      });
      for (let turn = 0; turn < 3; turn += 1) {
        const a = await overwrite(store, "a");
        await quiet();
        must(store.getSync("a") === a && store.getSync("c") === THREE["c"], "what is whole is there");
      }
      const [damage, ...more] = store.stats().compaction.damaged;
      must(damage !== undefined && more.length === 0, "the damage is told");
      const tries = plans.filter((segmentIds) => segmentIds.includes(damage.segmentId));
      must(tries.length === 1 && plans.length > 2, `${tries.length} of ${plans.length} merges took it`);
      must(image.files.has(path) && store.stats().segments[0]?.segmentId === damage.segmentId, "it stays");
    },
  },
  {
    title: "where there is less room than the volume said, fewer segments are merged at once",
    marks: ["compaction/less-room-than-was-told"],
    tell: async () => {
      const opened = await openGreedy({ strategy: idle });
      const { disk, store } = opened;
      await store.put("b", "1");
      const a = await overwrite(store, "a", 6);
      await quiet();
      const inputs = store.stats().segments.length;
      disk.inject({ at: { operation: "append", path: ".segment" }, kind: "ENOSPC", keepBytes: 0 });
      const report = await settled(store.compact(), "a merge");
      must(disk.firedFaults === 1 && report.inputs.length === inputs, "all were merged, in more than one go");
      await mustStand(opened, { a, b: "1" });
    },
  },
  {
    title: "on a full volume deletes are done in the reserve, puts wait until a merge has made room for it again",
    marks: ["reserve/lent-to-deletes", "reserve/puts-wait-for-it", "compaction/wanted-by-a-full-volume"],
    tell: async () => {
      // The bytes of files: six times those of the reserve.
      const disk = new SimulatedDisk({ capacityBytes: 6 * 256 * 1024 });
      const opened = await openGreedy({ disk, strategy: idle, options: { segmentBytesMax: 100_000 } });
      const { store, clock } = opened;
      store.compaction.pause();
      const left = new Map<string, string>();
      const put = (key: string): Promise<unknown> => store.put(key, long(key, 20_000));
      for (let index = 0; ; index += 1) {
        const isPut = await put(`k${index}`).then(
          () => true,
          () => false,
        );
        if (!isPut) break;
        left.set(`k${index}`, long(`k${index}`, 20_000));
      }
      must(left.size > 40, "the volume is full");
      // The log ends where the last put found no room: what is left of its segment takes some deletes.
      const keys = [...left.keys()];
      for (const key of keys.slice(0, 40)) {
        await store.delete(key);
        left.delete(key);
      }
      await mustFail(put("more"), "HASHLOG_NO_SPACE");
      store.compaction.resume();
      await quiet();
      clock.tick(70_000);
      await quiet();
      must(store.stats().compaction.merges > 0, "a merge came by itself");
      await put("more");
      left.set("more", long("more", 20_000));
      await mustStand(opened, Object.fromEntries(left));
    },
  },
  {
    title: "who writes faster than a merge gets on waits for it, and for no longer",
    marks: ["commit/waits-for-a-merge"],
    tell: async () => {
      let letGo: () => void = () => undefined;
      const held = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      let starts = 0;
      const disk = new SimulatedDisk();
      const inner = disk.boot();
      const fileSystem = altered(inner, {
        create: async (path) => {
          // The output of the first merge: what the log begins comes later.
          if (starts === 1) {
            starts += 1;
            await held;
          }
          return inner.create(path);
        },
      });
      const opened = await openGreedy({
        disk,
        onStart: () => {
          starts += 1;
        },
        limits: { mergeSliceBytes: LIMITS.mergeSliceBytes },
        options: { fileSystem, segmentBytesMax: 32 * MIB, sync: "never" },
      });
      const { store } = opened;
      const a = await overwriteUnmerged(store, "a");
      const large = ["b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"];
      const puts = large.map((key) => store.put(key, long(key, MIB)));
      await quiet();
      const { compaction, pendingWrites } = store.stats();
      must(compaction.state === "merging" && compaction.merges === 0, "a merge does not get on");
      must(pendingWrites > 0 && pendingWrites < large.length, `${pendingWrites} writes wait for it`);
      letGo();
      await settled(Promise.all(puts), "what waited");
      await store.sync();
      await mustStand(opened, { a, ...Object.fromEntries(large.map((key) => [key, long(key, MIB)])) });
    },
  },
  {
    title: "what is deleted while it is looked what has expired is not among it",
    marks: ["expiry/changed-where-the-sweep-has-been"],
    tell: async () => {
      let onYield: (() => Promise<unknown>) | undefined;
      class Interrupted extends VirtualClock {
        override async yield(): Promise<void> {
          const once = onYield;
          onYield = undefined;
          await once?.();
        }
      }
      const clock = new Interrupted();
      const options = { segmentBytesMax: 32 * MIB, index: mapKeydir };
      const { store } = await openGreedy({ clock, strategy: idle, options });
      const keys = Array.from({ length: 17_000 }, (_, index) => `k${index}`);
      await store.batch(keys.map((key) => ({ type: "put", key, value: "1", ttlMs: 10 }) as const));
      await quiet();
      let yields = 0;
      onYield = () => {
        yields += 1;
        return Promise.all(keys.slice(0, 20).map((key) => store.delete(key)));
      };
      clock.tick(70_000);
      await quiet();
      const { expiredBytes, liveBytes, expiredAsOfMs, keys: left } = store.stats();
      must(yields === 1 && left === keys.length - 20, "some were deleted in the midst of it");
      must(expiredAsOfMs === clock.now() && expiredBytes === liveBytes, `${expiredBytes} is ${liveBytes}`);
    },
  },
  {
    title: "a segment that the disk does not give any more is left out, and the others are merged",
    marks: ["compaction/unreadable-segment-left-out"],
    tell: async () => {
      const opened = await openGreedy();
      const { store, disk, clock } = opened;
      store.compaction.pause();
      await overwrite(store, "a");
      await quiet();
      const [first] = pathsOf(disk.image(), "segment");
      disk.inject({ at: { operation: "read", path: first! }, kind: "EIO", sticky: true });
      store.compaction.resume();
      await quiet();
      const { failures, damaged } = store.stats().compaction;
      must(failures.count === 1 && damaged.length === 1, "it is known by the failure of a merge");
      clock.tick(1000);
      await quiet();
      must(store.stats().merges > 0, "the next one goes through without it");
      disk.clearFaults();
      await settled(store.compact(), "a merge that was asked for");
      must(store.stats().deadBytes === 0 && store.stats().compaction.damaged.length === 0, "and takes it, once it can");
    },
  },
  {
    title: "what finds no room in a merge that was asked for is named beside what was merged",
    marks: ["compaction/no-room-for-the-rest"],
    tell: async () => {
      const fileSystem = new SimulatedDisk().boot();
      const store = await settled(
        openWithin(LIMITS, DIRECTORY, { fileSystem, values: utf8, compaction: false }),
        "opening",
      );
      await store.put("large", "x".repeat(5000));
      await settled(store.compact(), "a merge that ends the segment");
      await overwrite(store, "a");
      fileSystem.freeBytes = () => Promise.resolve(16 * 1024 - 256 * 1024 + 2000);
      const { inputs, leftOut } = await settled(store.compact(), "a merge");
      must(inputs.length === 1 && leftOut.length === 1, "one was merged, one was not");
      await store.close();
    },
  },
];

const MIB = 1024 * 1024;
