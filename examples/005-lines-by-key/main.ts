/**
 * Somebody hands over a file of 50,000 lines, and more are appended to it. With `@hashlog/index` alone any line of it is found
 * by its key with one read: what is kept in memory is where it lies, and its key, some forty bytes, and not the line.
 *
 *     npm run examples -- 005
 */
import assert from "node:assert/strict";
import { appendFile, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NdjsonIndex } from "./ndjson-index.ts";

interface Order {
  readonly customer: string;
  /** When it was ordered, and its number. */
  readonly id: string;
  readonly items: readonly { readonly article: string; readonly count: number }[];
  readonly note: string;
}

const LINES = 50_000;
const DAYS = 365;

/** The order with this number. The same number always gives the same one. */
function order(number: number): Order {
  const day = new Date(Date.UTC(2025, 0, 1 + (number % DAYS))).toISOString().slice(0, 10);
  const items = Array.from({ length: 1 + (number % 5) }, (_, i) => ({
    article: `A-${(number * 31 + i) % 977}`,
    count: 1 + i,
  }));
  const note = number % 3 === 0 ? "leave it at the café, please ☂" : "";
  return { customer: `customer ${(number * 7) % 4001}`, id: `${day}/${String(number).padStart(6, "0")}`, items, note };
}

const folder = await mkdtemp(join(tmpdir(), "hashlog-ndjson-"));
const path = join(folder, "orders.ndjson");
try {
  const orders = Array.from({ length: LINES }, (_, number) => order(number));
  await writeFile(path, orders.map((one) => `${JSON.stringify(one)}\n`).join(""));
  const { size } = await stat(path);

  const started = performance.now();
  const index = await NdjsonIndex.open<Order>(path, ({ id }) => id);
  const took = performance.now() - started;
  assert.equal(index.size, LINES);
  console.log(`${LINES} lines, ${mebibytes(size)}, read through once in ${took.toFixed(0)} ms.`);
  console.log(
    `The index: ${mebibytes(index.memoryBytes)}, ${(index.memoryBytes / LINES).toFixed(1)} bytes a line, keys and all.`,
  );

  // Lines from all over the file, each with one read.
  for (let number = 7; number < LINES; number += 97)
    assert.deepEqual(await index.get(orders[number]!.id), orders[number]);
  assert.equal(await index.get("2025-02-30/000001"), undefined);

  // All orders of a day, in order, although they lie far apart.
  const day = index.keys("2025-12-24/");
  const expected = orders.map(({ id }) => id).filter((id) => id.startsWith("2025-12-24/"));
  assert.deepEqual(day, expected.toSorted());
  const evening = await Promise.all(day.map((id) => index.get(id)));
  const articles = evening.reduce((sum, found) => sum + found!.items.reduce((all, { count }) => all + count, 0), 0);
  console.log(
    `On Christmas Eve there were ${day.length} orders of ${articles} articles; the last was by ${evening.at(-1)!.customer}.`,
  );

  // The file grows: a new order, and one that was changed. A line that is not complete yet is left for the next time.
  const changed: Order = { ...orders[1234]!, note: "no umbrella, please" };
  const late = order(LINES);
  const unfinished = JSON.stringify(order(LINES + 1));
  await appendFile(path, `${JSON.stringify(changed)}\n${JSON.stringify(late)}\n${unfinished.slice(0, 40)}`);
  // Asked twice at once, as by whoever watches the file: each line is taken in once.
  assert.deepEqual(await Promise.all([index.catchUp(), index.catchUp()]), [2, 0]);
  assert.deepEqual([await index.get(changed.id), await index.get(late.id)], [changed, late]);
  assert.equal(await index.get(order(LINES + 1).id), undefined);
  await appendFile(path, `${unfinished.slice(40)}\n`);
  assert.equal(await index.catchUp(), 1);
  assert.deepEqual(await index.get(order(LINES + 1).id), order(LINES + 1));
  assert.equal(index.size, LINES + 2);
  console.log(`Three lines more, one of them an order that was changed: ${index.size} orders.`);
  await index.close();
} finally {
  await rm(folder, { recursive: true, force: true });
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
