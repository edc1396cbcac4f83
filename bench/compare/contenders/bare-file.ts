import { closeSync, fdatasync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { NumberedKeys } from "../../numbered-keys.ts";
import type { Contender, Entrant, OpenSettings } from "../contender.ts";

const sync = promisify(fdatasync);

/**
 * The least that a log can do: records one behind the other, one write for all that wait at the same time, one `fdatasync`
 * for those if asked for, and one positioned read for each value, where a number tells the place. It finds nothing again that was
 * put twice, and checks nothing.
 */
export const bareFile: Entrant = {
  name: "bare file",
  durabilities: { "not synced": "write", synced: "write and fdatasync" },
  isBare: true,
  open: openFile,
};

async function openFile({ directory, durability, valueBytes }: OpenSettings): Promise<Contender> {
  const fd = openSync(join(directory, "bare"), "a+");
  const isSynced = durability === "synced";
  const recordBytes = HEADER_BYTES + NumberedKeys.BYTES + valueBytes;
  const record = Buffer.alloc(recordBytes);
  let places = new Float64Array(1024).fill(-1);
  let end = 0;
  let buffer = Buffer.alloc(64 * 1024);
  let filled = 0;
  let group: Promise<void> | undefined;

  const append = (key: Buffer, value: Buffer): void => {
    const number = NumberedKeys.numberOf(key);
    while (number >= places.length) places = grown(places);
    places[number] = end + filled;
    if (filled + recordBytes > buffer.length)
      buffer = Buffer.concat([buffer, Buffer.alloc(buffer.length + recordBytes)]);
    key.copy(buffer, filled + HEADER_BYTES);
    value.copy(buffer, filled + HEADER_BYTES + NumberedKeys.BYTES);
    filled += recordBytes;
  };
  const flush = (): Promise<void> | undefined => {
    end += writeSync(fd, buffer, 0, filled);
    filled = 0;
    return isSynced ? sync(fd) : undefined;
  };
  const flushGroup = async (): Promise<void> => {
    // Until whoever writes now has come to its end, and the sync before this one to its own.
    await (isSynced ? before : undefined);
    group = undefined;
    before = flush() ?? Promise.resolve();
    await before;
  };
  let before: Promise<void> = Promise.resolve();
  const getSync = (key: Buffer): Uint8Array | undefined => {
    const number = NumberedKeys.numberOf(key);
    const place = number < places.length ? places[number]! : -1;
    if (place < 0) return undefined;
    readSync(fd, record, 0, recordBytes, place);
    return new Uint8Array(record.subarray(HEADER_BYTES + NumberedKeys.BYTES));
  };
  return {
    batch: async (keys, values) => {
      for (const [index, key] of keys.entries()) append(key, values[index]!);
      await flush();
    },
    put: (key, value) => {
      append(key, value);
      group ??= flushGroup();
      return group;
    },
    get: async (key) => getSync(key),
    getSync,
    settle: async () => undefined,
    close: async () => closeSync(fd),
  };
}

function grown(places: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const more = new Float64Array(places.length * 2).fill(-1);
  more.set(places);
  return more;
}

/** As Hashlog's record has it. */
const HEADER_BYTES = 24;
