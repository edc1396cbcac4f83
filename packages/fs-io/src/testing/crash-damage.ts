import { fateDetail, fateKind, tearPoint } from "./crash-fates.ts";
import { SECTOR_BYTES, type PendingUnit } from "./crash-units.ts";
import { scramble } from "./simulated-random.ts";
import type { DiskNode, FileNode } from "./simulated-nodes.ts";
import type { DiskState } from "./simulated-state.ts";

/**
 * Makes of the bytes of one unit, whole in `content`, what its fate, which is not `intact`, left of them. `content` may
 * end inside the unit, where the file's length does not cover all of it.
 */
export function damage(content: Uint8Array, unit: PendingUnit, fate: number, state: DiskState): void {
  const { from, to } = unit;
  const tear = from + tearPoint(fate, to - from);
  switch (fateKind(fate)) {
    case "lost":
      return zero(content, from, to);
    case "torn-prefix":
      return zero(content, tear, to);
    case "torn-suffix":
      return zero(content, from, tear);
    case "garbage":
      return garble(content, from, to, fateDetail(fate));
    default:
      return fillFromElsewhere(content, unit, fateDetail(fate), state);
  }
}

function zero(content: Uint8Array, from: number, to: number): void {
  content.fill(0, from, to);
}

function garble(content: Uint8Array, from: number, to: number, seed: number): void {
  const end = Math.min(to, content.length);
  for (let i = from; i < end; i++) content[i] = scramble(Math.imul(seed + 1, 0x9e3779b1) ^ i);
}

/**
 * Fills the unit with what some file, this one or another, held at the same place of some sector: blocks that were
 * given back and handed out again, or a write that went astray.
 */
function fillFromElsewhere(content: Uint8Array, unit: PendingUnit, detail: number, state: DiskState): void {
  const files = [...state.nodes.values()].filter(holdsBytes);
  const source = files[detail % files.length];
  const sectors = Math.ceil(source.size / SECTOR_BYTES);
  const sector = Math.floor(detail / files.length) % sectors;
  const start = sector * SECTOR_BYTES + (unit.from % SECTOR_BYTES);
  const isSamePlace = source.id === unit.logged.object && start === unit.from;
  const bytes = isSamePlace ? 0 : Math.max(0, Math.min(unit.to - unit.from, source.size - start));
  zero(content, unit.from, unit.to);
  const room = content.length - unit.from;
  content.set(source.contents.buffer.subarray(start, start + Math.min(bytes, room)), unit.from);
}

function holdsBytes(node: DiskNode): node is FileNode {
  return node.kind === "file" && node.size > 0;
}
