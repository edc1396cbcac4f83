import { fateDetail, fateKind, INTACT, tearPoint } from "./crash-fates.ts";
import { SECTOR_BYTES, type PendingUnit } from "./crash-units.ts";
import { scramble } from "./simulated-random.ts";
import type { DiskNode, FileNode } from "./simulated-nodes.ts";
import type { DiskState } from "./simulated-state.ts";

/** What lies in place of a unit of bytes, of which that became: as many bytes as it has. Not to be changed. */
export function leftOfUnit(unit: PendingUnit, fate: number, state: DiskState): Uint8Array {
  const whole = bytesOfUnit(unit, state);
  if (fate === INTACT) return whole;
  const left = new Uint8Array(whole.length);
  const tear = tearPoint(fate, whole.length);
  switch (fateKind(fate)) {
    case "torn-prefix":
      left.set(whole.subarray(0, tear));
      break;
    case "torn-suffix":
      left.set(whole.subarray(tear), tear);
      break;
    case "garbage":
      garble(left, unit.from, fateDetail(fate));
      break;
    case "stale":
      left.set(staleBytes(unit, fateDetail(fate), state));
      break;
    default:
  }
  return left;
}

/** Where the kept part of a unit ends: 0 if nothing at its beginning was kept. */
export function keptEnd({ from, to }: PendingUnit, fate: number): number {
  if (fate === INTACT) return to;
  return fateKind(fate) === "torn-prefix" ? from + tearPoint(fate, to - from) : 0;
}

/** Where the sector begins in which a unit lies. */
export function sectorOf({ from }: PendingUnit): number {
  return from - (from % SECTOR_BYTES);
}

/** Fills the whole sector of a unit with garbage, as far as `content`, its file's, goes. */
export function garbleSector(content: Uint8Array, unit: PendingUnit, fate: number): void {
  const start = sectorOf(unit);
  garble(content.subarray(start, start + SECTOR_BYTES), start, fateDetail(fate));
}

/** A write that landed where it does not belong. */
export interface StrayWrite {
  readonly file: number;
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** Where a unit's bytes are found that went astray: over what the file had there, never beyond its end. */
export function strayWrite(unit: PendingUnit, fate: number, state: DiskState): StrayWrite | undefined {
  const place = placeElsewhere(unit, fateDetail(fate), state);
  return place && { file: place.file.id, at: place.at, bytes: bytesOfUnit(unit, state) };
}

function bytesOfUnit({ logged, from, to }: PendingUnit, state: DiskState): Uint8Array {
  return (state.nodes.get(logged.object) as FileNode).contents.buffer.subarray(from, to);
}

/** Garbage depends on where it lies, so that no two sectors have the same. */
function garble(target: Uint8Array, position: number, seed: number): void {
  const noise = Math.imul(seed + 1, 0x9e3779b1);
  for (let i = 0; i < target.length; i++) target[i] = scramble(noise ^ (position + i));
}

function staleBytes(unit: PendingUnit, detail: number, state: DiskState): Uint8Array {
  const place = placeElsewhere(unit, detail, state);
  if (place === undefined) return new Uint8Array(0);
  const end = Math.min(place.at + unit.to - unit.from, place.file.size);
  return place.file.contents.buffer.subarray(place.at, Math.max(place.at, end));
}

/** The same place of some sector of some file, this one or another; `undefined` if it is the unit's own. */
function placeElsewhere(
  unit: PendingUnit,
  detail: number,
  state: DiskState,
): { readonly file: FileNode; readonly at: number } | undefined {
  const files = [...state.nodes.values()].filter(holdsBytes);
  const file = files[detail % files.length];
  const sector = Math.floor(detail / files.length) % Math.ceil(file.size / SECTOR_BYTES);
  const at = sector * SECTOR_BYTES + (unit.from % SECTOR_BYTES);
  return file.id === unit.logged.object && at === unit.from ? undefined : { file, at };
}

function holdsBytes(node: DiskNode): node is FileNode {
  return node.kind === "file" && node.size > 0;
}
