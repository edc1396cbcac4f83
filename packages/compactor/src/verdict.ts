import type { RecordFields } from "@hashlog/format";
import type { MergeInput, MergeStore } from "./ports.ts";

/**
 * What becomes of a record.
 *
 * - `"live"`: copied, and its key is moved to the copy.
 * - `"held"`: copied, though no key points to it: it keeps an older record of its key from coming back.
 * - `"dead"`: dropped.
 * - `"expired"`: dropped, and its key's entry with it.
 */
export type Verdict = "live" | "held" | "dead" | "expired";

/** What is the same for all records of one merge. */
export interface Rules {
  /** The time for expiry, taken once. */
  readonly now: number;
  /** `lowestSequenceOutside` of the inputs. Nothing older comes in while they are merged, so it is asked for once. */
  readonly lowestOutside: number;
}

/**
 * The rule of what may go, which everything else here only carries out. `record` lies in `bytes` and at `offset` of
 * `input`.
 *
 * A record *shields* when older records of its key may lie in segments that stay, and nothing else would keep them from
 * coming back when the log is read anew. What may shield is a tombstone, and a put that has or had an expiry (when it
 * has passed, the key is absent because of this record). Such a record goes in two cases only:
 *
 * 1. No segment outside the merge has a lowest sequence below its own. Whatever is older lies in the inputs then, and
 *    leaves the store with it, in one edit.
 * 2. The keydir knows the key, at another place. What lies there is newer, because the keydir only ever replaces a record
 *    by a newer one (or it is a second copy of the same record, after a crash between two edits). It is visible, so the
 *    sync of the log makes it durable before the merge publishes, and it goes by this same rule only. So it shields in
 *    this one's stead.
 *
 * A plain put that the keydir does not point to is dead: something newer took its place, a put or a record that shields.
 * The same cannot be said of a put with an expiry when the key is absent. It may itself be the newest record of the key,
 * its entry taken out when it expired, by a reader, or by a merge that failed afterwards and left it in the log. Whether
 * it has expired by `now` does not matter for this: after a reopening the clock may stand earlier than it did then.
 */
export function judge(
  record: RecordFields,
  bytes: Uint8Array,
  input: MergeInput,
  offset: number,
  store: MergeStore,
  rules: Rules,
): Verdict {
  const mayShield = record.sequence > rules.lowestOutside;
  if (!record.tombstone && store.isNewest(input, offset, bytes, record.keyStart, record.keyEnd)) {
    return hasExpired(record, rules.now) && !mayShield ? "expired" : "live";
  }
  const shields =
    mayShield && (record.tombstone || record.expiresAtMs !== 0) && !store.hasKey(bytes, record.keyStart, record.keyEnd);
  return shields ? "held" : "dead";
}

function hasExpired(record: RecordFields, now: number): boolean {
  return record.expiresAtMs !== 0 && record.expiresAtMs <= now;
}
