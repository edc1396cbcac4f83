import { placeOf } from "@hashlog/format";
import { memoryFileSystem } from "@hashlog/fs-io";
import { describe, expect, test } from "vitest";
import { Feeds } from "../src/feeds.ts";
import { SegmentTable } from "../src/segment-table.ts";
import { Segment, type SegmentState } from "../src/segment.ts";
import { writeFile } from "./support/roads.ts";

const unsealed = (firstSequence: number): SegmentState => ({ kind: "unsealed", firstSequence, bytes: () => 100 });
const sealed = (lowestSequence: number, highestSequence: number, merged: boolean = false): SegmentState => ({
  ...{ kind: "sealed", sealedBytes: 100, lowestSequence, highestSequence, merged },
});

/** A log of segments with ids from 1 on, in that order, and whether their files were closed. */
class Log {
  table = new SegmentTable();
  sequence = 0;
  completeFrom = 1;
  nextSequence = 1000;
  readonly closed = new Set<number>();
  readonly feeds = new Feeds("/store", this);

  async add(segmentId: number, state: SegmentState, identity: number = segmentId): Promise<Segment> {
    const fileSystem = memoryFileSystem();
    await writeFile(fileSystem, "/segment", new Uint8Array(100));
    const inner = await fileSystem.openRead("/segment");
    const file = { ...inner, path: inner.path, close: () => Promise.resolve(void this.closed.add(segmentId)) };
    const place = placeOf(BigInt(identity));
    const slot = this.table.takeSlot();
    const segment = new Segment({ slot, segmentId, place, path: "/segment", file: file as never, state });
    this.table.add(segment);
    return segment;
  }

  /** The id of the segment in which the first write after that sequence is looked for, and up to which one. */
  find(after: number): readonly [number, number] | undefined {
    const range = this.feeds.find(after);
    return range && [range.segment.segmentId, range.last];
  }

  /** As a merge does. */
  async remove(segmentId: number): Promise<void> {
    const segment = this.table.byId(segmentId)!;
    this.table.onRemoved = (removed) => this.feeds.onRemoved(removed);
    await this.table.remove(segment);
  }
}

describe("the segment in which a sequence lies", () => {
  test("is that of the log which holds it, whatever merges wrote beside it", async () => {
    const log = new Log();
    await log.add(7, sealed(1, 25, true));
    await log.add(3, sealed(11, 20));
    await log.add(4, sealed(21, 30));
    await log.add(5, unsealed(31));
    await log.add(6, unsealed(36));
    expect([0, 10, 19].map((after) => log.find(after))).toEqual([3, 3, 3].map((id) => [id, 20]));
    expect([20, 29].map((after) => log.find(after))).toEqual([4, 4].map((id) => [id, 30]));
    expect([30, 34].map((after) => log.find(after))).toEqual([5, 5].map((id) => [id, 35]));
    expect([35, 900].map((after) => log.find(after))).toEqual([6, 6].map((id) => [id, Infinity]));
  });

  test("is the copy where the end of the log is being appended again", async () => {
    const log = new Log();
    await log.add(3, unsealed(11));
    await log.add(4, unsealed(21));
    await log.add(5, sealed(15, 22));
    await log.add(6, sealed(23, 24));
    expect([10, 14, 20, 22].map((after) => log.find(after))).toEqual([
      [3, 14],
      [5, 22],
      [5, 22],
      [6, 24],
    ]);
  });

  test("is the later one of two that begin with the same sequence: the other one holds nothing", async () => {
    const log = new Log();
    await log.add(4, unsealed(11));
    await log.add(3, unsealed(11));
    expect(log.find(10)).toEqual([4, Infinity]);
    const copied = new Log();
    await copied.add(3, unsealed(11));
    await copied.add(4, sealed(11, 12));
    expect(copied.find(10)).toEqual([4, 12]);
  });

  test("is none where there is no log", async () => {
    const log = new Log();
    expect(log.find(0)).toBeUndefined();
    await log.add(3, sealed(1, 10, true));
    expect(log.find(0)).toBeUndefined();
    await log.add(4, sealed(11, 20));
    expect(log.find(20)).toBeUndefined();
  });
});

describe("a segment that leaves the store", () => {
  test("is kept for those who have not read it, and no longer", async () => {
    const log = new Log();
    log.sequence = 30;
    await log.add(3, sealed(11, 20));
    await log.add(4, sealed(21, 30));
    const [one, two] = [log.feeds.open(15), log.feeds.open(20)];
    await log.remove(3);
    await log.remove(4);
    expect(log.feeds.stats()).toEqual({ count: 2, oldestSequence: 15, bytesKept: 200 });
    expect(log.find(15)).toEqual([3, 20]);
    one.position = 20;
    log.feeds.release();
    expect([...log.closed]).toEqual([3]);
    two.position = 30;
    log.feeds.release();
    expect([...log.closed]).toEqual([3]);
    one.close();
    one.close();
    expect([...log.closed]).toEqual([3, 4]);
    expect(log.feeds.stats()).toEqual({ count: 1, oldestSequence: 20, bytesKept: 0 });
  });

  test("is not kept where nobody needs it, nor one that is no sealed part of the log", async () => {
    const log = new Log();
    log.sequence = 40;
    log.feeds.open(20);
    await log.add(3, sealed(11, 20));
    await log.add(4, sealed(21, 30, true));
    await log.add(5, unsealed(31));
    for (const segmentId of [3, 4, 5]) await log.remove(segmentId);
    expect([...log.closed]).toEqual([3, 4, 5]);
  });

  test("is not kept for a feed that cannot go on", async () => {
    const log = new Log();
    log.sequence = 40;
    log.completeFrom = 16;
    const [lost, other] = [log.feeds.open(14), log.feeds.open(15)];
    expect([lost.isLost, other.isLost]).toEqual([true, false]);
    other.close();
    await log.add(3, sealed(16, 20));
    await log.remove(3);
    expect([...log.closed]).toEqual([3]);
  });
});

describe("a reader's segments that are replaced", () => {
  test("are kept as far as they were shown, and only those that the new list has not", async () => {
    const log = new Log();
    log.sequence = 45;
    await log.add(3, sealed(11, 20));
    await log.add(4, sealed(21, 30));
    await log.add(5, sealed(31, 40), 50);
    await log.add(6, unsealed(41));
    await log.add(7, unsealed(44));
    const old = { table: log.table, sequence: 45 };
    const [slow, ahead] = [log.feeds.open(12), log.feeds.open(60)];
    // Merges have gone on to 62, one segment is there still, and another has the id of an old one.
    log.table = new SegmentTable();
    log.completeFrom = 63;
    log.sequence = 70;
    await log.add(4, sealed(21, 30));
    await log.add(5, sealed(31, 40), 51);
    await log.add(9, sealed(63, 70));
    log.feeds.onReplaced(old);
    expect([slow.lostAfter, ahead.lostAfter]).toEqual([45, 60]);
    expect(log.feeds.stats().bytesKept).toBe(400);
    expect([12, 20, 40, 43].map((after) => log.find(after))).toEqual([
      [3, 20],
      [4, 30],
      [6, 43],
      [7, 45],
    ]);
    expect([log.feeds.upTo(slow), ahead.isLost]).toEqual([45, true]);
    // What was lost before is not lost later.
    log.feeds.onReplaced({ table: log.table, sequence: 70 });
    expect(slow.lostAfter).toBe(45);
  });

  test("are not trusted from where the new list is whole on", async () => {
    const log = new Log();
    log.sequence = 45;
    await log.add(3, unsealed(11));
    const old = { table: log.table, sequence: 45 };
    const hold = log.feeds.open(12);
    log.table = new SegmentTable();
    log.completeFrom = 31;
    await log.add(4, sealed(31, 43));
    log.feeds.onReplaced(old);
    expect(hold.lostAfter).toBe(Infinity);
    expect([12, 30].map((after) => log.find(after))).toEqual([
      [3, 30],
      [4, 43],
    ]);
  });
});
