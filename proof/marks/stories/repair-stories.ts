import { open, repair, verify, type RepairReport } from "@hashlog/engine";
import { MANIFEST_NAME, segmentFileName } from "@hashlog/format";
import { FsError, type FileSystem, type ReadFile } from "@hashlog/fs-io";
import { SimulatedDisk, type DiskImage } from "@hashlog/fs-io/testing";
import { manifestOf } from "../../world/manifest.ts";
import { mapKeydir } from "../../world/map-keydir.ts";
import { settled } from "../../world/quiet.ts";
import { DIRECTORY } from "../../world/text-store.ts";
import { altered } from "../../../test/support/altered.ts";
import {
  changed,
  closedDisk,
  flipped,
  misreading,
  must,
  mustFail,
  mustHold,
  on,
  pathsOf,
  THREE,
  threeSegments,
  type Story,
} from "./story.ts";

/** The disk of a closed store of three segments, the value of the second damaged. */
async function damagedDisk(): Promise<DiskImage> {
  const image = await closedDisk();
  return changed(image, pathsOf(image, "segment")[1]!, flipped(200));
}

function repaired(fileSystem: FileSystem): Promise<RepairReport> {
  return settled(repair(DIRECTORY, { fileSystem, index: mapKeydir }), "the repair");
}

/** Demands that the store on that disk opens, and holds all that was not damaged. */
async function mustBeMended(disk: SimulatedDisk): Promise<void> {
  const script = on(disk.image());
  await script.open();
  await mustHold(script, { a: THREE["a"]!, c: THREE["c"]! });
  await script.close();
}

/** Damaged stores, looked through and mended. */
export const repairStories: readonly Story[] = [
  {
    title: "a damaged store is mended, and where there are no links what it loses is copied aside",
    marks: ["repair/published", "repair/set-aside-by-copy"],
    tell: async () => {
      const disk = new SimulatedDisk({ image: await damagedDisk() });
      const link = (_source: string, path: string): Promise<void> =>
        Promise.reject(new FsError("FS_NOT_SUPPORTED", "there are no links", { operation: "link", path }));
      const report = await repaired(altered(disk.boot(), { link }));
      must(report.lost.length === 1 && report.mayBeLost.length === 0, "one key is lost");
      must(report.setAside?.files.length === 2, "a segment and its hint lie aside");
      await mustBeMended(disk);
    },
  },
  {
    title: "what a crash left of the next manifest stands for one that is gone, and gets its name",
    marks: ["repair/replacement-takes-its-place"],
    tell: async () => {
      const image = await damagedDisk();
      const path = `${DIRECTORY}/${MANIFEST_NAME}`;
      const disk = new SimulatedDisk({ image: image.withFile(`${path}.new`, image.bytes(path)!).withoutFile(path) });
      const report = await repaired(disk.boot());
      must(!report.manifestRebuilt && report.lost.length === 1, "one key is lost");
      await mustBeMended(disk);
    },
  },
  {
    title: "what does not read back after it was written does not become part of the store",
    marks: ["repair/does-not-read-back", "repair/abandoned"],
    tell: async () => {
      const disk = new SimulatedDisk({ image: await damagedDisk() });
      const before = disk.image();
      const next = `${DIRECTORY}/${segmentFileName(manifestOf(before).nextFileId)}`;
      const fileSystem = disk.boot();
      await mustFail(repaired(misreading(fileSystem, next, 0)), "HASHLOG_IO");
      must(disk.image().bytes(next) === undefined, "nothing is left of it");
      await repaired(fileSystem);
      await mustBeMended(disk);
    },
  },
  {
    title: "a repair that finds no room for its manifest leaves the store as it was",
    marks: ["repair/manifest-not-replaced"],
    tell: async () => {
      const disk = new SimulatedDisk({ image: await damagedDisk() });
      const fileSystem = disk.boot();
      const before = pathsOf(disk.image(), "segment");
      const replace = (path: string): Promise<void> => {
        const details = { operation: "replace", path, outcome: "unchanged" as const };
        return Promise.reject(new FsError("FS_NO_SPACE", "the disk is full", details));
      };
      await mustFail(repaired(altered(fileSystem, { replace })), "HASHLOG_NO_SPACE");
      must(pathsOf(disk.image(), "segment").join() === before.join(), "nothing is left of what it made");
      await repaired(fileSystem);
      await mustBeMended(disk);
    },
  },
  {
    title: "a manifest that is older than the files beside it is not believed",
    marks: ["repair/manifest-distrusted"],
    tell: async () => {
      const script = await threeSegments();
      const path = `${DIRECTORY}/${MANIFEST_NAME}`;
      const older = script.disk.image().bytes(path)!;
      for (const key of ["d", "e", "f"]) await script.store.put(key, THREE["a"]!);
      await script.close();
      const disk = new SimulatedDisk({ image: script.disk.image().withFile(path, older) });
      await mustFail(on(disk.image()).open(), "HASHLOG_CORRUPT");
      const report = await repaired(disk.boot());
      must(report.manifestRebuilt && report.keys === 6, "all of it is there again");
    },
  },
  {
    title: "a store is not looked through while it is written, and sees that its manifest is not its own any more",
    marks: ["verify/somebody-writes", "verify/manifest-is-another"],
    tell: async () => {
      const script = await threeSegments();
      await mustFail(verify(DIRECTORY, { fileSystem: script.disk.boot() }), "HASHLOG_LOCKED");
      const path = `${DIRECTORY}/${MANIFEST_NAME}`;
      const fileSystem = script.disk.boot();
      const bytes = script.disk.image().bytes(path)!;
      await fileSystem.replace(path, flipped(60)(bytes.slice()));
      const { findings } = await settled(script.store.verify(), "the verification");
      must(findings.length === 1 && findings[0]!.subject === "manifest", "that is what is found");
    },
  },
  {
    title: "what was found while somebody wrote the store and closed it again is no report of anything",
    marks: ["verify/somebody-has-written"],
    tell: async () => {
      const disk = new SimulatedDisk({ image: await closedDisk() });
      const fileSystem = disk.boot();
      let written: Promise<void> | undefined;
      const write = async (): Promise<void> => {
        const store = await open(DIRECTORY, { fileSystem, index: mapKeydir, compaction: false });
        await store.close();
      };
      const openRead = async (path: string): Promise<ReadFile> => {
        if (path.endsWith(".segment")) await (written ??= write());
        return fileSystem.openRead(path);
      };
      await mustFail(verify(DIRECTORY, { fileSystem: altered(fileSystem, { openRead }) }), "HASHLOG_LOCKED");
    },
  },
  {
    title: "a place that the disk does not give is damage like any other",
    marks: ["verify/disk-refuses-to-read"],
    tell: async () => {
      const image = await closedDisk();
      const [, path] = pathsOf(image, "segment");
      const disk = new SimulatedDisk({ image });
      const fileSystem = disk.boot();
      const openRead: FileSystem["openRead"] = async (opened) => {
        const file = await fileSystem.openRead(opened);
        if (opened !== path) return file;
        return altered(file, {
          read: (target, at, bytes, position) => {
            if (position > 100 || position + bytes <= 100) return file.read(target, at, bytes, position);
            return Promise.reject(new FsError("FS_IO", "a bad sector", { operation: "read", path: opened }));
          },
        });
      };
      const { findings } = await verify(DIRECTORY, { fileSystem: altered(fileSystem, { openRead }), index: mapKeydir });
      must(findings.length === 1 && findings[0]!.subject === "segment", "the segment is damaged");
    },
  },
];
