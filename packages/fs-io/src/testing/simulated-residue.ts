import type { ImageFile } from "./disk-image.ts";
import type { DiskState } from "./simulated-state.ts";

/** Of how many files that a disk ever had the bytes are remembered. */
const RESIDUE_FILES_MAX = 32;

/**
 * What the blocks of a disk may still hold when it is switched on again, for `stale` fates of its next lives: all that
 * was handed to the operating system for the newest files, durable or not, removed or not, and behind that what was
 * left of earlier lives. Shares the bytes with the disk.
 */
export function residueOf(state: DiskState): readonly ImageFile[] {
  const residue = new Set<ImageFile>();
  const nodes = [...state.nodes.values()];
  for (let index = nodes.length - 1; index >= 0 && residue.size < RESIDUE_FILES_MAX; index--) {
    const node = nodes[index];
    if (node.kind === "file" && node.size > 0) residue.add(node.contents.prefix(node.size));
  }
  for (const file of state.residue) {
    if (residue.size === RESIDUE_FILES_MAX) break;
    residue.add(file);
  }
  return [...residue];
}
