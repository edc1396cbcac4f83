/**
 * What the keydir alone costs: bytes a key and nanoseconds an operation, beside a plain JavaScript `Map` with string
 * keys. `node --conditions=@hashlog/source packages/index/bench/keydir.ts [keys] [key bytes]`; the `Map` is left out
 * above a million keys.
 */
import { hashKeydir, type Keydir, type RecordLocation } from "@hashlog/index";

const KEYS = Number(process.argv[2] ?? 1_000_000);
const KEY_BYTES = Number(process.argv[3] ?? 16);
const MAP_KEYS_MAX = 1_000_000;

const found: RecordLocation = { segmentSlot: 0, offset: 0, valueBytes: 0, expiresAtMs: 0 };
const location: RecordLocation = { segmentSlot: 1, offset: 0, valueBytes: 100, expiresAtMs: 0 };
const key = new Uint8Array(KEY_BYTES);

report("keydir", benchKeydir(hashKeydir({ hashKey: Uint8Array.from({ length: 16 }, (_, i) => i * 17) })));
if (KEYS <= MAP_KEYS_MAX) report("Map", benchMap());

function benchKeydir(keydir: Keydir): Record<string, string> {
  const put = time((i) => {
    location.offset = i;
    keydir.put(writeKey(i), 0, KEY_BYTES, location, found);
  });
  const bytes = keydir.memoryBytes / keydir.size - KEY_BYTES;
  const find = time((i) => keydir.find(writeKey(scattered(i)), 0, KEY_BYTES, found));
  const miss = time((i) => keydir.find(writeKey(KEYS + scattered(i)), 0, KEY_BYTES, found));
  const overwrite = time((i) => keydir.put(writeKey(scattered(i)), 0, KEY_BYTES, location, found));
  let longest = 0;
  const churn = time((i) => {
    const begin = performance.now();
    keydir.delete(writeKey(i), 0, KEY_BYTES, found);
    keydir.put(writeKey(KEYS + i), 0, KEY_BYTES, location, found);
    longest = Math.max(longest, performance.now() - begin);
  });
  return {
    "bytes a key besides the key": bytes.toFixed(2),
    "put of a new key": put,
    find,
    miss,
    overwrite,
    "delete and put": `${churn}, longest ${longest.toFixed(1)} ms`,
    "bytes after that": (keydir.memoryBytes / keydir.size - KEY_BYTES).toFixed(2),
    ...benchWhole(keydir),
  };
}

/** What goes over everything: dump, load, view, tally. */
function benchWhole(keydir: Keydir): Record<string, string> {
  const records = new Float64Array(16_383);
  const tally = timeOnce(() => keydir.tally(records, new Float64Array(16_383)));
  let longest = 0;
  const dumps: Uint8Array[] = [];
  const dump = timeOnce(() => {
    for (let i = 0; i < keydir.shardCount; i++) {
      const begin = performance.now();
      dumps.push(keydir.dumpShard(i));
      longest = Math.max(longest, performance.now() - begin);
    }
  });
  const copy = hashKeydir({ hashKey: Uint8Array.from({ length: 16 }, (_, i) => i * 17) });
  const load = timeOnce(() => dumps.forEach((bytes, i) => copy.loadShard(i, bytes)));
  const view = copy.openView();
  const scan = view.openScan();
  let pages = 0;
  const paging = timeOnce(() => {
    while (scan.nextPage() !== undefined) pages++;
  });
  const loaded = hashKeydir({ hashKey: new Uint8Array(16) });
  const loader = loaded.beginLoad();
  const loading = time((i) => loader.put(writeKey(i), 0, KEY_BYTES, i + 1, location));
  const finish = timeOnce(() => loader.finish());
  return {
    tally,
    dump: `${dump}, longest shard ${longest.toFixed(1)} ms`,
    "load the dump": load,
    "bytes when loaded": (copy.memoryBytes / copy.size - KEY_BYTES).toFixed(2),
    "view, all pages": `${paging}, ${pages} pages`,
    "loader put": loading,
    "loader finish": finish,
  };
}

function benchMap(): Record<string, string> {
  const map = new Map<string, { segmentSlot: number; offset: number; valueBytes: number }>();
  const before = heapBytes();
  const put = time((i) => map.set(String(i).padStart(KEY_BYTES, "0"), { segmentSlot: 1, offset: i, valueBytes: 100 }));
  const bytes = (heapBytes() - before) / KEYS;
  const find = time((i) => map.get(String(scattered(i)).padStart(KEY_BYTES, "0")));
  const miss = time((i) => map.get(String(KEYS + scattered(i)).padStart(KEY_BYTES, "0")));
  return { "bytes a key, all in all": bytes.toFixed(0), "put of a new key": put, find, miss };
}

/** Key number `i`: its four bytes, then a constant. Cheap, because it is measured along with everything. */
function writeKey(i: number): Uint8Array {
  key[0] = i;
  key[1] = i >>> 8;
  key[2] = i >>> 16;
  key[3] = i >>> 24;
  return key;
}

function scattered(i: number): number {
  return (i * 7_919_777) % KEYS;
}

function time(operation: (i: number) => void): string {
  const begin = process.hrtime.bigint();
  for (let i = 0; i < KEYS; i++) operation(i);
  return `${(Number(process.hrtime.bigint() - begin) / KEYS).toFixed(0)} ns`;
}

function timeOnce(operation: () => void): string {
  const begin = process.hrtime.bigint();
  operation();
  return `${(Number(process.hrtime.bigint() - begin) / KEYS).toFixed(1)} ns a key`;
}

function heapBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function report(name: string, rows: Record<string, string>): void {
  console.log(`${name}, ${KEYS} keys of ${KEY_BYTES} bytes`);
  for (const [row, value] of Object.entries(rows)) console.log(`  ${row.padEnd(28)} ${value}`);
}
