import type { Clock } from "@hashlog/fs-io";
import type { Keydir, SlotTally } from "@hashlog/index";
import type { LoadedFiles } from "./load-files.ts";
import type { SegmentTable } from "./segment-table.ts";
import { newTally, SlotCounts } from "./slot-counts.ts";

/**
 * What of each segment is live: what the checkpoint said, with what was counted since, or else a count of all keys, some
 * thousand at a time, with what has expired as of `asOfMs`.
 */
export async function countLive(
  { keydir, checkpoint }: Pick<LoadedFiles, "keydir" | "checkpoint">,
  table: SegmentTable,
  clock: Pick<Clock, "yield">,
  asOfMs: number,
): Promise<void> {
  if (checkpoint !== undefined) return table.setCounts(checkpoint.counts.tally);
  await countAll(keydir, table, clock, asOfMs);
}

/** Counts what of each segment is live, from the keys alone. Without a clock nobody else has a turn; with one, what they change may be missed. */
export async function countAll(
  keydir: Pick<Keydir, "size" | "shardCount" | "tally">,
  table: SegmentTable,
  clock: Pick<Clock, "yield"> | undefined,
  asOfMs: number,
): Promise<void> {
  const tally = newTally(table.slotCount, asOfMs);
  let keys = 0;
  for (let shard = 0; shard < keydir.shardCount; shard += 1) {
    keydir.tally(shard, tally);
    keys += keydir.size / keydir.shardCount;
    if (keys < KEYS_IN_A_TURN) continue;
    keys = 0;
    if (clock !== undefined) await clock.yield();
  }
  table.setCounts(tally);
}

/** What lies in each slot, from the keys alone. What others change in their turns may be counted as it was or as it is. */
export async function tallyInTurns(
  { keydir, table }: { readonly keydir: Keydir; readonly table: Pick<SegmentTable, "slotCount"> },
  asOfMs: number,
  pause: () => Promise<void>,
): Promise<SlotTally> {
  const counts = new SlotCounts(newTally(0, asOfMs));
  let keys = 0;
  for (let shard = 0; shard < keydir.shardCount; shard += 1) {
    counts.makeRoom(table.slotCount);
    keydir.tally(shard, counts.tally);
    keys += keydir.size / keydir.shardCount;
    if (keys < KEYS_IN_A_TURN) continue;
    keys = 0;
    await pause();
  }
  return counts.tally;
}

/** How many keys are looked at before others have their turn. */
export const KEYS_IN_A_TURN: number = 8192;
