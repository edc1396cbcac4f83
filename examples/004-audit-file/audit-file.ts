/**
 * An audit trail: who did what, in order. An entry that was acknowledged is there, whatever happens to the machine.
 *
 * Every run of the program writes a file of its own, as nobody knows how far the last one of a run that was cut off is
 * durable, and what is written behind its end would vouch for it. A file is a header and lines, each with a checksum
 * of its text, its number and its file: what a power cut leaves of the last lines, or puts in their place, is not taken for one.
 */
import { crc32 } from "node:zlib";
import { type DirectoryLock, type FileSystem, GroupSync, SegmentWriter, systemClock } from "@hashlog/fs-io";

export interface AuditEntry {
  readonly who: string;
  readonly what: string;
}

const HEADER = "audit trail 1\n";
const NAME = /^audit-(\d{6})\.log$/;

export class AuditFile {
  readonly name: string;
  /** How often the file was synced: many entries share one sync. */
  syncs = 0;
  readonly #lock: DirectoryLock;
  readonly #writer: SegmentWriter;
  readonly #group: GroupSync;
  #lines = 0;

  private constructor(name: string, lock: DirectoryLock, writer: SegmentWriter) {
    this.name = name;
    this.#lock = lock;
    this.#writer = writer;
    this.#group = new GroupSync(
      () => {
        this.syncs += 1;
        return writer.sync();
      },
      () => systemClock.yield(),
    );
  }

  /** Begins a new file in the directory, which has to be there. One process at a time: another is told `FS_LOCKED`. */
  static async open(fileSystem: FileSystem, directory: string): Promise<AuditFile> {
    const lock = await fileSystem.lock(directory, "audit.lock");
    try {
      const numbers = (await fileSystem.list(directory)).map((name) => Number(NAME.exec(name)?.[1] ?? 0));
      const name = `audit-${String(Math.max(0, ...numbers) + 1).padStart(6, "0")}.log`;
      const writer = await SegmentWriter.create(fileSystem, directory, name, Buffer.from(HEADER));
      return new AuditFile(name, lock, writer);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Every byte before this one is on the disk. */
  get syncedPosition(): number {
    return this.#writer.syncedPosition;
  }

  /** Resolves when the entry is on the disk. Many may be under way. */
  async record(entry: AuditEntry): Promise<void> {
    this.#lines += 1;
    const bytes = Buffer.from(lineOf(this.name, this.#lines, JSON.stringify(entry)));
    this.#writer.append(bytes, 0, bytes.length); // a killed process loses nothing from here on
    await this.#group.request(); // and neither does a power cut, from here on
  }

  async close(): Promise<void> {
    await this.#writer.close();
    await this.#lock.release();
  }
}

/** All entries that are there, in the order in which they were recorded. */
export async function readAudit(fileSystem: FileSystem, directory: string): Promise<AuditEntry[]> {
  const names = (await fileSystem.list(directory)).filter((name) => NAME.test(name)).sort();
  const entries: AuditEntry[] = [];
  for (const name of names) {
    const [header, ...lines] = (await readText(fileSystem, fileSystem.join(directory, name))).split(/(?<=\n)/);
    if (header !== HEADER) continue; // cut off before the first entry
    for (const [index, line] of lines.entries()) {
      const text = line.slice(9, -1);
      if (line !== lineOf(name, index + 1, text)) break; // cut off here
      entries.push(JSON.parse(text) as AuditEntry);
    }
  }
  return entries;
}

function lineOf(file: string, number: number, text: string): string {
  return `${crc32(`${file} ${number} ${text}`).toString(16).padStart(8, "0")} ${text}\n`;
}

async function readText(fileSystem: FileSystem, path: string): Promise<string> {
  const file = await fileSystem.openRead(path);
  const bytes = new Uint8Array(file.size());
  await file.read(bytes, 0, bytes.length, 0);
  await file.close();
  return new TextDecoder().decode(bytes);
}
