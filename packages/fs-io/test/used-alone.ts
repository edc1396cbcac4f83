/** The package alone, as it is installed from its tarball: files in memory, files of the machine, and a disk that crashes. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryFileSystem, nodeFileSystem, SegmentWriter, type FileSystem } from "@hashlog/fs-io";
import { CrashCheckError, exploreCrashes, SimulatedDisk, type DiskImage } from "@hashlog/fs-io/testing";

export async function use(): Promise<void> {
  const memory = memoryFileSystem();
  await memory.makeDirectory("/log");
  await appendAndRead(memory, "/log");

  const directory = await mkdtemp(join(tmpdir(), "hashlog-used-alone-"));
  try {
    await appendAndRead(nodeFileSystem(), directory);
  } finally {
    await rm(directory, { recursive: true });
  }

  // A file that nobody has synced is not there after every crash, and the simulation finds one of those.
  const disk = new SimulatedDisk();
  let promisedAt = Infinity;
  const workload = async (fileSystem: FileSystem): Promise<void> => {
    const file = await fileSystem.create("/unsynced");
    file.append(HELLO, 0, HELLO.length);
    promisedAt = disk.position;
  };
  const check = async (image: DiskImage, ordinal: number): Promise<void> => {
    const found = await new SimulatedDisk({ image }).boot().stat("/unsynced");
    assert.ok(ordinal < promisedAt || found !== undefined, "the file is not there");
  };
  await assert.rejects(exploreCrashes({ disk, workload, check }), CrashCheckError);
}

const HELLO = new TextEncoder().encode("hello");

async function appendAndRead(fileSystem: FileSystem, directory: string): Promise<void> {
  const writer = await SegmentWriter.create(fileSystem, directory, "log", new Uint8Array(4));
  assert.equal(writer.append(HELLO, 0, HELLO.length), 4);
  await writer.sync();
  assert.equal(writer.syncedPosition, 4 + HELLO.length);
  await writer.close();

  const file = await fileSystem.openRead(fileSystem.join(directory, "log"));
  const bytes = new Uint8Array(HELLO.length);
  assert.equal(await file.read(bytes, 0, bytes.length, 4), bytes.length);
  assert.deepEqual(bytes, HELLO);
  await file.close();
}
