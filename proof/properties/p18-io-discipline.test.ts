import { encodeManifest, hintFileName, MANIFEST_NAME, segmentFileName, type ManifestSegment } from "@hashlog/format";
import type { AppendFile, FileSystem } from "@hashlog/fs-io";
import { DiskImage, SimulatedDisk, type DiskTraits } from "@hashlog/fs-io/testing";
import { describe, expect, test } from "vitest";
import { quiet } from "../world/quiet.ts";
import { DisciplineMonitor } from "./p18-io-discipline.ts";

const BYTES = 100;

function sealed(segmentId: number): ManifestSegment {
  const sequences = { lowestSequence: segmentId, highestSequence: segmentId };
  return { state: "sealed", segmentId, identity: BigInt(segmentId), sealedBytes: BYTES, ...sequences, merged: false };
}

function unsealed(segmentId: number): ManifestSegment {
  return { state: "unsealed", segmentId, identity: BigInt(segmentId), firstSequence: segmentId, cleanBytes: 0 };
}

function manifest(...segments: readonly ManifestSegment[]): Uint8Array {
  const numbers = { epoch: 1, floor: 0, nextFileId: 100, nextSequence: 1000, logCompleteFrom: 1 };
  return encodeManifest({ storeId: 1n, hashKey: new Uint8Array(16), ...numbers, segments, checkpoint: undefined });
}

function path(name: string): string {
  return `/store/${name}`;
}

const MANIFEST = path(MANIFEST_NAME);

/** A store whose manifest seals segment 1, and lists segment 2, which is not sealed; and somebody who works in it. */
async function complaintAbout(
  work: (fileSystem: FileSystem, disk: SimulatedDisk) => Promise<void>,
  traits: DiskTraits = {},
): Promise<string | undefined> {
  const image = DiskImage.of({
    [MANIFEST]: manifest(sealed(1), unsealed(2)),
    [path(segmentFileName(1))]: new Uint8Array(BYTES),
    [path(segmentFileName(2))]: new Uint8Array(BYTES),
  });
  const disk = new SimulatedDisk({ image, ...traits });
  const monitor = new DisciplineMonitor(disk, "/store", traits);
  disk.onOperation = (event) => monitor.take(event);
  await work(disk.boot(), disk);
  try {
    monitor.judge();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

async function makeFile(fileSystem: FileSystem, name: string, how: { isSynced: boolean }): Promise<void> {
  const file = await fileSystem.create(path(name));
  file.append(new Uint8Array(BYTES), 0, BYTES);
  if (how.isSynced) await file.sync();
  await file.close();
}

describe.each<DiskTraits>([{}, { safeFileFlush: true }, { platform: "windows" }])("on a disk that is %o", (traits) => {
  test("nothing is wrong with a segment that is made durable, then listed, and given a hint; nor with a removal after that", async () => {
    const complaint = await complaintAbout(async (fileSystem) => {
      await makeFile(fileSystem, segmentFileName(3), { isSynced: true });
      if (traits.platform !== "windows") await fileSystem.syncDirectory("/store");
      await fileSystem.replace(MANIFEST, manifest(unsealed(2), sealed(3)));
      await makeFile(fileSystem, hintFileName(3), { isSynced: false });
      await fileSystem.remove(path(segmentFileName(1)));
    }, traits);
    expect(complaint).toBe(undefined);
  });

  test("a segment is not listed before its bytes are durable", async () => {
    const complaint = await complaintAbout(async (fileSystem) => {
      await makeFile(fileSystem, segmentFileName(3), { isSynced: false });
      if (traits.platform !== "windows") await fileSystem.syncDirectory("/store");
      await fileSystem.replace(MANIFEST, manifest(sealed(1), unsealed(2), sealed(3)));
    }, traits);
    expect(complaint).toContain("is listed");
  });

  test("a manifest does not take the place of the old one before its own bytes are durable", async () => {
    const lies = { ...traits, lyingSyncs: true };
    const complaint = await complaintAbout(
      (fileSystem) => fileSystem.replace(MANIFEST, manifest(sealed(1), unsealed(2))),
      lies,
    );
    expect(complaint).toContain("its bytes are not durable");
  });

  test.each([2, 3])("a hint is not begun of segment %d, which is not sealed", async (segmentId) => {
    const complaint = await complaintAbout(async (fileSystem) => {
      await makeFile(fileSystem, hintFileName(segmentId), { isSynced: false });
    }, traits);
    expect(complaint).toContain("does not seal its segment");
  });
});

test("a hint is not begun while the edit that seals its segment may be lost", async () => {
  const complaint = await complaintAbout(async (fileSystem, disk) => {
    await upToItsRename(disk, fileSystem.replace(MANIFEST, manifest(sealed(1), sealed(2))));
    const making = fileSystem.create(path(hintFileName(2)));
    disk.release(1);
    await quiet();
    disk.resume();
    await making;
  });
  expect(complaint).toContain("does not seal its segment");
});

test.each([
  { manifest: "the durable manifest", segmentId: 1, next: [unsealed(2)] },
  { manifest: "the one that is about to take its place", segmentId: 3, next: [sealed(1), unsealed(2), unsealed(3)] },
])("no segment is removed that $manifest lists", async ({ segmentId, next }) => {
  const complaint = await complaintAbout(async (fileSystem, disk) => {
    await makeFile(fileSystem, segmentFileName(3), { isSynced: true });
    await fileSystem.syncDirectory("/store");
    await upToItsRename(disk, fileSystem.replace(MANIFEST, manifest(...next)));
    const removing = fileSystem.remove(path(segmentFileName(segmentId)));
    disk.release(1);
    await quiet();
    disk.resume();
    await removing;
  });
  expect(complaint).toContain("is removed");
});

describe("a segment whose sync has failed", () => {
  const SEGMENT = path(segmentFileName(2));

  async function afterFailedSync(then: (file: AppendFile, syncing: Promise<unknown>) => Promise<unknown>) {
    return complaintAbout(async (fileSystem, disk) => {
      const file = await fileSystem.openAppend(SEGMENT);
      file.append(new Uint8Array(1), 0, 1);
      disk.inject({ at: { operation: "sync" }, kind: "EIO", failedSync: "evicted" });
      await then(
        file,
        file.sync().catch((error: unknown) => error),
      );
      await file.close();
    });
  }

  test("is not written any more", async () => {
    const complaint = await afterFailedSync(async (file, syncing) => {
      await syncing;
      await quiet();
      file.append(new Uint8Array(1), 0, 1);
    });
    expect(complaint).toContain("was written after its sync had failed");
  });

  test("is not synced again, by its handle or by another", async () => {
    for (const isReopened of [false, true]) {
      const complaint = await complaintAbout(async (fileSystem, disk) => {
        const file = await fileSystem.openAppend(SEGMENT);
        file.append(new Uint8Array(1), 0, 1);
        disk.inject({ at: { operation: "sync" }, kind: "EIO" });
        await file.sync().catch(() => undefined);
        await quiet();
        await (isReopened ? await fileSystem.openAppend(SEGMENT) : file).sync();
      });
      expect(complaint).toContain("was synced again after its sync had failed");
    }
  });

  test("may be written until whoever asked for the sync knows of it", async () => {
    const complaint = await afterFailedSync(async (file, syncing) => {
      await syncing;
      file.append(new Uint8Array(1), 0, 1);
    });
    expect(complaint).toBe(undefined);
  });
});

/** A replacement goes on until its rename is taken, and waits to be made durable. */
async function upToItsRename(disk: SimulatedDisk, replacing: Promise<void>): Promise<void> {
  replacing.catch(() => undefined);
  disk.pause();
  while (disk.recording.operations.at(-1)?.kind !== "rename") {
    if (disk.waiting.length > 0) disk.release();
    await quiet();
  }
}
