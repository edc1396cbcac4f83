import { EARLIER_LIVES, fateDetail, fateKind, fateOfRest, INTACT, tearPoint } from "./crash-fates.ts";
import { SECTOR_BYTES, type PendingUnit } from "./crash-units.ts";
import type { ImageFile } from "./disk-image.ts";
import { scramble } from "./simulated-random.ts";
import type { DiskNode, FileNode } from "./simulated-nodes.ts";
import type { DiskState } from "./simulated-state.ts";

/** What lies in place of a unit of bytes, of which that became: as many bytes as it has. Not to be changed. */
export function leftOfUnit(unit: PendingUnit, fate: number, state: DiskState): Uint8Array {
  const whole = bytesOfUnit(unit, state);
  if (fate === INTACT) return whole;
  const left = notWritten(unit, fateOfRest(fate), state);
  const tear = tearPoint(fate, whole.length);
  if (fateKind(fate) === "torn-prefix") left.set(whole.subarray(0, tear));
  if (fateKind(fate) === "torn-suffix") left.set(whole.subarray(tear), tear);
  return left;
}

/** What lies where a unit, or a part of it, did not reach the disk: zeros, garbage, or what lay there before. */
function notWritten(unit: PendingUnit, fate: number, state: DiskState): Uint8Array {
  const left = new Uint8Array(unit.to - unit.from);
  if (fateKind(fate) === "garbage") garble(left, unit.from, fateDetail(fate));
  if (fateKind(fate) === "stale") left.set(staleBytes(unit, fateDetail(fate), state));
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
  if (detail >= EARLIER_LIVES && state.residue.length > 0) {
    const { index, at } = placeAmong(state.residue.map(lengthOf), unit, detail - EARLIER_LIVES);
    return partOf(state.residue[index].bytes, at, unit);
  }
  const place = placeElsewhere(unit, detail, state);
  return place === undefined
    ? NO_BYTES
    : partOf(place.file.contents.buffer.subarray(0, place.file.size), place.at, unit);
}

const NO_BYTES = new Uint8Array(0);

/** As many bytes as the unit has, if there are so many. */
function partOf(content: Uint8Array, at: number, { from, to }: PendingUnit): Uint8Array {
  return content.subarray(at, at + to - from);
}

/** The same place of some sector of some file, this one or another; `undefined` if it is the unit's own. */
function placeElsewhere(
  unit: PendingUnit,
  detail: number,
  state: DiskState,
): { readonly file: FileNode; readonly at: number } | undefined {
  const files = [...state.nodes.values()].filter(holdsBytes);
  const { index, at } = placeAmong(files.map(sizeOf), unit, detail);
  const file = files[index];
  return file.id === unit.logged.object && at === unit.from ? undefined : { file, at };
}

/** In one of so many files, each of so many bytes, the place that lies in its sector as the unit does. */
function placeAmong(
  lengths: readonly number[],
  unit: PendingUnit,
  detail: number,
): { readonly index: number; readonly at: number } {
  const index = detail % lengths.length;
  const sector = Math.floor(detail / lengths.length) % Math.ceil(lengths[index] / SECTOR_BYTES);
  return { index, at: sector * SECTOR_BYTES + (unit.from % SECTOR_BYTES) };
}

function sizeOf({ size }: FileNode): number {
  return size;
}

function lengthOf({ bytes }: ImageFile): number {
  return bytes.length;
}

function holdsBytes(node: DiskNode): node is FileNode {
  return node.kind === "file" && node.size > 0;
}
