/**
 * A cache of thumbnails, some kilobytes each, that may take half a megabyte. A photo album is looked at, some photos often and most
 * seldom; what was not asked for longest makes room. Each answer is held against a list in memory that follows the same rule.
 *
 *     npm run examples -- 012
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@hashlog/fs-io";
import { render } from "./render.ts";
import { ThumbnailCache } from "./thumbnail-cache.ts";

const DAY = 86_400_000;
const PHOTOS = 400;
const VISITS = 1200;
const bytesMax = 512 * 1024;
const folder = await mkdtemp(join(tmpdir(), "hashlog-thumbnails-"));

let now = Date.UTC(2026, 6, 1);
const options = { bytesMax, ttlMs: 30 * DAY, clock: { ...systemClock, now: () => now } };

/** Which photo is looked at: every other time one of forty favourites. */
function photoOf(visit: number): string {
  const number = Math.imul(visit, 0x9e3779b1) >>> 8; // looks random, and is the same in every run
  return `2026/photo:${visit % 2 === 0 ? number % 40 : number % PHOTOS}.jpg`;
}

/** What the cache should hold: the images, the one first that was not asked for longest. */
const expected = new Map<string, Uint8Array>();
let expectedBytes = 0;
let expectedHits = 0;

async function look(cache: ThumbnailCache, name: string): Promise<void> {
  const image = await cache.get(name, render);
  const known = expected.get(name);
  if (known === undefined) expectedBytes += image.length;
  else expectedHits += 1;
  assert.equal(Buffer.compare(image, known ?? (await render(name))), 0);
  expected.delete(name);
  expected.set(name, image);
  for (const [oldest, { length }] of expected) {
    if (expectedBytes <= bytesMax) break;
    expected.delete(oldest);
    expectedBytes -= length;
  }
  assert.deepEqual([cache.count, cache.bytes, cache.hits], [expected.size, expectedBytes, expectedHits]);
}

let cache = await ThumbnailCache.open(folder, options);
try {
  // Ten who ask at once for what is not there: it is rendered once.
  const asked = await Promise.all(Array.from({ length: 10 }, () => cache.get(photoOf(0), render)));
  assert.deepEqual([cache.misses, cache.hits], [1, 0]);
  expected.set(photoOf(0), asked[0]!);
  expectedBytes = asked[0]!.length;

  for (let visit = 1; visit < VISITS; visit++) await look(cache, photoOf(visit));
  assert.ok(cache.bytes > bytesMax * 0.95);
  console.log(
    `${VISITS} visits to ${PHOTOS} photos: ${percent(cache.hits / VISITS)} of them found in a cache of ${kibibytes(cache.bytes)}.`,
  );

  // Started anew, again and again: what is there, and in which order it will go, is as it was.
  for (const first of [VISITS, VISITS + 50, VISITS + 100, VISITS + 150]) {
    await cache.close();
    cache = await ThumbnailCache.open(folder, options);
    expectedHits = 0;
    for (let visit = first; visit < first + 50; visit++) await look(cache, photoOf(visit));
    console.log(`Started anew, and 50 visits more: ${percent(cache.hits / 50)}.`);
  }

  // Many at once: whichever makes room for which, what is counted is what there is.
  const asking = Array.from({ length: 300 }, (_, index) => cache.get(photoOf(VISITS + 200 + index), render));
  await Promise.all(asking);
  assert.equal(cache.stats().keys, cache.count * 2);
  assert.ok(cache.bytes <= bytesMax && cache.bytes > bytesMax * 0.95);

  const { fileBytes, liveBytes, deadBytes } = cache.stats();
  console.log(
    `On the disk: ${kibibytes(fileBytes)}, of which ${kibibytes(liveBytes)} are live and ${kibibytes(deadBytes)} dead.`,
  );
  await cache.tidy();
  const tidied = cache.stats();
  assert.ok(tidied.fileBytes < bytesMax * 1.1 && tidied.deadBytes === 0);
  console.log(`Compacted: ${kibibytes(tidied.fileBytes)}, and a file that is made of nothing but thumbnails.`);

  // With a lower limit it is opened with what fits.
  const { count } = cache;
  await cache.close();
  cache = await ThumbnailCache.open(folder, { ...options, bytesMax: bytesMax / 2 });
  assert.ok(cache.bytes <= bytesMax / 2 && cache.bytes > bytesMax * 0.45);
  assert.equal(cache.stats().keys, cache.count * 2);
  console.log(`Opened again with half the room: ${cache.count} images are left of ${count}.`);

  // A month later everything is too old, and rendered again when somebody asks.
  now += 30 * DAY;
  const name = photoOf(VISITS + 499);
  const { hits, misses } = cache;
  await cache.get(name, render);
  assert.deepEqual([cache.hits, cache.misses], [hits, misses + 1]);
  await cache.get(name, render);
  assert.deepEqual([cache.hits, cache.misses], [hits + 1, misses + 1]);
  await cache.tidy();
  assert.equal(cache.stats().keys, 2);
  console.log(
    `A month later: one photo is looked at, and ${kibibytes(cache.stats().fileBytes)} are kept after tidying.`,
  );
} finally {
  await cache.close();
  await rm(folder, { recursive: true, force: true });
}

function kibibytes(bytes: number): string {
  return `${Math.round(bytes / 1024)} KiB`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
