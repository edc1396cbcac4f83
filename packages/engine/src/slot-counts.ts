import { recordBytes } from "@hashlog/format";
import type { RecordLocation, SlotTally } from "@hashlog/index";

/**
 * What lives in each slot, as it is kept in a checkpoint beside the shards, and counted on as the log behind it is
 * replayed: so an opening needs not look at every key. By slot, not by segment: what was written while the checkpoint was
 * may lie in a slot that is no longer the same segment's, until its record is replayed.
 *
 *     | asOfMs u64 | count u32 | zero u32 | count times: slot, records, bytes, expiredRecords, expiredBytes, u32 each |
 *
 * FORMAT.md, "Checkpoint", has it as the last of the shards.
 */
export class SlotCounts {
  #tally: SlotTally;

  constructor(tally: SlotTally) {
    this.#tally = tally;
  }

  get tally(): SlotTally {
    return this.#tally;
  }

  /** Makes room for slots below `slotCount`. */
  makeRoom(slotCount: number): void {
    const { asOfMs, records, bytes, expiredRecords, expiredBytes } = this.#tally;
    if (slotCount <= records.length) return;
    this.#tally = newTally(2 * slotCount, asOfMs);
    this.#tally.records.set(records);
    this.#tally.bytes.set(bytes);
    this.#tally.expiredRecords.set(expiredRecords);
    this.#tally.expiredBytes.set(expiredBytes);
  }

  /** A key of `keyBytes` bytes lies at `location` now (`sign` 1), or not any more (-1). */
  count({ segmentSlot, valueBytes, expiresAtMs }: Readonly<RecordLocation>, keyBytes: number, sign: 1 | -1): void {
    this.makeRoom(segmentSlot + 1);
    const { asOfMs, records, bytes, expiredRecords, expiredBytes } = this.#tally;
    const ofRecord = recordBytes(keyBytes, valueBytes, expiresAtMs !== 0);
    records[segmentSlot]! += sign;
    bytes[segmentSlot]! += sign * ofRecord;
    if (expiresAtMs === 0 || expiresAtMs > asOfMs) return;
    expiredRecords[segmentSlot]! += sign;
    expiredBytes[segmentSlot]! += sign * ofRecord;
  }

  encode(): Uint8Array {
    const { asOfMs, records, bytes, expiredRecords, expiredBytes } = this.#tally;
    const slots = [...records.keys()].filter((slot) => records[slot]! > 0);
    const encoded = new DataView(new ArrayBuffer(HEADER_BYTES + SLOT_BYTES * slots.length));
    encoded.setBigUint64(0, BigInt(asOfMs), true);
    encoded.setUint32(8, slots.length, true);
    slots.forEach((slot, index) => {
      const at = HEADER_BYTES + SLOT_BYTES * index;
      [slot, records[slot]!, bytes[slot]!, expiredRecords[slot]!, expiredBytes[slot]!].forEach((value, field) =>
        encoded.setUint32(at + 4 * field, value, true),
      );
    });
    return new Uint8Array(encoded.buffer);
  }
}

/** Reads what `encode` gave; `undefined` for anything else. */
export function decodeSlotCounts(encoded: Uint8Array): SlotCounts | undefined {
  if (encoded.length < HEADER_BYTES) return undefined;
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.length);
  const asOfMs = Number(view.getBigUint64(0, true));
  const count = view.getUint32(8, true);
  const fits = encoded.length === HEADER_BYTES + SLOT_BYTES * count && view.getUint32(12, true) === 0;
  if (!fits || !Number.isSafeInteger(asOfMs)) return undefined;
  const counts = new SlotCounts(newTally(0, asOfMs));
  for (let at = HEADER_BYTES; at < encoded.length; at += SLOT_BYTES) {
    const slot = view.getUint32(at, true);
    if (slot > SLOT_MAX) return undefined;
    counts.makeRoom(slot + 1);
    const { records, bytes, expiredRecords, expiredBytes } = counts.tally;
    [records, bytes, expiredRecords, expiredBytes].forEach((ofSlot, field) => {
      ofSlot[slot] = view.getUint32(at + 4 + 4 * field, true);
    });
  }
  return counts;
}

/** A tally of nothing yet, for `slotCount` slots. */
export function newTally(slotCount: number, asOfMs: number): SlotTally {
  const perSlot = (): Float64Array => new Float64Array(slotCount);
  return { asOfMs, records: perSlot(), bytes: perSlot(), expiredRecords: perSlot(), expiredBytes: perSlot() };
}

const HEADER_BYTES = 16;
const SLOT_BYTES = 20;
const SLOT_MAX = 65_535;
