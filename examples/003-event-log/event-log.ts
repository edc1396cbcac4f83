/** An event log in a file: what was appended is there, or the log says that it is damaged. */
import { randomBytes } from "node:crypto";
import { type FileHandle, open, rename, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import {
  encodeSegmentHeader,
  FRAME_HEADER_BYTES,
  type Place,
  recordBytes,
  sealFrame,
  writeRecordHeader,
} from "@hashlog/format";
import { type LoggedEvent, readLog, type Reading } from "./read-log.ts";

export class EventLog {
  /** What was there when the log was opened. */
  readonly found: Reading;
  readonly #file: FileHandle;
  readonly #place: Place;
  #end: number;
  #events: number;
  /** How many of the events are safe on the disk. */
  #floor: number;
  /** Appends wait for each other here. After one that failed all others fail, as nobody knows what the file holds. */
  #last: Promise<void> = Promise.resolve();

  private constructor(file: FileHandle, found: Reading, place: Place) {
    this.#file = file;
    this.found = found;
    this.#place = place;
    this.#end = found.end;
    this.#events = found.events.length;
    this.#floor = found.events.length;
  }

  /** Opens the log, or makes an empty one. What a crash cut off is dropped; a damaged log is refused. */
  static async open(path: string): Promise<EventLog> {
    if ((await stat(path).catch(() => undefined)) === undefined) await makeLog(path);
    const file = await open(path, "r+");
    const found = await readFromFile(file);
    if (found.ending === "damaged" || found.place === undefined) {
      await file.close();
      throw new Error(`${path} is damaged at byte ${found.end}, behind event ${found.events.length}: ${found.reason}`);
    }
    if (found.ending === "torn") await file.truncate(found.end);
    await file.sync(); // what was found may have been written by a process that was killed before it synced
    return new EventLog(file, found, found.place);
  }

  /** Resolves when the events are on the disk. After a crash all of them are there, or none. */
  append(...events: LoggedEvent[]): Promise<void> {
    this.#last = this.#last.then(() => this.#write(events));
    return this.#last;
  }

  /** Writes down that everything is on the disk: from then on damage to the very last event is told as such, too. */
  async close(): Promise<void> {
    try {
      await this.append();
    } finally {
      await this.#file.close();
    }
  }

  async #write(events: readonly LoggedEvent[]): Promise<void> {
    const header = {
      recordCount: events.length,
      firstSequence: this.#events + 1,
      floor: this.#floor,
      acknowledgedWhenSynced: true,
      sparse: false,
    };
    const frame = encodeRecords(events, header.firstSequence);
    sealFrame(frame, 0, frame.length, header, this.#place, this.#end);
    // A volume that is nearly full takes a part, and refuses only what is left of it.
    for (let at = 0; at < frame.length;) {
      at += (await this.#file.write(frame, at, frame.length - at, this.#end + at)).bytesWritten;
    }
    await this.#file.datasync();
    this.#end += frame.length;
    this.#events += events.length;
    this.#floor = this.#events;
  }
}

async function readFromFile(file: FileHandle): Promise<Reading> {
  const { size } = await file.stat();
  const read = async (target: Uint8Array, at: number, bytes: number, position: number): Promise<number> =>
    (await file.read(target, at, bytes, position)).bytesRead;
  return readLog({ bytes: size, read });
}

/** The records of the events, behind room for a frame's header. */
function encodeRecords(events: readonly LoggedEvent[], firstSequence: number): Uint8Array {
  const records = events.map(({ topic, message }) => [Buffer.from(topic), Buffer.from(message)] as const);
  const bytes = records.reduce((sum, [key, value]) => sum + recordBytes(key.length, value.length, false), 0);
  const frame = new Uint8Array(FRAME_HEADER_BYTES + bytes);
  let at = FRAME_HEADER_BYTES;
  for (const [index, [key, value]] of records.entries()) {
    at = writeRecordHeader(frame, at, firstSequence + index, key.length, value.length, false, 0);
    frame.set(key, at);
    frame.set(value, at + key.length);
    at += key.length + value.length;
  }
  return frame;
}

/** A log with a header and no event. It gets its name when it is whole, so that no crash leaves half a header there. */
async function makeLog(path: string): Promise<void> {
  // Random: the checksums of no other log are good in this one.
  const identity = randomBytes(8).readBigUInt64LE();
  await writeFile(`${path}.new`, encodeSegmentHeader({ segmentId: 1, identity }), { flush: true });
  await rename(`${path}.new`, path);
  if (process.platform === "win32") return; // has no sync of a directory
  const directory = await open(dirname(path));
  await directory.sync();
  await directory.close();
}
