import { newRecordFields, readRecord, recordBytes } from "@hashlog/format";
import type { Clock } from "@hashlog/fs-io";
import type { Keydir, KeydirPage, KeydirView, RecordLocation } from "@hashlog/index";
import { sameBytes } from "../same-bytes.ts";
import { newLocation } from "../segment-table.ts";
import { EntrySum } from "./entry-sum.ts";
import type { ExaminedSegment } from "./examined-segment.ts";

/** A keydir, and which segment each of its slots stands for. */
export interface IndexUnderTest {
  readonly view: Pick<KeydirView, "size" | "find" | "openScan">;
  readonly segmentOf: (slot: number) => number | undefined;
}

/** What a keydir says otherwise than the log. */
export interface IndexDifferences {
  /** Keys that it has not, or has elsewhere than where their newest record lies. */
  readonly wrong: number;
  /** Keys that it has, and should not have. */
  readonly extra: number;
  /** Keys of which two records are equally new, as a merge that was cut off leaves them: either is right. */
  readonly ambiguous: number;
  /** Keys that it has not, and that have expired: a merge takes them out, and its inputs stay where its last edit fails. */
  readonly forgotten: number;
}

/** A keydir that was made from all records of the log. */
export class IndexOfLog {
  readonly #keydir: Keydir;
  /** By the slots of the keydir. */
  readonly #segments: ReadonlyMap<number, ExaminedSegment>;
  /** By their ids. */
  readonly #byId: ReadonlyMap<number, ExaminedSegment>;
  readonly #clock: Pick<Clock, "yield" | "now">;
  readonly #onKeys: (keys: number) => void;
  #sum: EntrySum | undefined;

  /** `onKeys` is told of keys that were looked at, and may throw to end a comparison. */
  constructor(parts: {
    readonly keydir: Keydir;
    readonly segments: readonly ExaminedSegment[];
    readonly clock: Pick<Clock, "yield" | "now">;
    readonly onKeys: (keys: number) => void;
  }) {
    this.#keydir = parts.keydir;
    this.#segments = new Map(parts.segments.map((segment) => [segment.slot, segment]));
    this.#byId = new Map(parts.segments.map((segment) => [segment.segmentId, segment]));
    this.#clock = parts.clock;
    this.#onKeys = parts.onKeys;
  }

  /**
   * What another keydir says otherwise. Goes through both in the order of their memory; only where they are not the same each
   * key is looked up, and records are read where the two say something different.
   */
  async compare(tested: IndexUnderTest): Promise<IndexDifferences> {
    if (await this.#isSame(tested)) return { wrong: 0, extra: 0, ambiguous: 0, forgotten: 0 };
    const differences = { wrong: 0, ambiguous: 0, forgotten: 0 };
    // Those of the other keydir that have been told of, right or wrong.
    let known = 0;
    const view = this.#keydir.openView();
    const found = newLocation();
    try {
      await this.#scan(view, async (page) => {
        for (let entry = 0, start = 0; entry < page.count; start = page.keyEnds[entry]!, entry += 1) {
          const key = page.keys.subarray(start, page.keyEnds[entry]!);
          if (!tested.view.find(key, 0, key.length, found)) {
            const expiresAtMs = page.expiresAtMs[entry]!;
            const hasExpired = expiresAtMs !== 0 && expiresAtMs <= this.#clock.now();
            differences[hasExpired ? "forgotten" : "wrong"] += 1;
            continue;
          }
          known += 1;
          const verdict = await this.#judge(key, page, entry, found, tested);
          if (verdict !== "right") differences[verdict] += 1;
        }
      });
    } finally {
      view.close();
    }
    return { ...differences, extra: Math.max(0, tested.view.size - known) };
  }

  /** Whether both have the same keys in the same places. */
  async #isSame({ view, segmentOf }: IndexUnderTest): Promise<boolean> {
    if (view.size !== this.#keydir.size) return false;
    this.#sum ??= await this.#sumOfLog();
    return this.#sum.equals(await this.#sumOf(view, segmentOf));
  }

  async #sumOfLog(): Promise<EntrySum> {
    const view = this.#keydir.openView();
    try {
      return await this.#sumOf(view, (slot) => this.#segments.get(slot)!.segmentId);
    } finally {
      view.close();
    }
  }

  async #sumOf(view: Pick<KeydirView, "openScan">, segmentOf: IndexUnderTest["segmentOf"]): Promise<EntrySum> {
    const sum = new EntrySum();
    await this.#scan(view, ({ count, keys, keyEnds, segmentSlots, offsets, valueBytes, expiresAtMs }) => {
      for (let entry = 0, start = 0; entry < count; start = keyEnds[entry]!, entry += 1) {
        const segmentId = segmentOf(segmentSlots[entry]!) ?? 0;
        sum.add(keys, start, keyEnds[entry]!, segmentId, offsets[entry]!, valueBytes[entry]!, expiresAtMs[entry]!);
      }
    });
    return sum;
  }

  async #scan(view: Pick<KeydirView, "openScan">, onPage: (page: KeydirPage) => void | Promise<void>): Promise<void> {
    const scan = view.openScan();
    for (let page = scan.nextPage(); page !== undefined; page = scan.nextPage()) {
      await onPage(page);
      this.#onKeys(page.count);
      await this.#clock.yield();
    }
  }

  /** What the other keydir's place of a key is worth, where this one has it in `entry` of the page. */
  async #judge(
    key: Uint8Array,
    page: KeydirPage,
    entry: number,
    found: Readonly<RecordLocation>,
    tested: IndexUnderTest,
  ): Promise<"right" | "wrong" | "ambiguous"> {
    const segment = this.#segments.get(page.segmentSlots[entry]!)!;
    const expiresAtMs = page.expiresAtMs[entry]!;
    const place = { offset: page.offsets[entry]!, valueBytes: page.valueBytes[entry]!, expiresAtMs };
    const sameExpiry = found.expiresAtMs === expiresAtMs;
    const otherId = tested.segmentOf(found.segmentSlot);
    const samePlace = otherId === segment.segmentId && found.offset === place.offset;
    if (samePlace) return sameExpiry && found.valueBytes === place.valueBytes ? "right" : "wrong";
    const other = otherId === undefined ? undefined : this.#byId.get(otherId);
    if (!sameExpiry || other === undefined) return "wrong";
    const sequence = await sequenceAt(segment, key, place);
    return (await sequenceAt(other, key, found)) === sequence ? "ambiguous" : "wrong";
  }
}

/** The sequence of the record of the key at that place; 0 if there is none. */
async function sequenceAt(
  { source }: ExaminedSegment,
  key: Uint8Array,
  { offset, valueBytes, expiresAtMs }: Readonly<Omit<RecordLocation, "segmentSlot">>,
): Promise<number> {
  const bytes = new Uint8Array(recordBytes(key.length, valueBytes, expiresAtMs !== 0));
  const got = await source.read(bytes, 0, bytes.length, offset);
  const fields = newRecordFields();
  const isThere = readRecord(bytes, 0, got, fields) && fields.end === bytes.length;
  return isThere && sameBytes(bytes.subarray(fields.keyStart, fields.keyEnd), key) ? fields.sequence : 0;
}
