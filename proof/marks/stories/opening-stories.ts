import { encodeSegmentHeader, SEGMENT_HEADER_BYTES } from "@hashlog/format";
import { SimulatedDisk } from "@hashlog/fs-io/testing";
import { long, Script } from "../../world/script.ts";
import { DIRECTORY } from "../../world/text-store.ts";
import { altered } from "../../../test/support/altered.ts";
import {
  changed,
  closedDisk,
  flipped,
  must,
  mustFail,
  mustHold,
  mustRefuse,
  on,
  pathsOf,
  THREE,
  without,
  type Story,
} from "./story.ts";

/** Where the version stands in a manifest and in a segment, behind eight bytes of magic. */
const VERSION_AT = 8;
const HEADER_CHECKSUM_AT = SEGMENT_HEADER_BYTES - 1;

/** A store with files that are not what its manifest says, and directories that are none, or somebody else's. */
export const openingStories: readonly Story[] = [
  {
    title: "a file where the directory should be is no store",
    marks: ["open/not-a-directory"],
    tell: async () => {
      const disk = new SimulatedDisk();
      const fileSystem = disk.boot();
      await fileSystem.makeDirectory("/data");
      await (await fileSystem.create(DIRECTORY)).close();
      await mustFail(new Script(disk).open(), "HASHLOG_INVALID_ARGUMENT");
    },
  },
  {
    title: "a directory that cannot be made now is made by the next opening",
    marks: ["open/making-the-directory-failed", "open/directory-made", "open/new-store"],
    tell: async () => {
      const script = new Script(new SimulatedDisk({ faults: [{ at: { operation: "makeDirectory" }, kind: "EIO" }] }));
      await mustFail(script.open(), "HASHLOG_IO");
      await script.open();
      await mustHold(script, {});
    },
  },
  {
    title: "a directory above, which may not be synced by this user, keeps nobody from making a store in an own one",
    marks: ["open/parent-not-synced"],
    tell: async () => {
      const disk = new SimulatedDisk();
      const fileSystem = disk.boot();
      await fileSystem.makeDirectory("/data");
      await fileSystem.makeDirectory(DIRECTORY);
      disk.inject({ at: { operation: "syncDirectory" }, kind: "EPERM" });
      const script = new Script(disk);
      await script.open();
      must(disk.firedFaults === 1, "the sync was refused");
    },
  },
  {
    title: "a volume that other machines write too is refused before anything is made on it",
    marks: ["open/shared-volume-refused"],
    tell: async () => {
      const disk = new SimulatedDisk();
      const shared = altered(disk.boot(), { sharedVolume: () => Promise.resolve("NFS") });
      await mustFail(new Script(disk).open(shared), "HASHLOG_NOT_SUPPORTED");
      must(disk.image().files.size === 0, "nothing was made");
    },
  },
  {
    title: "a second writer is kept out as long as the first one lives",
    marks: ["lock/store-is-open-elsewhere"],
    tell: async () => {
      const first = await Script.begin();
      const second = new Script(first.disk);
      await mustFail(second.open(), "HASHLOG_LOCKED");
      first.disk.kill();
      await second.open();
    },
  },
  {
    title: "segments without a manifest are damage",
    marks: ["open/segments-without-a-manifest", "open/directory-not-entered"],
    tell: async () => mustRefuse(without(await closedDisk(), "manifest"), "HASHLOG_CORRUPT"),
  },
  {
    title: "a manifest of a later version, or with a damaged byte, is told as such",
    marks: ["manifest/of-another-version", "manifest/damaged"],
    tell: async () => {
      const image = await closedDisk();
      const [path] = pathsOf(image, "manifest");
      await mustRefuse(changed(image, path!, flipped(VERSION_AT)), "HASHLOG_VERSION");
      await mustRefuse(changed(image, path!, flipped(-1)), "HASHLOG_CORRUPT");
    },
  },
  {
    title: "a segment that is missing, short, of a later version, damaged at its head, or another's, is told of",
    marks: [
      "open/segment-missing",
      "open/segment-too-short",
      "open/segment-of-another-version",
      "open/segment-header-damaged",
      "open/segment-is-another",
    ],
    tell: async () => {
      const image = await closedDisk();
      const path = pathsOf(image, "segment")[0]!;
      const foreign = encodeSegmentHeader({ segmentId: 1, identity: 4711n });
      await mustRefuse(image.withoutFile(path), "HASHLOG_CORRUPT");
      await mustRefuse(
        changed(image, path, (bytes) => bytes.subarray(0, -1)),
        "HASHLOG_CORRUPT",
      );
      await mustRefuse(changed(image, path, flipped(VERSION_AT)), "HASHLOG_VERSION");
      await mustRefuse(changed(image, path, flipped(HEADER_CHECKSUM_AT)), "HASHLOG_CORRUPT");
      await mustRefuse(
        changed(image, path, (bytes) => (bytes.set(foreign), bytes)),
        "HASHLOG_CORRUPT",
      );
    },
  },
  {
    title: "a manifest from before the last writes is told of, and what was written since is not cleared away",
    marks: ["open/manifest-older-than-its-log", "open/manifest-older-than-a-segment"],
    tell: async () => {
      const first = await Script.begin({ segments: 0 });
      await first.store.put("a", "1");
      await first.close();
      const before = first.disk.image();
      const [manifest] = pathsOf(before, "manifest");
      // One more write in the same segment; and one that begins another.
      for (const value of ["2", long("2", 450)]) {
        const script = on(before);
        await script.open();
        await script.store.put("b", value);
        await script.close();
        await mustRefuse(script.disk.image().withFile(manifest!, before.bytes(manifest!)!), "HASHLOG_CORRUPT");
      }
    },
  },
  {
    title: "a sealed segment that is damaged is told of by whoever scans it",
    marks: ["load/sealed-segment-damaged"],
    tell: async () => {
      const image = without(await closedDisk(), "checkpoint", "hint");
      await mustRefuse(changed(image, pathsOf(image, "segment")[0]!, flipped(100)), "HASHLOG_CORRUPT");
    },
  },
  {
    title: "a segment that grew after the store was closed clean is not gone on with, and its end is dropped",
    marks: ["open/clean-mark-mistrusted", "segment/not-of-the-length-known", "recovery/torn-tail-dropped"],
    tell: async () => {
      const image = await closedDisk();
      const grown = changed(image, pathsOf(image, "segment").at(-1)!, (bytes) => Uint8Array.of(...bytes, 0));
      const script = on(grown);
      await script.open();
      must(script.store.stats().open.tornTail?.bytes === 1, "one byte was dropped");
      await mustHold(script, THREE);
    },
  },
  {
    title: "caches that cannot be opened or read cost time and nothing else",
    marks: ["load/hint-not-opened", "load/hint-not-readable", "load/checkpoint-not-readable", "load/by-scan"],
    tell: async () => {
      const image = await closedDisk();
      for (const operation of ["openRead", "read"]) {
        for (const [path, disk] of [
          [".checkpoint", image],
          [".hint", without(image, "checkpoint")],
        ] as const) {
          const script = on(disk, { faults: [{ at: { operation, path }, kind: "EIO", sticky: true }] });
          await script.open();
          must(script.store.stats().open.road !== path.slice(1), `${path} was not used`);
          await mustHold(script, THREE);
        }
      }
    },
  },
  {
    title: "caches of another store are not used",
    marks: ["load/hint-unusable", "load/checkpoint-unusable", "load/by-hint", "load/by-checkpoint"],
    tell: async () => {
      const image = await closedDisk();
      const roads: string[] = [];
      for (const kinds of [[], ["checkpoint"], ["checkpoint", "hint"]] as const) {
        let disk = image;
        for (const kind of kinds) for (const path of pathsOf(disk, kind)) disk = changed(disk, path, flipped(-1));
        const script = on(disk);
        await script.open();
        roads.push(script.store.stats().open.road);
        await mustHold(script, THREE);
      }
      must(roads.join() === "checkpoint,hints,scan", `${roads.join()} are the roads`);
    },
  },
];
