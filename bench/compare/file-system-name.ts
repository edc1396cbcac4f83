import { statfs } from "node:fs/promises";

/** Keeps its files in memory: there is nothing that a sync could wait for. */
export const IN_MEMORY = "tmpfs";

/** By the number that Linux has for it, as in statfs(2). */
const NAMES: ReadonlyMap<number, string> = new Map([
  [0xef53, "ext4"],
  [0x9123683e, "btrfs"],
  [0x58465342, "xfs"],
  [0x2fc12fc1, "zfs"],
  [0xf2f52010, "f2fs"],
  [0x794c7630, "overlay"],
  [0x01021994, IN_MEMORY],
]);

/** What the directory lies on. */
export async function fileSystemOf(directory: string): Promise<string> {
  return fileSystemName((await statfs(directory)).type);
}

/** A number that has no name here is told as it is. */
export function fileSystemName(type: number): string {
  return NAMES.get(type) ?? `a file system of type 0x${type.toString(16)}`;
}
