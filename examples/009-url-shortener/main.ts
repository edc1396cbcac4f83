/**
 * A URL shortener. Its lists, by user and by time, are ranges of keys: pages of ten, the links of one afternoon, a count. Every
 * answer is held against a plain array.
 *
 *     npm run examples -- 009
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Link, Shortener } from "./shortener.ts";

const USERS = ["ada", "ada:1", "grace", "alan", "müller"];
const LINKS = 1000;
const HOUR = 3_600_000;
const start = Date.UTC(2026, 4, 4);

const folder = await mkdtemp(join(tmpdir(), "hashlog-links-"));
try {
  // Codes of two letters, the same in every run, of which there are not many more than links: many are taken.
  let now = start;
  let tried = 0;
  const newCode = (): string => {
    const digest = createHash("sha256").update(`${tried++}`).digest();
    return (digest.readUInt32LE() % 36 ** 2).toString(36).padStart(2, "0");
  };
  const shortener = await Shortener.open(folder, { now: () => now, newCode });

  const all: Link[] = [];
  for (let number = 0; number < LINKS / 50; number++) {
    // Fifty at a time, and all who are answered have a code of their own.
    const made = Array.from({ length: 50 }, (_, index) => {
      const user = USERS[(number * 3 + index) % USERS.length]!;
      return shortener.shorten(`https://example.org/pages/${number}/${index}`, user);
    });
    for (const link of await Promise.all(made)) all.push(link!);
    now += HOUR;
  }
  assert.equal(new Set(all.map(({ code }) => code)).size, LINKS);
  assert.equal(await shortener.count(), LINKS);
  for (const { code, url } of all.slice(0, 100)) assert.equal(await shortener.resolve(code), url);
  console.log(`${LINKS} links; ${tried - LINKS} codes that were tried were taken.`);
  assert.ok(tried > LINKS);

  const wish = await shortener.shorten("https://example.org/analytical-engine", "ada", "engine");
  all.push(wish!);
  assert.equal(await shortener.shorten("https://example.org/steam-engine", "grace", "engine"), undefined);
  assert.equal(await shortener.resolve("engine"), "https://example.org/analytical-engine");
  console.log("Ada got /engine; Grace was told that it is taken.");
  now += HOUR;
  all.push((await shortener.shorten("https://example.org/notes", "grace", "notes:a/ä"))!);

  // Each user's links, page by page, the newest first.
  for (const user of USERS) {
    const pages: Link[][] = [];
    for (;;) {
      const page = await shortener.ofUser(user, 10, pages.at(-1)?.at(-1));
      if (page.length === 0) break;
      pages.push(page);
    }
    const expected = all
      .filter((link) => link.user === user)
      .sort(byTimeAndCode)
      .reverse();
    assert.deepEqual(pages.flat(), expected);
    assert.equal(await shortener.countOfUser(user), expected.length);
    console.log(`${user}: ${expected.length} links on ${pages.length} pages; the newest is /${pages[0]![0]!.code}.`);
  }

  // What was made on an afternoon, by anybody.
  const [from, to] = [start + 12 * HOUR, start + 18 * HOUR];
  const afternoon = await shortener.between(from, to);
  const expected = all.filter(({ createdMs }) => createdMs >= from && createdMs < to).sort(byTimeAndCode);
  assert.deepEqual(afternoon, expected);
  console.log(`From 12 to 18 o'clock: ${afternoon.length} links.`);

  // What is removed is in no list.
  const [newest, second] = await shortener.ofUser("ada", 2);
  assert.equal(await shortener.remove(newest!.code), true);
  assert.equal(await shortener.remove(newest!.code), false);
  assert.equal(await shortener.resolve(newest!.code), undefined);
  assert.deepEqual(await shortener.ofUser("ada", 1), [second]);
  assert.deepEqual(await shortener.between(newest!.createdMs, newest!.createdMs + 1), []);
  console.log(`/${newest!.code} was removed: Ada's newest is /${second!.code} again.`);
  await shortener.close();
} finally {
  await rm(folder, { recursive: true, force: true });
}

function byTimeAndCode(a: Link, b: Link): number {
  return a.createdMs - b.createdMs || Buffer.compare(Buffer.from(a.code), Buffer.from(b.code));
}
