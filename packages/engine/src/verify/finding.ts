import type { DamagedRange } from "./read-past-damage.ts";

/** Something that is not as it should be. */
export interface Finding {
  /**
   * What it is about: a file of the store, or what a store that is open has in memory (`"index"`: the keydir;
   * `"statistics"`: what `stats()` says).
   */
  readonly subject: "manifest" | "segment" | "hint" | "checkpoint" | "index" | "statistics";
  /** What is wrong, for people. */
  readonly what: string;
  /**
   * Whether every answer of the store is right all the same: a hint or a checkpoint that is damaged is not used, and made
   * anew in time. Else something that was durable is lost, or an answer may be wrong.
   */
  readonly harmless: boolean;
  /** The file, where it is one. */
  readonly path: string | undefined;
  readonly segmentId: number | undefined;
  /** Where the damaged bytes begin, and how many there are; in a file that is missing all of them. */
  readonly offset: number | undefined;
  readonly bytes: number | undefined;
  /** The sequences of the writes that lay there, where that is known and there are any. */
  readonly firstSequence: number | undefined;
  readonly lastSequence: number | undefined;
  /**
   * How many keys are affected, where that is known: in a segment those whose newest record in it lay there, as its hint file
   * tells; some of them may have been written again since.
   */
  readonly keys: number | undefined;
}

/** A finding, with what is not said left out. */
export function finding(
  subject: Finding["subject"],
  what: string,
  more: Partial<Omit<Finding, "subject" | "what">> = {},
): Finding {
  return {
    ...{ subject, what, harmless: false, path: undefined, segmentId: undefined, offset: undefined, bytes: undefined },
    ...{ firstSequence: undefined, lastSequence: undefined, keys: undefined },
    ...more,
  };
}

/** Of a segment that is damaged. */
export function damageFinding(
  { path, segmentId }: { readonly path: string; readonly segmentId: number },
  { offset, bytes, reason, sequences }: DamagedRange,
  keys: number | undefined,
): Finding {
  const known = sequences !== undefined && sequences.first <= sequences.last ? sequences : undefined;
  const what = bytes === 0 ? `writes are missing: ${reason}` : `damage within ${bytes} bytes: ${reason}`;
  return finding("segment", what, {
    ...{ path, segmentId, offset, bytes, keys },
    firstSequence: known?.first,
    lastSequence: known?.last,
  });
}
