/**
 * A folder of logs. Every writing makes one more; of each key the newest record counts. A small file, `LIST`, names the logs
 * that belong to the folder. It is replaced as a whole, so that at any moment it tells what there is. One process at a time.
 */
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { segmentFileName } from "@hashlog/format";
import { replaceFile, syncFolder } from "./durable.ts";
import { type LogFacts, LogFile } from "./log-file.ts";
import { appendFrame, type Entry, readRecords, readValue } from "./records.ts";

/** Where the newest record of a key lies. */
export interface Spot {
  readonly log: LogFile;
  readonly offset: number;
  readonly bytes: number;
}

interface List {
  readonly nextSequence: number;
  readonly logs: readonly { readonly segmentId: number; readonly facts: LogFacts }[];
}

export class LogFolder {
  readonly path: string;
  /** Those that the list names. */
  logs: LogFile[] = [];
  readonly keydir: Map<string, Spot> = new Map();
  nextSequence = 1;
  #nextId = 1;
  readonly #opened: Set<LogFile> = new Set();

  private constructor(path: string) {
    this.path = path;
  }

  static async open(path: string): Promise<LogFolder> {
    const folder = new LogFolder(path);
    const isThere = (await readdir(path)).includes("LIST");
    const list: List = isThere ? JSON.parse(await readFile(join(path, "LIST"), "utf8")) : { nextSequence: 1, logs: [] };
    folder.nextSequence = list.nextSequence;
    folder.#nextId = Math.max(0, ...list.logs.map(({ segmentId }) => segmentId)) + 1;
    // What the list does not name was not finished, or is not needed any more.
    const names = new Set(["LIST", ...list.logs.map(({ segmentId }) => segmentFileName(segmentId))]);
    for (const name of await readdir(path)) if (!names.has(name)) await rm(join(path, name));
    for (const { segmentId, facts } of list.logs) {
      const log = await LogFile.open(path, segmentId, facts);
      folder.#opened.add(log);
      folder.logs.push(log);
    }
    await folder.#load();
    return folder;
  }

  /** One more log, with all of these or, after a crash, none. */
  async write(entries: readonly Entry[]): Promise<void> {
    const log = await this.createLog();
    const records = appendFrame(log, entries, this.nextSequence);
    this.nextSequence += records.length;
    await log.sync();
    await syncFolder(this.path);
    const tombstones = records.filter(({ tombstone }) => tombstone);
    log.facts = {
      sealedBytes: log.position,
      lowestSequence: records[0]!.sequence,
      highestSequence: records.at(-1)!.sequence,
      recordCount: records.length,
      recordBytes: sum(records),
      tombstoneCount: tombstones.length,
      tombstoneBytes: sum(tombstones),
      merged: false,
    };
    await this.setLogs([...this.logs, log]);
    for (const { key, tombstone, offset, bytes } of records) {
      if (tombstone) this.keydir.delete(key);
      else this.keydir.set(key, { log, offset, bytes });
    }
  }

  async get(key: string): Promise<string | undefined> {
    const spot = this.keydir.get(key);
    return spot && readValue(spot.log, spot.offset, spot.bytes);
  }

  /** An empty log, which is not one of the folder's until it is among `setLogs`. */
  async createLog(): Promise<LogFile> {
    const log = await LogFile.create(this.path, this.#nextId++);
    this.#opened.add(log);
    return log;
  }

  /** From then on these logs are the folder, also after a crash. */
  async setLogs(logs: LogFile[]): Promise<void> {
    const listed = logs.map(({ segmentId, facts }) => ({ segmentId, facts }));
    await replaceFile(join(this.path, "LIST"), JSON.stringify({ nextSequence: this.nextSequence, logs: listed }));
    this.logs = logs;
  }

  /** Closes every file, those of a merge that has failed as well. */
  async close(): Promise<void> {
    await Promise.all([...this.#opened].map((log) => log.close()));
  }

  /**
   * Reads all logs. Two records with the same sequence, as a merge that was cut off leaves them, say the same. (Where records
   * expire one of them may be a tombstone, and the other counts.)
   */
  async #load(): Promise<void> {
    const newest = new Map<string, number>();
    for (const log of this.logs) {
      await readRecords(log, ({ key, tombstone, sequence, offset, bytes }) => {
        const known = newest.get(key) ?? 0;
        if (sequence < known) return;
        newest.set(key, sequence);
        if (tombstone) this.keydir.delete(key);
        else this.keydir.set(key, { log, offset, bytes });
      });
    }
  }
}

function sum(records: readonly { readonly bytes: number }[]): number {
  return records.reduce((sum, { bytes }) => sum + bytes, 0);
}
