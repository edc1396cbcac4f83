import { SEGMENT_HEADER_BYTES } from "@hashlog/format";
import { type FileSystem, type ReadFile } from "@hashlog/fs-io";
import { SimulatedDisk, type DiskImage, type WaitingCall } from "@hashlog/fs-io/testing";
import { quiet } from "../../world/quiet.ts";
import { long } from "../../world/script.ts";
import { openStore } from "../../world/text-store.ts";
import { mustShow, openReader } from "./reader-stories.ts";
import { altered } from "../../../test/support/altered.ts";
import {
  changed,
  closedDisk,
  goOnBut,
  goOnUntil,
  must,
  mustFail,
  mustHold,
  on,
  pathsOf,
  THREE,
  threeSegments,
  type Story,
} from "./story.ts";

const SEGMENT = ".segment";
const MANIFEST = ".manifest";

/** A file system on which one byte of the files whose path ends so reads wrong, so many times. */
class Spoiling {
  readonly fileSystem: FileSystem;
  #offset = 0;
  #times = 0;

  constructor(inner: FileSystem, ending: string) {
    this.fileSystem = altered(inner, {
      openRead: async (path) => {
        const file = await inner.openRead(path);
        return path.endsWith(ending) ? this.#spoilt(file) : file;
      },
    });
  }

  spoil(offset: number, times: number): void {
    this.#offset = offset;
    this.#times = times;
  }

  #spoilt(file: ReadFile): ReadFile {
    const read: ReadFile["read"] = async (target, at, bytes, position) => {
      const got = await file.read(target, at, bytes, position);
      const index = this.#offset - position;
      if (this.#times > 0 && index >= 0 && index < got) {
        this.#times -= 1;
        target[at + index]! ^= 0xff;
      }
      return got;
    };
    return altered(file, { read });
  }
}

/** Disks of which a process sees one after the other, as when a backup is put in the place of what it has open. */
function takingTurns(first: FileSystem): { fileSystem: FileSystem; turnTo: (next: FileSystem) => void } {
  let current = first;
  const fileSystem = new Proxy(first, {
    get: (_first, name) => {
      const member = Reflect.get(current, name, current) as unknown;
      return typeof member === "function" ? (member.bind(current) as unknown) : member;
    },
  });
  return { fileSystem, turnTo: (next) => (current = next) };
}

/** The disk with the end of its last segment changed. */
function withEnd(image: DiskImage, change: (bytes: Uint8Array) => Uint8Array): DiskImage {
  return changed(image, pathsOf(image, "segment").at(-1)!, change);
}

/** The length of the last segment. */
function endOfLog(image: DiskImage): number {
  return image.bytes(pathsOf(image, "segment").at(-1)!)!.length;
}

/** The end of a log that somebody else writes, and what a reader takes for an end, for damage, or for neither. */
export const tailStories: readonly Story[] = [
  {
    title: "a frame of which a part is there yet, and a torn end, are the end of the log, as for the next writer",
    marks: ["tail/frame-half-written", "tail/torn-end"],
    tell: async () => {
      const script = await threeSegments({ sync: "never" });
      for (const value of ["4", "5"]) await script.store.put("d", value);
      script.disk.kill();
      const image = script.disk.image();
      for (const change of [
        (bytes: Uint8Array) => bytes.subarray(0, -1),
        (bytes: Uint8Array) => bytes.subarray(0, -20),
        (bytes: Uint8Array) => bytes.fill(0xaa, -20),
      ]) {
        const torn = on(withEnd(image, change));
        const reader = await openReader(torn);
        await mustShow(reader, { ...THREE, d: "4" });
        must(!(await reader.refresh()), "there is no more");
        await torn.open();
        await mustHold(torn, { ...THREE, d: "4" });
      }
    },
  },
  {
    title:
      "a place that reads wrong while it is written is read again; one that stays so below what was durable is told of",
    marks: ["tail/whole-at-the-second-look", "tail/testified-corruption-refused"],
    tell: async () => {
      for (const times of [1, Infinity]) {
        const script = await threeSegments({ segments: 2 });
        const spoiling = new Spoiling(script.disk.boot(), SEGMENT);
        const reader = await openReader(script, spoiling.fileSystem);
        const end = endOfLog(script.disk.image());
        for (const value of ["4", "5", "6"]) await script.store.put("d", value);
        spoiling.spoil(end, times);
        if (times > 1) {
          for (let turn = 0; turn < 2; turn += 1) await mustFail(reader.refresh(), "HASHLOG_CORRUPT");
          await mustShow(reader, THREE);
          spoiling.spoil(end, 0);
        }
        must(await reader.refresh(), "there is more");
        await mustShow(reader, { ...THREE, d: "6" });
      }
    },
  },
  {
    title: "a segment that was sealed since and does not read well is left to a load, which has it from a hint",
    marks: ["tail/sealed-segment-damaged", "reader/growth-did-not-fit"],
    tell: async () => {
      const script = await threeSegments();
      await script.store.put("d", "4");
      const spoiling = new Spoiling(script.disk.boot(), pathsOf(script.disk.image(), "segment").at(-1)!);
      const reader = await openReader(script, spoiling.fileSystem);
      const end = endOfLog(script.disk.image());
      const added = { e: "5", f: long("6"), g: long("7") };
      for (const [key, value] of Object.entries(added)) await script.store.put(key, value);
      await quiet();
      spoiling.spoil(end, Infinity);
      must(await reader.refresh(), "there is more");
      spoiling.spoil(end, 0);
      await mustShow(reader, { ...THREE, d: "4", ...added });
    },
  },
  {
    title: "a log whose end is missing without a trace is told of, as the manifest knows that it was durable",
    marks: ["tail/end-of-log-missing"],
    tell: async () => {
      const script = await threeSegments();
      await script.store.put("d", "4");
      await script.store.checkpoint();
      script.disk.kill();
      const cut = withEnd(script.disk.image(), (bytes) => bytes.subarray(0, SEGMENT_HEADER_BYTES));
      await mustFail(openReader(on(cut)), "HASHLOG_CORRUPT");
    },
  },
  {
    title: "a write that is refused is shown to nobody, though it was read, when the log goes on without it",
    marks: ["reader/read-what-the-log-left-out"],
    tell: async () => {
      const script = await threeSegments();
      await script.store.put("d", "4");
      const reader = await openReader(script);
      script.disk.inject({ at: { operation: "sync", path: SEGMENT }, kind: "ENOSPC" });
      await mustFail(script.store.put("e", "refused"), "HASHLOG_NO_SPACE");
      await reader.refresh();
      await mustShow(reader, { ...THREE, d: "4" });
      await script.store.put("f", "6");
      await reader.refresh();
      for (const one of [reader, await openReader(script)]) await mustShow(one, { ...THREE, d: "4", f: "6" });
    },
  },
  {
    title: "a reader that cannot open a new segment shows what it did, and all of it once it can",
    marks: ["reader/new-segment-not-opened"],
    tell: async () => {
      const script = await threeSegments();
      const reader = await openReader(script);
      for (const key of ["d", "e"]) await script.store.put(key, long(key));
      await quiet();
      script.disk.inject({ at: { operation: "openRead", path: SEGMENT, nth: 1 }, kind: "EMFILE" });
      await mustFail(reader.refresh(), "HASHLOG_IO");
      await mustShow(reader, THREE);
      must(await reader.refresh(), "there is more");
      await mustShow(reader, { ...THREE, d: long("d"), e: long("e") });
    },
  },
  {
    title: "what was shown stays: a reader does not go over to another store, or to an older copy of its own",
    marks: ["reader/another-store-in-its-place", "reader/log-went-back"],
    tell: async () => {
      const script = await threeSegments();
      const older = await closedDisk();
      const another = new SimulatedDisk();
      await (await openStore(another.boot(), { sync: "always", segments: 0 }, script.clock, 4711)).close();
      await script.store.put("d", "4");
      const { fileSystem, turnTo } = takingTurns(script.disk.boot());
      const reader = await openReader(script, fileSystem);
      for (const other of [another, new SimulatedDisk({ image: older })]) {
        turnTo(other.boot());
        await mustFail(reader.refresh(), "HASHLOG_CORRUPT");
        await mustShow(reader, { ...THREE, d: "4" });
      }
    },
  },
  {
    title: "a reader that follows notes that it cannot catch up, and tries again",
    marks: ["follower/failed-and-tries-again"],
    tell: async () => {
      const script = await threeSegments();
      const reader = await openReader(script, script.disk.boot(), { follow: true });
      await script.store.put("d", "4");
      script.disk.inject({ at: { operation: "openRead", path: MANIFEST }, kind: "EIO" });
      for (const failures of [1, 1]) {
        script.clock.tick(20);
        await quiet();
        must(reader.stats().failures.count === failures, `${failures} failure was noted`);
      }
      await mustShow(reader, { ...THREE, d: "4" });
      await reader.close();
    },
  },
  {
    title:
      "who asks to catch up while that is under way is answered by another turn, which sees what was written since",
    marks: ["turns/asked-for-while-another-ran"],
    tell: async () => {
      const script = await threeSegments();
      const { disk } = script;
      const reader = await openReader(script);
      await script.store.put("d", "4");
      disk.pause();
      const first = reader.refresh();
      // Up to where it has read the manifest, and the log.
      const isReading = ({ operation, path }: WaitingCall): boolean => operation === "read" && path.endsWith(SEGMENT);
      await goOnUntil(disk, () => disk.waiting.some(isReading), isReading);
      await goOnBut(disk, script.store.put("e", long("5")), isReading);
      const [second, third] = [reader.refresh(), reader.refresh()];
      disk.resume();
      must((await first) && (await second) && (await third), "each shows more");
      await mustShow(reader, { ...THREE, d: "4", e: long("5") });
    },
  },
];
