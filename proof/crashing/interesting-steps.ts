import type { SimulatedDisk } from "@hashlog/fs-io/testing";

/**
 * The steps of the disk from `begin` on, as ordinals at which to crash. Of those that write one more page of the reserve
 * file, or one more of a checkpoint's many sections, which are all alike, a few are enough; but always the last before
 * something else is done, so that what a sync makes durable was in flight at the step before.
 */
export function interestingSteps(disk: SimulatedDisk, begin: number = 0): number[] {
  const { operations } = disk.recording;
  const isDull = (ordinal: number): boolean => {
    const operation = operations[ordinal - 1];
    if (operation?.kind !== "append" || operations[ordinal]?.kind !== "append") return false;
    if (operation.path.endsWith(".reserve")) return operation.offset % (32 * 4096) !== 0;
    return operation.path.endsWith(".checkpoint") && ordinal % 8 !== 0;
  };
  const all = Array.from({ length: disk.position - begin + 1 }, (_, index) => begin + index);
  return all.filter((ordinal) => !isDull(ordinal));
}
