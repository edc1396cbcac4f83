import { FsError } from "../src/errors.ts";
import type { AppendFile } from "../src/file-system.ts";
import { SimulatedDisk, type DiskImage, type FailedSync, type SimulatedFileSystem } from "../src/testing/index.ts";

/** Bytes from 1 to 255, never 0, so that what was lost shows. */
export function bytes(length: number, first = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => 1 + ((first - 1 + i) % 255));
}

/** Creates a file that holds `content`; nothing is synced. */
export async function write(fs: SimulatedFileSystem, path: string, content: Uint8Array): Promise<AppendFile> {
  const file = await fs.create(path);
  file.append(content, 0, content.length);
  return file;
}

/** Creates a file that holds `content`, all of it durable. */
export async function writeDurably(fs: SimulatedFileSystem, path: string, content: Uint8Array): Promise<AppendFile> {
  const file = await write(fs, path, content);
  await file.sync();
  await fs.syncDirectory(fs.parent(path));
  return file;
}

/** A file at `/a`, and who writes it. */
export interface Writing {
  readonly disk: SimulatedDisk;
  readonly fs: SimulatedFileSystem;
  readonly file: AppendFile;
}

/** A file that holds 1 and 2 durably, and then 3 and 4, the sync of which is to fail. */
export async function aboutToFail(failedSync: FailedSync): Promise<Writing> {
  const disk = new SimulatedDisk({ faults: [{ at: { operation: "sync", nth: 1 }, kind: "EIO", failedSync }] });
  const fs = disk.boot();
  const file = await writeDurably(fs, "/a", bytes(2, 1));
  file.append(bytes(2, 3), 0, 2);
  return { disk, fs, file };
}

/** What a program reads at `path`. */
export async function read(fs: SimulatedFileSystem, path: string): Promise<Uint8Array> {
  const file = await fs.openRead(path);
  const target = new Uint8Array(file.size());
  file.readSync(target, 0, target.length, 0);
  await file.close();
  return target;
}

/** The image as an object of arrays, for comparing and for reading in a failed test. */
export function shown(image: DiskImage): Record<string, number[] | "directory"> {
  const entries: [string, number[] | "directory"][] = [...image.files].map(([path, file]) => [path, [...file.bytes]]);
  for (const path of image.directories) entries.push([path, "directory"]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A step of a random program: what to do, with what, and (odd) whether to wait for it. */
export type ScriptStep = readonly [action: number, first: number, second: number];

const PATHS = ["/a", "/b", "/d/a", "/d/b"];

/** Runs a random program; what fails in it fails alike each time. Ends early when the world stops. */
export async function runScript(disk: SimulatedDisk, script: readonly ScriptStep[]): Promise<void> {
  const run = new ScriptRun(disk.boot());
  await Promise.race([run.all(script), disk.stopped]);
}

class ScriptRun {
  readonly #fs: SimulatedFileSystem;
  readonly #handles: AppendFile[] = [];
  readonly #underWay: Promise<void>[] = [];

  constructor(fs: SimulatedFileSystem) {
    this.#fs = fs;
  }

  async all(script: readonly ScriptStep[]): Promise<void> {
    await this.#fs.makeDirectory("/d").catch(() => {});
    for (const [action, first, second] of script) {
      const done = this.#start(action, first, second).catch(mustBeFsError);
      this.#underWay.push(done);
      if (second % 2 === 0) await done;
    }
    await Promise.all(this.#underWay);
  }

  async #start(action: number, first: number, second: number): Promise<void> {
    const path = PATHS[first % PATHS.length];
    const directory = this.#fs.parent(path);
    const handle = this.#handles[first % Math.max(1, this.#handles.length)];
    switch (action % 9) {
      case 0:
        this.#handles.push(await this.#fs.create(path));
        return undefined;
      case 1:
      case 2:
        return handle?.append(bytes(second + 1, first + 1), 0, second + 1);
      case 3:
        return handle?.sync();
      case 4:
        return this.#fs.syncDirectory(directory);
      case 5:
        return this.#fs.replace(path, bytes(second % 7, second + 1));
      case 6:
        return this.#fs.remove(path);
      case 7:
        return this.#fs.link(path, PATHS[second % PATHS.length]);
      default:
        this.#handles.push(await this.#fs.openAppend(path));
        return undefined;
    }
  }
}

function mustBeFsError(error: unknown): void {
  if (!FsError.is(error)) throw error;
}
