import type { RecordFields } from "@hashlog/format";
import { KEY_ABSENT, KEY_HERE } from "./ports.ts";

/**
 * What becomes of a record.
 *
 * - `"live"`: copied, and its key is moved to the copy.
 * - `"held"`: a tombstone that is copied, as it keeps an older record of its key from coming back.
 * - `"buried"`: expired; a tombstone with its sequence is written in its place, and its key's entry goes.
 * - `"emptied"`: the same of a put with an expiry that no key points to.
 * - `"dead"`: dropped.
 * - `"expired"`: dropped, and its key's entry with it.
 */
export type Verdict = "live" | "held" | "buried" | "emptied" | "dead" | "expired";

/** What is the same for all records of one merge. */
export interface Rules {
  /** The time for expiry, taken once. */
  readonly now: number;
  /** `lowestSequenceOutside` of the inputs. Nothing older comes in while they are merged, so it is asked for once. */
  readonly lowestOutside: number;
}

/**
 * The rule of what may go, which everything else here only carries out. `found` is what `MergeStore.lookUp` said of the
 * record's key.
 *
 * A record *shields* when older records of its key may lie in segments that stay, and nothing else would keep them from
 * coming back when the log is read anew. What may shield is a tombstone, and a put that has or had an expiry (when it
 * has passed, the key is absent because of this record). Such a record goes in two cases only:
 *
 * 1. No segment outside the merge has a lowest sequence below its own. Whatever is older lies in the inputs then, and
 *    leaves the store with it, in one edit.
 * 2. The keydir knows the key, at another place. What lies there is newer, because the keydir only ever replaces a record
 *    by a newer one; or it has the same sequence (below). It is visible, so the sync of the log makes it durable before
 *    the merge publishes, and it goes by this same rule only. So it shields in this one's stead.
 *
 * A plain put that the keydir does not point to is dead: something newer took its place, a put or a record that shields.
 * The same cannot be said of a put with an expiry when the key is absent. It may itself be the newest record of the key,
 * its entry taken out when it expired: not by a merge, which drops an entry only when the record is out of the store, but
 * by a store that does so whenever a read meets what has expired. Whether it has expired by `now` does not matter for
 * this: after a reopening the clock may stand earlier than it did then.
 *
 * None of this is undone by time: where something newer is, something newer or what shields stays; a key that is absent and
 * is written later makes a shield needless, not harmful; and no key is moved or dropped unless it lies at exactly the old
 * place then. So the keydir may be asked some time before the record is judged, as long as the log is synced afterwards.
 *
 * What shields needs no value, unless a key points to it and its time has not come: a tombstone of the same sequence
 * shields as well. So a store that has one old segment and records that expire gets their space back all the same.
 *
 * ## Two records with one sequence
 *
 * A merge that stops between publishing and retiring leaves records of its inputs in the log twice: as they were, and as
 * the copy or the tombstone that was made of them. **Of two records of a key with the same sequence a put wins over a
 * tombstone**, in every loader, in any order. As long as the put is there, nothing was taken out, and the store is what it
 * was before the merge:
 *
 * - Read by hints or scans: the key has the put's place again, and it is for the clock to say whether it has expired. Were
 *   it the tombstone that won, a clock that is set back would show the record by one road and not by the other.
 * - By a checkpoint from before the merge: it has the put's place, and the outputs, which it does not know, are counted and
 *   not replayed (they are in no order). The same.
 * - By a checkpoint that was made after the store itself had taken the entry out: the key is absent. Only a clock that is
 *   set back can tell the difference, and nobody older comes back: see above, "when the key is absent".
 * - A store that is read beside its writer loads its index anew when a merge has published: as by hints or scans.
 *
 * A later merge meets the two in these ways. `put` has an entry unless the store has taken it out:
 *
 *     merged          the put has an entry                        it has none
 *     tombstone only  dropped by 2: the put shields               held
 *     put only        buried again: two tombstones                emptied: the same
 *     both            put buried, or copied if the clock was set  put emptied, tombstone held
 *                     back; tombstone dropped by 2
 *
 * In each at least one record of that sequence stays as long as 1 does not let all of it go. 2 is safe in the first column,
 * as the entry that it relies on is the put's, and what becomes of that put shields: it stays where it is outside the
 * merge, is copied, or is buried, and the tombstone is published before the put is retired.
 */
export function judge(record: RecordFields, found: number, rules: Rules): Verdict {
  const mayShield = isAboveOthers(record, rules);
  if (!record.tombstone && found === KEY_HERE) {
    if (!hasExpired(record, rules.now)) return "live";
    return mayShield ? "buried" : "expired";
  }
  const shields = absenceMatters(record, rules) && found === KEY_ABSENT;
  if (!shields) return "dead";
  return record.tombstone ? "held" : "emptied";
}

/** Whether a record cannot be judged without what the keydir says of its key: a tombstone that shields nothing can. */
export function needsItsKey(record: RecordFields, rules: Rules): boolean {
  return !record.tombstone || isAboveOthers(record, rules);
}

/** Whether it matters, for a record that the keydir does not point to, if its key is absent or elsewhere. */
export function absenceMatters(record: RecordFields, rules: Rules): boolean {
  return isAboveOthers(record, rules) && (record.tombstone || record.expiresAtMs !== 0);
}

function isAboveOthers({ sequence }: RecordFields, { lowestOutside }: Rules): boolean {
  return sequence > lowestOutside;
}

function hasExpired(record: RecordFields, now: number): boolean {
  return record.expiresAtMs !== 0 && record.expiresAtMs <= now;
}
