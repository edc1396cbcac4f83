/**
 * An event log in a file of its own, with nothing but the bytes of `@hashlog/format`: appended to, cut off at every byte
 * and changed at every byte. Not one event that was never written comes out of it, and of what is gone it knows whether a
 * crash can have taken it.
 *
 *     npm run examples -- 003
 */
import assert from "node:assert/strict";
import { type FileHandle, mkdtemp, open, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock } from "node:test";
import { bytesSource, FRAME_HEADER_BYTES } from "@hashlog/format";
import { EventLog } from "./event-log.ts";
import { type LoggedEvent, readLog } from "./read-log.ts";

const folder = await mkdtemp(join(tmpdir(), "hashlog-events-"));
const path = join(folder, "house.log");
const written: LoggedEvent[] = [
  { topic: "door", message: "opened with the key of ada" },
  { topic: "lamp", message: "on" },
  { topic: "heating", message: "21 °C" },
  { topic: "door", message: "shut" },
  { topic: "lamp", message: "off" },
];

try {
  // Two evenings. Each append is one frame, and each closing leaves an empty one, a fence.
  const monday = await EventLog.open(path);
  await monday.append(written[0]!);
  await monday.append(written[1]!, written[2]!);
  await monday.close();
  const tuesday = await EventLog.open(path);
  assert.deepEqual([tuesday.found.ending, tuesday.found.events], ["whole", written.slice(0, 3)]);
  await tuesday.append(written[3]!, written[4]!);
  await tuesday.close();
  const whole = await readFile(path);
  console.log(`${written.length} events in a log of ${whole.length} bytes.`);

  // A crash can cut the last write off anywhere. That is no damage, and a frame is there as a whole or not at all.
  for (let bytes = 32; bytes < whole.length; bytes++) {
    const { events, ending } = await readLog(bytesSource(whole.subarray(0, bytes)));
    assert.notEqual(ending, "damaged");
    assert.ok([0, 1, 3, 5].includes(events.length));
    assert.deepEqual(events, written.slice(0, events.length));
  }
  console.log("Cut off at every byte: the events before the cut are there, and the rest is a torn tail.");

  // A disk can change what lies still. Whatever it changes, no wrong event is read, and nothing is missing unnoticed.
  const endings = { whole: 0, torn: 0, damaged: 0 };
  for (let at = 0; at < whole.length; at++) {
    const rotten = Uint8Array.from(whole);
    rotten[at]! ^= 1 << (at % 8);
    const { events, ending } = await readLog(bytesSource(rotten));
    assert.deepEqual(events, written.slice(0, events.length));
    assert.ok(ending === "damaged" || events.length === written.length);
    endings[ending] += 1;
  }
  assert.deepEqual(endings, { whole: 0, torn: FRAME_HEADER_BYTES, damaged: whole.length - FRAME_HEADER_BYTES });
  console.log(
    `A bit changed in every byte: ${endings.damaged} times it is told as damage. In the last fence, behind all`,
  );
  console.log(`events, it passes for the torn tail of a write, ${endings.torn} times; nothing is lost with it.`);

  // The file itself, cut in the midst of the last frame: the log opens, drops the tail and goes on.
  await truncate(path, whole.length - FRAME_HEADER_BYTES - 4);
  const wednesday = await EventLog.open(path);
  console.log(`After a crash: ${wednesday.found.events.length} events, and a torn tail (${wednesday.found.reason}).`);
  assert.deepEqual([wednesday.found.ending, wednesday.found.events.length], ["torn", 3]);
  await wednesday.append({ topic: "lamp", message: "on again" });
  await wednesday.close();

  // On a volume with room for one event and a half, the second is refused, and so is what comes after it.
  await withRoom(100, async () => {
    const thursday = await EventLog.open(path);
    await thursday.append({ topic: "lamp", message: "off once more" });
    await assert.rejects(thursday.append({ topic: "heating", message: "19 °C" }), { message: "no space left" });
    await assert.rejects(thursday.close(), { message: "no space left" });
  });
  const friday = await EventLog.open(path);
  assert.deepEqual([friday.found.ending, friday.found.events.length], ["torn", 5]);
  await friday.close();
  console.log("On a full volume: what does not fit is refused, and what was acknowledged is there.");

  // And changed in the midst: it is refused, and says where.
  const bytes = await readFile(path);
  bytes[70]! ^= 4;
  await writeFile(path, bytes);
  await assert.rejects(EventLog.open(path), (error: Error) => {
    console.log(`With a bit changed: "${error.message.replace(folder, "...")}"`);
    return error.message.includes("is damaged at byte 32, behind event 0");
  });
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** As long as `work` runs the volume has so little room: it takes a part of the write that comes to it, and refuses what is left. */
async function withRoom(bytes: number, work: () => Promise<void>): Promise<void> {
  const handle = await open(path);
  const files = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const write = Reflect.get(files, "write") as Write;
  let room = bytes;
  const full: Write = function (source, at, length, position) {
    if (room === 0) return Promise.reject(new Error("no space left"));
    const taken = Math.min(length, room);
    room -= taken;
    return write.call(this, source, at, taken, position);
  };
  const mocked = mock.method(files, "write", full as FileHandle["write"]);
  try {
    await work();
  } finally {
    mocked.mock.restore();
  }
}

type Write = (this: FileHandle, source: Uint8Array, at: number, length: number, position: number) => Promise<unknown>;
