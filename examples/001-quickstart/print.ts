import type { StoreStats } from "@hashlog/engine";

/** The store before and after it was compacted. */
export function printSummary(before: StoreStats, after: StoreStats): void {
  const row = (name: string, left: string, right: string): void => {
    console.log(`  ${name.padEnd(22)}${left.padStart(14)}${right.padStart(14)}`);
  };
  console.log("\nThe store of files, by its own stats()");
  row("", "before", "after compact");
  row("keys", String(before.keys), String(after.keys));
  row("segments", String(before.segments.length), String(after.segments.length));
  row("files", bytes(before.fileBytes), bytes(after.fileBytes));
  row("live records", bytes(before.liveBytes), bytes(after.liveBytes));
  row("dead records", bytes(before.deadBytes), bytes(after.deadBytes));
  row("keydir in memory", bytes(before.keydirBytes), bytes(after.keydirBytes));
}

function bytes(count: number): string {
  return count < 1024 * 1024 ? `${(count / 1024).toFixed(1)} KiB` : `${(count / 1024 / 1024).toFixed(1)} MiB`;
}
