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

report("keydir", benchKeydir(newKeydir()));
report("keydir in order", benchOrdered());
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

/** What the order of the keys costs: making it, keeping it under new keys and deletions, and reading ranges. */
function benchOrdered(): Record<string, string> {
  const keydir = newKeydir();
  // In an order that has nothing to do with theirs.
  for (let i = 0; i < KEYS; i++) keydir.put(writeOrderedKey(scattered(i)), 0, KEY_BYTES, location, found);
  const before = keydir.memoryBytes;
  const ordering = keydir.beginOrdering();
  let longest = 0;
  let isDone = false;
  const order = timeOnce(() => {
    while (!isDone) {
      const begin = performance.now();
      isDone = ordering.step();
      longest = Math.max(longest, performance.now() - begin);
    }
  });
  const ordered = (keydir.memoryBytes - before) / KEYS;
  const overwrite = time((i) => keydir.put(writeOrderedKey(scattered(i)), 0, KEY_BYTES, location, found));
  const view = keydir.openView();
  const ranges = 10_000;
  const range = timeOnce(() => {
    for (let i = 0; i < ranges; i++) {
      const cursor = view.openCursor({ from: writeOrderedKey(scattered(i) % Math.max(1, KEYS - 100)) });
      if (cursor.nextPage(100)?.count !== 100) throw new Error("a range that is too short");
    }
  }, ranges);
  const all = view.openCursor();
  const whole = timeOnce(() => {
    while (all.nextPage() !== undefined);
  });
  view.close();
  const fresh = newKeydir();
  while (!fresh.beginOrdering().step());
  const put = time((i) => fresh.put(writeOrderedKey(scattered(i)), 0, KEY_BYTES, location, found));
  const plain = newKeydir();
  const putPlain = time((i) => plain.put(writeOrderedKey(scattered(i)), 0, KEY_BYTES, location, found));
  const bytes = (fresh.memoryBytes - plain.memoryBytes) / KEYS;
  const remove = time((i) => fresh.delete(writeOrderedKey(scattered(i)), 0, KEY_BYTES, found));
  const removePlain = time((i) => plain.delete(writeOrderedKey(scattered(i)), 0, KEY_BYTES, found));
  return {
    "putting all in order": `${order}, longest step ${longest.toFixed(1)} ms, ${ordered.toFixed(2)} bytes a key`,
    "put of a new key": `${put}; without an order ${putPlain}; ${bytes.toFixed(2)} bytes a key`,
    delete: `${remove}; without an order ${removePlain}`,
    overwrite,
    "100 keys from any": range,
    "all keys": whole,
  };
}

function newKeydir(): Keydir {
  return hashKeydir({ hashKey: Uint8Array.from({ length: 16 }, (_, i) => i * 17) });
}

/** What goes over everything: dump, load, view, tally. */
function benchWhole(keydir: Keydir): Record<string, string> {
  const perSlot = (): Float64Array => new Float64Array(16_383);
  const sums = { records: perSlot(), bytes: perSlot(), expiredRecords: perSlot(), expiredBytes: perSlot() };
  const tally = timeOnce(() => {
    for (let shard = 0; shard < keydir.shardCount; shard++) keydir.tally(shard, { asOfMs: 0, ...sums });
  });
  let longest = 0;
  const dumps: Uint8Array[] = [];
  const dump = timeOnce(() => {
    for (let i = 0; i < keydir.shardCount; i++) {
      const begin = performance.now();
      dumps.push(keydir.dumpShard(i));
      longest = Math.max(longest, performance.now() - begin);
    }
  });
  const copy = newKeydir();
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
  const finish = timeOnce(() => {
    while (!loader.finish());
  });
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

/** Key number `i` as digits: keys that have much in common, as keys of applications have. */
function writeOrderedKey(i: number): Uint8Array {
  let rest = i;
  for (let at = KEY_BYTES - 1; at >= 0; at--) {
    key[at] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
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

function timeOnce(operation: () => void, parts: number = KEYS): string {
  const begin = process.hrtime.bigint();
  operation();
  return `${(Number(process.hrtime.bigint() - begin) / parts).toFixed(1)} ns ${parts === KEYS ? "a key" : "each"}`;
}

function heapBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function report(name: string, rows: Record<string, string>): void {
  console.log(`${name}, ${KEYS} keys of ${KEY_BYTES} bytes`);
  for (const [row, value] of Object.entries(rows)) console.log(`  ${row.padEnd(28)} ${value}`);
}
