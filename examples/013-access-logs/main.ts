/**
 * A day's access log is taken in while it grows, and asked: what happened between three and four o'clock, how often each page of
 * the blog was read, who was the last to look. Every answer is held against the lines themselves.
 *
 *     npm run examples -- 013
 */
import assert from "node:assert/strict";
import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { madeUpLog, parseLine, type Visit } from "./access-log.ts";
import { Visits } from "./visits.ts";

const LINES = 8000;
const HOUR = 3_600_000;
const midnight = Date.UTC(2026, 4, 4);

const folder = await mkdtemp(join(tmpdir(), "hashlog-access-"));
const log = join(folder, "access.log");
try {
  const lines = madeUpLog("04/May/2026", LINES);
  lines.splice(1000, 0, "this is not a line of an access log", "");
  const early = lines.slice(0, 6000);
  await writeFile(log, early.map((line) => `${line}\n`).join(""));

  // Cut off in the midst, and begun again: it goes on behind what is there.
  let visits = await Visits.open(join(folder, "visits"));
  const cutOff = (lines: number): void => assert.notEqual(lines, 2000, "cut off");
  await assert.rejects(visits.takeIn(log, cutOff), { message: "cut off" });
  const already = await visits.count();
  assert.equal(already, 1998);
  await visits.close();

  visits = await Visits.open(join(folder, "visits"));
  await visits.takeIn(log);
  assert.equal(await visits.count(), 5998);
  console.log(
    `Cut off with ${already} visits, and begun again: all ${await visits.count()} are there, and the two lines that are none are not.`,
  );

  // The day goes on; the last line is being written.
  await appendFile(log, lines.slice(6000).join("\n"));
  assert.deepEqual(await visits.takeIn(log), { lines: LINES + 2 - 6000 - 1, refused: 0 });
  await appendFile(log, "\n");
  assert.deepEqual(await visits.takeIn(log), { lines: 1, refused: 0 });
  assert.deepEqual(await visits.takeIn(log), { lines: 0, refused: 0 });
  const all = lines.map(parseLine).filter((visit): visit is Visit => visit !== undefined);
  assert.equal(await visits.count(), LINES);

  console.log("\n hour  visits   MiB  errors");
  for (let hour = 0; hour < 24; hour++) {
    const [from, to] = [midnight + hour * HOUR, midnight + (hour + 1) * HOUR];
    const found: Visit[] = [];
    for await (const visit of visits.between(from, to)) found.push(visit);
    assert.deepEqual(
      found,
      all.filter(({ timeMs }) => timeMs >= from && timeMs < to),
    );
    const errors = found.filter(({ status }) => status >= 500).length;
    assert.equal(errors > 0, hour === 15);
    if (found.length > 0)
      console.log(
        row(
          hour,
          found.length,
          found.reduce((sum, { bytes }) => sum + bytes, 0),
          errors,
        ),
      );
  }

  const blog = await visits.countByPath("/blog/");
  const expected = new Map<string, number>();
  for (const { path } of all) if (path.startsWith("/blog/")) expected.set(path, (expected.get(path) ?? 0) + 1);
  assert.deepEqual(blog, expected);
  console.log(`\nThe blog: ${[...blog].map(([path, count]) => `${path.slice(6)} ${count}`).join(", ")}.`);

  const last = await visits.lastOf("/about", 3);
  assert.deepEqual(
    last,
    all
      .filter(({ path }) => path === "/about")
      .slice(-3)
      .reverse(),
  );
  const seen = last.map(({ address, timeMs }) => `${address} at ${new Date(timeMs).toISOString().slice(11, 19)}`);
  console.log(`The last who looked at /about: ${seen.join(", ")}.`);

  // At midnight the log is begun anew, under the same name. Nothing of it is passed over for what was taken of the old one.
  await writeFile(log, `${lines[0]!}\n`);
  await assert.rejects(visits.takeIn(log), /begun anew/);
  assert.equal(await visits.count(), LINES);
  await visits.close();
} finally {
  await rm(folder, { recursive: true, force: true });
}

function row(hour: number, visits: number, bytes: number, errors: number): string {
  const numbers = [
    String(visits).padStart(7),
    (bytes / 2 ** 20).toFixed(1).padStart(5),
    String(errors || "").padStart(7),
  ];
  return `${String(hour).padStart(5)} ${numbers.join(" ")}  ${"#".repeat(Math.ceil(visits / 40))}`;
}
