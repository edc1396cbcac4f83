import { spawn } from "node:child_process";
import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { open, repair, utf8, verify } from "@hashlog/engine";
import * as fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { hashlog, temporaryDirectory } from "./support/terminal.ts";

/**
 * The command itself, in a process of its own that is killed somewhere in the middle: whatever it was doing, what was there before is
 * there, and what it was about to make is there whole or not at all.
 */
const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const KEYS = 6000;
const KILLS = 4;

let prepared: string;

beforeAll(async () => {
  const { mkdtemp, rm } = await import("node:fs/promises");
  const { tmpdir } = await import("node:os");
  prepared = await mkdtemp(join(tmpdir(), "hashlog-cli-killed-"));
  const db = await open(join(prepared, "store"), {
    values: utf8,
    sync: "never",
    segmentBytesMax: 512 * 1024,
    compaction: false,
  });
  for (let round = 0; round < 2; round += 1) {
    await db.batch(
      Array.from({ length: KEYS }, (_, index) => ({ type: "put", key: `key ${index}`, value: valueOf(index) })),
    );
  }
  await db.close();
  return () => rm(prepared, { recursive: true, force: true });
});

function valueOf(index: number): string {
  return `${index} `.repeat(40);
}

/** Runs the command, and kills it after a share of the time that it takes. Resolves to whether it had ended before. */
async function killed(argv: readonly string[], share: number): Promise<boolean> {
  const child = spawn(process.execPath, ["--conditions=@hashlog/source", "--no-warnings", MAIN, ...argv], {
    stdio: "ignore",
  });
  let timer: NodeJS.Timeout | undefined;
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", resolve);
    timer = setTimeout(() => child.kill("SIGKILL"), share * USUAL_MS);
  });
  clearTimeout(timer);
  return code !== null;
}

/** Roughly what a command takes here, most of which is starting up; nothing depends on it but what is hit. */
const USUAL_MS = 2500;

/** Kills a command some times, each time in a fresh copy of the store, and looks what is left. */
async function killedAnywhere(
  command: (directory: string) => Promise<readonly string[]> | readonly string[],
  look: (directory: string, ended: boolean) => Promise<void>,
): Promise<void> {
  const shares = fc.sample(fc.double({ min: 0.1, max: 1, noNaN: true }), KILLS);
  for (const share of shares) {
    const directory = await temporaryDirectory();
    await cp(prepared, directory, { recursive: true });
    const ended = await killed(await command(directory), share);
    await look(directory, ended);
  }
}

async function expectWhole(directory: string): Promise<void> {
  expect((await verify(directory)).findings.filter(({ harmless }) => !harmless)).toEqual([]);
  const db = await open(directory, { values: utf8, readOnly: true });
  expect(db.stats().keys).toBeGreaterThanOrEqual(KEYS);
  for (let index = 0; index < KEYS; index += 997) expect(db.getSync(`key ${index}`)).toBe(valueOf(index));
  await db.close();
}

test("an import that is killed leaves the store as it was, and the first entries of what it read", async () => {
  const command = async (directory: string): Promise<string[]> => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `{"key":"new ${index}","value":"${index}"}`);
    const text = `{"format":"hashlog-entries","version":1}\n${lines.join("\n")}\n{"entries":20000}\n`;
    await writeFile(join(directory, "file"), text);
    return ["import", join(directory, "store"), join(directory, "file")];
  };
  await killedAnywhere(command, async (directory, ended) => {
    await expectWhole(join(directory, "store"));
    const db = await open(join(directory, "store"), { values: utf8, readOnly: true });
    const imported = await db.count({ prefix: "new " });
    for (let index = 0; index < imported; index += 1) expect(db.getSync(`new ${index}`)).toBe(String(index));
    if (ended) expect(imported).toBe(20_000);
    await db.close();
  });
});

test("a put that is killed is there or not, and one that has ended is there", async () => {
  await killedAnywhere(
    (directory) => ["put", join(directory, "store"), "own", "1"],
    async (directory, ended) => {
      await expectWhole(join(directory, "store"));
      const { exitCode } = await hashlog(["get", join(directory, "store"), "own"]);
      expect(exitCode).toBeLessThanOrEqual(ended ? 0 : 1);
    },
  );
});

test("a compaction that is killed loses nothing", async () => {
  await killedAnywhere(
    (directory) => ["compact", join(directory, "store")],
    async (directory, ended) => {
      await expectWhole(join(directory, "store"));
      const db = await open(join(directory, "store"));
      expect(db.stats().deadBytes).toBeLessThanOrEqual(ended ? 0 : Infinity);
      await db.close();
    },
  );
});

test("a backup that is killed leaves the store whole, and no half of a backup that opens", async () => {
  await killedAnywhere(
    (directory) => ["backup", join(directory, "store"), join(directory, "backup")],
    async (directory, ended) => {
      await expectWhole(join(directory, "store"));
      if (ended) await expectWhole(join(directory, "backup"));
      else if ((await hashlog(["count", join(directory, "backup")])).exitCode === 0)
        await expectWhole(join(directory, "backup"));
      expect((await hashlog(["backup", join(directory, "store"), join(directory, "backup")])).exitCode).toBe(0);
      await expectWhole(join(directory, "backup"));
    },
  );
});

test("a restore that is killed is no store, or all of it", async () => {
  await killedAnywhere(
    (directory) => ["restore", join(directory, "store"), join(directory, "restored")],
    async (directory, ended) => {
      const { exitCode } = await hashlog(["count", join(directory, "restored")]);
      expect(exitCode).toBeLessThanOrEqual(ended ? 0 : 5);
      if (exitCode === 0) await expectWhole(join(directory, "restored"));
      await expectWhole(join(directory, "store"));
    },
  );
});

test("an export that is killed has its name only when it is whole", async () => {
  await killedAnywhere(
    (directory) => ["export", join(directory, "store"), join(directory, "file")],
    async (directory, ended) => {
      await expectWhole(join(directory, "store"));
      const names = await readdir(directory);
      expect(ended ? names.includes("file") : true).toBe(true);
      if (!names.includes("file")) return;
      const lines = (await readFile(join(directory, "file"), "utf8")).trimEnd().split("\n");
      expect([lines.length, lines.at(-1)]).toEqual([KEYS + 2, `{"entries":${KEYS}}`]);
    },
  );
});

test("a repair that is killed can be done again", async () => {
  const command = async (directory: string): Promise<string[]> => {
    const path = join(directory, "store", "hashlog-0000000001.segment");
    const bytes = await readFile(path);
    bytes[200]! ^= 0xff;
    await writeFile(path, bytes);
    return ["repair", join(directory, "store")];
  };
  await killedAnywhere(command, async (directory) => {
    const store = join(directory, "store");
    await repair(store);
    expect((await repair(store)).changed).toBe(false);
    expect((await verify(store)).findings.filter(({ harmless }) => !harmless)).toEqual([]);
    const db = await open(store, { values: utf8, readOnly: true });
    // What was damaged had been written again: nothing is lost.
    expect(db.stats().keys).toBe(KEYS);
    await db.close();
  });
});
