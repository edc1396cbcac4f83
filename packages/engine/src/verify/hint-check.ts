import { bytesSource, crc32, hintFileName, readHint, type HintEntry, type HintSegment } from "@hashlog/format";
import type { Clock, FileSystem, FsError } from "@hashlog/fs-io";
import type { HintBuilder } from "@hashlog/index";
import type { ExaminedSegment } from "./examined-segment.ts";
import { openPatiently, patientSource } from "./patient-source.ts";

/** What a hint file is worth. `"differs"`: it reads well, and is not what its segment says; an opening would believe it. */
export type HintState =
  | { readonly kind: "missing" | "whole" | "fits" | "differs" }
  | { readonly kind: "unusable"; readonly reason: string };

/**
 * Reads the hint file of a sealed segment and holds it against `builder`, which has all records of that segment; without one,
 * where the segment is damaged, it is only read (`"whole"`).
 * @param onEntry is shown the entries; of an unusable file those that come before what is wrong with it
 * @throws FsError other than that there is none, or that the disk does not give it
 */
export async function checkHint(
  parts: { readonly fileSystem: FileSystem; readonly directory: string; readonly clock: Pick<Clock, "yield"> },
  segment: ExaminedSegment,
  builder: HintBuilder | undefined,
  onEntry: (entry: HintEntry) => void,
): Promise<HintState> {
  const { fileSystem, directory, clock } = parts;
  const path = fileSystem.join(directory, hintFileName(segment.segmentId));
  let refusal: FsError | undefined;
  const file = await openPatiently(fileSystem, path, (error) => {
    refusal = error;
  });
  if (refusal !== undefined) return { kind: "unusable", reason: refusal.message };
  if (file === undefined) return { kind: "missing" };
  try {
    const { segmentId, place, bytes } = segment;
    const of = { segmentId, identity: place.identity, sealedBytes: bytes };
    const found = new EntrySum();
    const read = await readHint(patientSource(file, file.size()), of, (entry) => {
      found.add(entry);
      onEntry(entry);
    });
    if (read.kind === "unusable") return read;
    if (builder === undefined) return { kind: "whole" };
    const expected = await sumOf(builder, of, clock);
    return { kind: found.equals(expected) ? "fits" : "differs" };
  } finally {
    await file.close();
  }
}

/** What the hint file of these records would say. */
async function sumOf(builder: HintBuilder, of: HintSegment, clock: Pick<Clock, "yield">): Promise<EntrySum> {
  const blocks: Uint8Array[] = [];
  const steps = builder.encodeInSteps(of, (block) => blocks.push(block.slice()));
  const stepsPerTurn = Math.max(1, Math.floor((TURN_BYTES * STEPS) / builder.memoryBytes));
  for (let step = 1; steps.next().done !== true; step += 1) {
    if (step % stepsPerTurn === 0) await clock.yield();
  }
  const hint = new Uint8Array(blocks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const block of blocks) {
    hint.set(block, at);
    at += block.length;
  }
  const sum = new EntrySum();
  await readHint(bytesSource(hint), of, (entry) => sum.add(entry));
  return sum;
}

/** The same for the same entries, in whatever order they come: two sums of what their checksums are. */
class EntrySum {
  #first = 0;
  #second = 0;
  readonly #fields = new DataView(new ArrayBuffer(ENTRY_BYTES));
  readonly #bytes = new Uint8Array(this.#fields.buffer);

  add({ bytes, keyStart, keyEnd, sequence, offset, valueBytes, tombstone, expiresAtMs }: HintEntry): void {
    const fields = this.#fields;
    fields.setUint32(0, crc32(bytes, keyStart, keyEnd));
    fields.setUint32(4, keyEnd - keyStart);
    fields.setFloat64(8, sequence);
    fields.setUint32(16, offset);
    fields.setUint32(20, valueBytes);
    fields.setUint32(24, tombstone ? 1 : 0);
    fields.setFloat64(28, expiresAtMs);
    const checksum = crc32(this.#bytes);
    this.#first = (this.#first + checksum) >>> 0;
    this.#second = (this.#second + Math.imul(checksum ^ (checksum >>> 15), ODD)) >>> 0;
  }

  equals(other: EntrySum): boolean {
    return this.#first === other.#first && this.#second === other.#second;
  }
}

const ENTRY_BYTES = 36;
const ODD = 0x9e3779b1;
// Of the index that is encoded: about a millisecond's work, in so many steps.
const TURN_BYTES = 128 * 1024;
const STEPS = 256;
