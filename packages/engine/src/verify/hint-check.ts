import {
  bytesSource,
  hintFileName,
  readHint,
  type HintEntry,
  type HintSegment,
  type HintTotals,
} from "@hashlog/format";
import type { Clock, FileSystem, FsError } from "@hashlog/fs-io";
import { HintBuilder } from "@hashlog/index";
import { encodeHint } from "../hint-files.ts";
import { EntrySum } from "./entry-sum.ts";
import type { ExaminedSegment, RecordVisitor, SegmentContent } from "./examined-segment.ts";
import { openPatiently, patientSource } from "./patient-source.ts";

/** What a hint file is worth. `"differs"`: it reads well, and is not what its segment says; an opening would believe it. */
export type HintState =
  | { readonly kind: "missing" | "whole" | "fits" | "differs" }
  | { readonly kind: "unusable"; readonly reason: string };

/** What is in a hint file. */
export type HintContent =
  | { readonly kind: "whole"; readonly totals: HintTotals; readonly sum: EntrySum }
  | { readonly kind: "missing" }
  | Extract<HintState, { readonly kind: "unusable" }>;

/**
 * Reads the hint file of a sealed segment.
 * @param onEntry is shown the entries; of an unusable file those that come before what is wrong with it
 * @throws FsError other than that there is none, or that the disk does not give it
 */
export async function readHintFile(
  parts: { readonly fileSystem: FileSystem; readonly directory: string },
  segment: ExaminedSegment,
  onEntry?: (entry: HintEntry) => void,
): Promise<HintContent> {
  const { fileSystem, directory } = parts;
  const path = fileSystem.join(directory, hintFileName(segment.segmentId));
  let refusal: FsError | undefined;
  const file = await openPatiently(fileSystem, path, (error) => {
    refusal = error;
  });
  if (refusal !== undefined) return { kind: "unusable", reason: refusal.message };
  if (file === undefined) return { kind: "missing" };
  try {
    const sum = new EntrySum();
    const read = await readHint(patientSource(file, file.size()), hintSegmentOf(segment), (entry) => {
      addEntry(sum, entry);
      onEntry?.(entry);
    });
    return read.kind === "ok" ? { kind: "whole", totals: read.totals, sum } : read;
  } finally {
    await file.close();
  }
}

/**
 * Gathers from the records of a segment what its hint file has to say. Where no key has two records in it, as after a merge,
 * that is a sum over all of them. Else the newest of each key have to be found, which takes memory and time: only where a
 * hint file says that there are older ones, or cannot be read yet.
 */
export class HintCheck {
  readonly #segment: ExaminedSegment;
  readonly #all = new EntrySum();
  readonly #newest: HintBuilder | undefined;

  /** `hint`: what the hint file was before the records are read. */
  constructor(segment: ExaminedSegment, hint: HintContent, hashKey: Uint8Array) {
    this.#segment = segment;
    const isLeftOut = hint.kind === "missing" || (hint.kind === "whole" && !hasOlder(hint.totals));
    this.#newest = isLeftOut ? undefined : new HintBuilder({ hashKey });
  }

  /** A record of the segment. Each has to be added. */
  readonly add: RecordVisitor = (bytes, _at, fields, offset) => {
    const { keyStart, keyEnd, sequence, valueStart, valueEnd, expiresAtMs, tombstone } = fields;
    const valueBytes = valueEnd - valueStart;
    this.#all.add(bytes, keyStart, keyEnd, sequence, offset, kindOf(tombstone, valueBytes), expiresAtMs);
    if (this.#newest === undefined) return;
    if (tombstone) this.#newest.delete(bytes, keyStart, keyEnd, sequence, offset);
    else this.#newest.put(bytes, keyStart, keyEnd, sequence, offset, valueBytes, expiresAtMs);
  };

  /** Whether that hint file says what the records say; `content` has counted them. */
  async fits(
    { totals, sum }: Extract<HintContent, { readonly kind: "whole" }>,
    { totals: counted, lowestSequence, highestSequence }: SegmentContent,
    clock: Pick<Clock, "yield">,
  ): Promise<boolean> {
    const { entryCount: _, ...said } = totals;
    const found: typeof said = { ...counted, lowestSequence, highestSequence };
    const names = Object.keys(said) as (keyof typeof said)[];
    if (names.some((name) => said[name] !== found[name])) return false;
    if (this.#newest === undefined || !hasOlder(totals)) return sum.equals(this.#all);
    return sum.equals(await sumOf(this.#newest, hintSegmentOf(this.#segment), clock));
  }
}

/** What the hint file of these records would say. */
async function sumOf(builder: HintBuilder, of: HintSegment, clock: Pick<Clock, "yield">): Promise<EntrySum> {
  const blocks: Uint8Array[] = [];
  await encodeHint(builder, of, clock, (block) => blocks.push(block.slice()));
  const hint = new Uint8Array(blocks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const block of blocks) {
    hint.set(block, at);
    at += block.length;
  }
  const sum = new EntrySum();
  await readHint(bytesSource(hint), of, (entry) => addEntry(sum, entry));
  return sum;
}

function addEntry(sum: EntrySum, entry: HintEntry): void {
  const { bytes, keyStart, keyEnd, sequence, offset, valueBytes, tombstone, expiresAtMs } = entry;
  sum.add(bytes, keyStart, keyEnd, sequence, offset, kindOf(tombstone, valueBytes), expiresAtMs);
}

/** Whether a key has several records, as the hint file has fewer entries. */
function hasOlder({ entryCount, recordCount }: HintTotals): boolean {
  return entryCount !== recordCount;
}

/** A tombstone is another thing than a put of nothing. */
function kindOf(isTombstone: boolean, valueBytes: number): number {
  return isTombstone ? 0 : valueBytes + 1;
}

function hintSegmentOf({ segmentId, place, bytes }: ExaminedSegment): HintSegment {
  return { segmentId, identity: place.identity, sealedBytes: bytes };
}
