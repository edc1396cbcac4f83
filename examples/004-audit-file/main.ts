/**
 * An audit trail whose every entry is acknowledged only when it is on the disk, with `@hashlog/fs-io` alone: crashed at every
 * step on a simulated disk, then written to a real one and cut off there.
 *
 *     npm run examples -- 004
 */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeFileSystem } from "@hashlog/fs-io";
import { exploreCrashes, SimulatedDisk } from "@hashlog/fs-io/testing";
import { type AuditEntry, AuditFile, readAudit } from "./audit-file.ts";

/** Many clerks at once, each of whom waits for one entry to be acknowledged before the next. */
async function work(audit: AuditFile, clerks: number, entries: number, onAcknowledged: (entry: AuditEntry) => void) {
  const clerk = async (who: string): Promise<void> => {
    for (let number = 1; number <= entries; number++) {
      const entry = { who, what: `signed paper ${number}` };
      await audit.record(entry);
      onAcknowledged(entry);
    }
  };
  await Promise.all(Array.from({ length: clerks }, (_, index) => clerk(`clerk ${index + 1}`)));
}

/** Whatever was acknowledged is there, and of each clerk the entries that are there are the first ones, in order. */
function mustBeWhole(found: readonly AuditEntry[], acknowledged: readonly AuditEntry[]): void {
  const byClerk = new Map<string, number>();
  for (const { who, what } of found) {
    const number = (byClerk.get(who) ?? 0) + 1;
    assert.equal(what, `signed paper ${number}`);
    byClerk.set(who, number);
  }
  for (const { who, what } of acknowledged) assert.ok(Number(what.split(" ").at(-1)) <= (byClerk.get(who) ?? 0));
}

// On a simulated disk: a crash after every step, in every way in which a disk may lose what was not synced.
const promised: { entry: AuditEntry; position: number }[] = [];
const report = await exploreCrashes({
  workload: async (fileSystem, disk) => {
    const audit = await AuditFile.open(fileSystem, "/");
    await work(audit, 3, 3, (entry) => promised.push({ entry, position: disk.position }));
    await audit.close();
  },
  check: async (image, ordinal) => {
    const restarted = new SimulatedDisk({ image }).boot();
    const found = await readAudit(restarted, "/");
    mustBeWhole(
      found,
      promised.filter(({ position }) => position <= ordinal).map(({ entry }) => entry),
    );
    // And the program goes on from there.
    const audit = await AuditFile.open(restarted, "/");
    const back = { who: "the night watch", what: "found the lights out" };
    await audit.record(back);
    await audit.close();
    assert.deepEqual(await readAudit(restarted, "/"), [...found, back]);
  },
});
assert.equal(promised.length, 9);
assert.ok(report.crashes > 100, `only ${report.crashes} crashes`);
console.log(
  `Simulated: ${report.crashes} crashes at ${report.points} points of the work, and no acknowledged entry lost.`,
);

const folder = await mkdtemp(join(tmpdir(), "hashlog-audit-"));
try {
  // On a real disk: in the middle of the work we note what a power cut could not take any more, and who was told so.
  const acknowledged: AuditEntry[] = [];
  const fileSystem = nodeFileSystem();
  const audit = await AuditFile.open(fileSystem, folder);
  let cut = { bytes: 0, acknowledged: 0 };
  await work(audit, 100, 20, (entry) => {
    acknowledged.push(entry);
    if (acknowledged.length === 777) cut = { bytes: audit.syncedPosition, acknowledged: 777 };
  });
  await audit.close();
  const entries = await readAudit(fileSystem, folder);
  mustBeWhole(entries, acknowledged);
  assert.equal(entries.length, 2000);
  assert.ok(audit.syncs < 2000 / 10);
  console.log(
    `Real: ${entries.length} entries by 100 clerks, each one safe before the next, with ${audit.syncs} syncs.`,
  );

  // The disk as it may have been then: all that was synced, and zeros where the next lines were to go.
  const after = join(folder, "after the power cut");
  await mkdir(after);
  const bytes = await readFile(join(folder, audit.name));
  await writeFile(join(after, audit.name), bytes.fill(0, cut.bytes));
  const kept = await readAudit(fileSystem, after);
  mustBeWhole(kept, acknowledged.slice(0, cut.acknowledged));
  assert.ok(kept.length >= cut.acknowledged && kept.length < entries.length);
  console.log(
    `Cut off when ${cut.acknowledged} were acknowledged: ${kept.length} entries are there, those among them.`,
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
