import {
  type ByteSource,
  bytesSource,
  HintEncoder,
  type HintReading,
  type HintTotals,
  readHint,
  recordBytes,
} from "../src/index.ts";
import { concat, IDENTITY, utf8 } from "./support.ts";

/** Hint files for tests: what is in them, and how they are written and read. */

/** An entry, as it is added and as it comes back. */
export interface Entry {
  readonly key: Uint8Array;
  readonly sequence: number;
  readonly offset: number;
  readonly valueBytes: number;
  readonly tombstone: boolean;
  readonly expiresAtMs: number;
}

export const SEGMENT = { segmentId: 3, identity: IDENTITY, sealedBytes: 50_000_000 };
export const HEADER_BYTES = 32;
export const BLOCK_HEADER_BYTES = 16;
export const FOOTER_BYTES = 48;

export const entries: Entry[] = [
  { key: utf8("ada"), sequence: 12, offset: 64, valueBytes: 100, tombstone: false, expiresAtMs: 0 },
  { key: utf8(""), sequence: 10, offset: 200, valueBytes: 0, tombstone: false, expiresAtMs: 1_700_000_000_000 },
  { key: utf8("alan"), sequence: 15, offset: 300, valueBytes: 0, tombstone: true, expiresAtMs: 0 },
];

/** The totals of a segment that holds these entries' records and nothing else. */
export function totalsOf(list: readonly Entry[]): HintTotals {
  const sum = (of: (entry: Entry) => number) => list.reduce((total, entry) => total + of(entry), 0);
  const bytesOf = (entry: Entry) => recordBytes(entry.key.length, entry.valueBytes, entry.expiresAtMs !== 0);
  const sequences = list.map((entry) => entry.sequence);
  return {
    entryCount: list.length,
    recordCount: list.length,
    recordBytes: sum(bytesOf),
    tombstoneCount: sum((entry) => Number(entry.tombstone)),
    tombstoneBytes: sum((entry) => (entry.tombstone ? bytesOf(entry) : 0)),
    lowestSequence: Math.min(...sequences),
    highestSequence: Math.max(...sequences),
    expiringCount: sum((entry) => Number(entry.expiresAtMs !== 0)),
  };
}

export function encode(list: readonly Entry[], totals: HintTotals = totalsOf(list), segment = SEGMENT): Uint8Array {
  const pieces: Uint8Array[] = [];
  const encoder = new HintEncoder(segment, (block) => pieces.push(block.slice()));
  for (const entry of list) addTo(encoder, entry);
  encoder.finish(totals);
  return concat(pieces);
}

export function addTo(encoder: HintEncoder, entry: Entry): void {
  const { key, sequence, offset, valueBytes, tombstone, expiresAtMs } = entry;
  encoder.add(
    concat([utf8("<<"), key, utf8(">")]),
    2,
    2 + key.length,
    sequence,
    offset,
    valueBytes,
    tombstone,
    expiresAtMs,
  );
}

export async function read(
  content: Uint8Array | ByteSource,
  segment = SEGMENT,
): Promise<{ found: Entry[]; reading: HintReading }> {
  const found: Entry[] = [];
  const source = content instanceof Uint8Array ? bytesSource(content) : content;
  const reading = await readHint(source, segment, ({ bytes, keyStart, keyEnd, ...rest }) => {
    found.push({ key: bytes.slice(keyStart, keyEnd), ...rest });
  });
  return { found, reading };
}

export function manyEntries(count: number): Entry[] {
  return Array.from({ length: count }, (_, i) => ({
    ...entries[0]!,
    key: utf8(`key ${i}`),
    sequence: i + 1,
    offset: 64 + i * 200,
  }));
}
