import { open, utf8, type Store } from "@hashlog/engine";
import { FsError, type FileSystem } from "@hashlog/fs-io";
import { quiet, settled } from "../../world/quiet.ts";
import { long, type Script } from "../../world/script.ts";
import { altered } from "../../../test/support/altered.ts";
import { must, mustFail, mustNoteFailures, THREE, threeSegments, type Story } from "./story.ts";

const BACKUP = "/data/backup";

/** Opens what was backed up, in a process of its own, and looks whether it is that. */
async function mustBeBackedUp(script: Script, expected: Readonly<Record<string, string>>): Promise<void> {
  const db = await open(BACKUP, {
    fileSystem: script.disk.boot(),
    clock: script.clock,
    values: utf8,
    compaction: false,
  });
  for (const [key, value] of Object.entries(expected)) must(db.getSync(key) === value, `${key} is in the backup`);
  must(db.stats().keys === Object.keys(expected).length, "there is nothing else in it");
  await settled(db.close(), "closing the backup");
}

/** Opens a copy of a backup as a store, in a process of its own. No file of a backup is ever written into: links will do. */
async function openCopy(script: Script, source: string, target: string): Promise<Store<string, string>> {
  const fileSystem = script.disk.boot();
  await fileSystem.makeDirectory(target);
  for (const name of await fileSystem.list(source)) {
    await fileSystem.link(fileSystem.join(source, name), fileSystem.join(target, name));
  }
  return open(target, { fileSystem, clock: script.clock, values: utf8, compaction: false });
}

/** A file system without links. */
function withoutLinks(inner: FileSystem): FileSystem {
  const link = (_source: string, path: string): Promise<void> =>
    Promise.reject(new FsError("FS_NOT_SUPPORTED", "there are no links", { operation: "link", path }));
  return altered(inner, { link });
}

/** Copies of a store that is in use. */
export const backupStories: readonly Story[] = [
  {
    title: "a first backup that is cut off is no store, and is made whole by the next one",
    marks: ["backup/linking-failed", "backup/first-one-begun-again", "open/backup-cut-off"],
    tell: async () => {
      const script = await threeSegments();
      script.disk.inject({ at: { operation: "link" }, kind: "EIO" });
      await mustFail(script.store.backup(BACKUP), "HASHLOG_IO");
      await mustFail(open(BACKUP, { fileSystem: script.disk.boot(), clock: script.clock }), "HASHLOG_CORRUPT");
      const report = await script.store.backup(BACKUP);
      must(report.linked === 3, "all segments are linked");
      await mustBeBackedUp(script, THREE);
    },
  },
  {
    title: "a directory that holds another store is not backed up into, and is free afterwards",
    marks: ["backup/directory-not-entered"],
    tell: async () => {
      const script = await threeSegments();
      const shared = { fileSystem: script.disk.boot(), clock: script.clock, values: utf8, compaction: false };
      const another = await open(BACKUP, shared);
      await another.put("of another", "1");
      await settled(another.close(), "closing the other store");
      await mustFail(script.store.backup(BACKUP), "HASHLOG_INVALID_ARGUMENT");
      await mustBeBackedUp(script, { "of another": "1" });
    },
  },
  {
    title: "a store is not backed up into itself",
    marks: ["backup/into-itself"],
    tell: async () => {
      const script = await threeSegments();
      await mustFail(script.store.backup(script.store.directory), "HASHLOG_INVALID_ARGUMENT");
      await script.store.backup(BACKUP);
      await mustBeBackedUp(script, THREE);
    },
  },
  {
    title: "of two stores that one backup was made into, the one that it does not go on with is refused",
    marks: ["backup/of-another-copy"],
    tell: async () => {
      const script = await threeSegments();
      await script.store.backup(BACKUP);
      const restored = await openCopy(script, BACKUP, "/data/restored");
      await restored.put("of the restored one", "1");
      await script.store.put("a", long("other"));
      await script.store.backup(BACKUP);
      await mustFail(restored.backup(BACKUP), "HASHLOG_INVALID_ARGUMENT");
      await settled(restored.close(), "closing the restored store");
      await mustBeBackedUp(script, { ...THREE, a: long("other") });
    },
  },
  {
    title: "where there are no links files are copied, and one that has become shorter is told",
    marks: ["backup/not-linked", "backup/segment-shorter-than-it-was"],
    tell: async () => {
      const script = await threeSegments();
      await script.close();
      await script.open(withoutLinks(script.disk.boot()));
      // So that nothing is read but for the backup: all is sealed, and has its hint.
      await script.store.compact();
      await quiet();
      script.disk.inject({ at: { operation: "read", path: ".segment" }, kind: "short", keepBytes: 0 });
      await mustFail(script.store.backup(BACKUP), "HASHLOG_IO");
      const report = await script.store.backup(BACKUP);
      must(report.copied > 0 && report.linked === 0, "all segments are copied");
      await mustBeBackedUp(script, THREE);
    },
  },
  {
    title: "a segment that is gone from an earlier backup is there again after the next",
    marks: ["backup/segment-of-an-earlier-one-broken"],
    tell: async () => {
      const script = await threeSegments();
      await script.store.backup(BACKUP);
      const fileSystem = script.disk.boot();
      const name = (await fileSystem.list(BACKUP)).find((one) => one.endsWith(".segment"))!;
      await fileSystem.remove(fileSystem.join(BACKUP, name));
      const report = await script.store.backup(BACKUP);
      must(report.linked === 1 && report.kept === 2, "that one is linked again");
      await mustBeBackedUp(script, THREE);
    },
  },
  {
    title: "what cannot be removed of an earlier backup stays, and harms nothing",
    marks: ["backup/not-tidied"],
    tell: async () => {
      const script = await threeSegments();
      await script.store.backup(BACKUP);
      await script.store.put("a", long("other"));
      await script.store.compact();
      await quiet();
      script.disk.inject({ at: { operation: "remove" }, kind: "EIO", sticky: true });
      await script.store.backup(BACKUP);
      await mustNoteFailures(script);
      script.disk.clearFaults();
      await mustBeBackedUp(script, { ...THREE, a: long("other") });
    },
  },
];
