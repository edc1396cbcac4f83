import { violated, type Property } from "./property.ts";

export const conformance: Property = {
  id: "P20",
  title: "Conformance of the file systems",
  statement:
    "The same script gives the same results on the simulated file system (without a crash), on the machine's own and on " +
    "the one in memory: the same values, the same error codes, the same names, the same bytes at the end; and what is " +
    "done to the disk for it (files made, bytes written, names given and taken, syncs) is the same, in the same order. A " +
    "store that does the same on each of them calls the file system alike, call for call, and leaves the same files.",
  why:
    "All that is proved about crashes is proved on a simulated disk. It is worth as much as that disk is like a real one: " +
    "where the two answer differently, a store can be right on the one and wrong on the other, and no crash test sees it.",
};

/**
 * What came of a script on one file system. Two kinds of scripts are compared (proof/conformance):
 *
 * - *Calls of the port*, one after the other: their results, the effects on the disk, and the files. The simulated disk
 *   tells its own steps, and for the machine's file system the functions of `node:fs` tell what they have done; so the
 *   order of write, sync, rename and directory sync inside a single call is compared as well. In memory there is no disk.
 * - *Operations of a store*, many under way at once, with processes that end in their middle and recoveries: their results,
 *   the calls that the store makes, and the files. The answers to calls are handed over in the order in which the calls
 *   began, as otherwise the next call would depend on which sync a thread pool happens to finish first. Effects are not
 *   compared there: which of two overlapping calls comes to the disk first is open on a real one.
 *
 * Not compared, as they differ between machines: what locks keep in a directory, how much room there is, the kind of the
 * volume, the order of names in a listing, and what lies above the directory.
 */
export interface Observed {
  /** Of which file system: its `name`. */
  readonly on: string;
  /** What each operation gave, in order, as text. */
  readonly results: readonly string[];
  /** What the file system was asked for and what it answered, a line each, in order. */
  readonly calls: readonly string[];
  /** What was done to the disk, a line each, in order; `undefined` where that cannot be seen or has no order. */
  readonly effects: readonly string[] | undefined;
  /** What each file holds in the end, by its path; directories have no bytes. */
  readonly files: ReadonlyMap<string, Uint8Array | undefined>;
}

/**
 * Both did the same: the same results, the same calls, the same effects on the disk in the same order, the same files.
 * @throws PropertyViolation with the first difference, and what led to it
 */
export function mustConform(one: Observed, other: Observed): void {
  // An operation's result comes of its calls: what is told first is nearest to the cause.
  mustBeAlike("call", one, other, ({ calls }) => calls);
  mustBeAlike("result", one, other, ({ results }) => results);
  const isSeen = one.effects !== undefined && other.effects !== undefined;
  if (isSeen) mustBeAlike("effect", one, other, ({ effects }) => effects!);
  mustBeAlike("name", one, other, ({ files }) => [...files.keys()].toSorted());
  for (const [path, bytes] of one.files) mustHoldTheSame(path, one, bytes, other, other.files.get(path));
}

function mustBeAlike(what: string, one: Observed, other: Observed, lines: (seen: Observed) => readonly string[]): void {
  const [first, second] = [lines(one), lines(other)];
  const length = Math.max(first.length, second.length);
  for (let index = 0; index < length; index += 1) {
    if (first[index] === second[index]) continue;
    const before = first.slice(Math.max(0, index - LINES_BEFORE), index).map((line) => `  both  ${line}\n`);
    const difference = `  ${one.on}: ${first[index] ?? "nothing"}\n  ${other.on}: ${second[index] ?? "nothing"}`;
    violated(conformance, `${what} ${index + 1} is not the same\n${before.join("")}${difference}`);
  }
}

const LINES_BEFORE = 12;

function mustHoldTheSame(
  path: string,
  one: Observed,
  first: Uint8Array | undefined,
  other: Observed,
  second: Uint8Array | undefined,
): void {
  const size = (bytes: Uint8Array | undefined): string =>
    bytes === undefined ? "a directory" : `${bytes.length} bytes`;
  if (first?.length !== second?.length) {
    violated(conformance, `${path} is ${size(first)} on ${one.on}, and ${size(second)} on ${other.on}`);
  }
  const at = first?.findIndex((byte, index) => byte !== second?.[index]) ?? -1;
  if (at !== -1) violated(conformance, `${path} differs between ${one.on} and ${other.on} at byte ${at}`);
}
