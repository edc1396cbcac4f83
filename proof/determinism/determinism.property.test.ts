import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { SeededRandom, SimulatedDisk } from "@hashlog/fs-io/testing";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { drawCase } from "../cases/draw-case.ts";
import { runCase } from "../cases/run-case.ts";
import { mustRepeatItself } from "../properties/p19-determinism.ts";
import { PropertyViolation } from "../properties/property.ts";
import { runs, TEST_TIMEOUT_MS } from "../world/runs.ts";

const seeds = fc.nat({ max: 2 ** 31 - 1 });

test(
  "a case leaves the same trace when it is run again",
  async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        await mustRepeatItself(drawCase(new SeededRandom(seed)), runCase);
      }),
      { numRuns: runs(100) },
    );
  },
  TEST_TIMEOUT_MS,
);

test(
  "a case leaves the same trace in another process",
  async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const random = new SeededRandom(seed);
        const hashes: string[] = [];
        for (let index = 0; index < CASES; index += 1) hashes.push(await mustRepeatItself(drawCase(random), runCase));
        expect(new Set(hashes).size).toBeGreaterThan(1);
        expect(await hashesOfAnotherProcess(seed)).toEqual(hashes);
      }),
      { numRuns: runs(2), endOnFailure: true },
    );
  },
  TEST_TIMEOUT_MS,
);

const CASES = 25;

/** Hashes of the first cases of the seed, from a process that has run nothing else. */
async function hashesOfAnotherProcess(seed: number): Promise<string[]> {
  const program = fileURLToPath(new URL("hash-cases.ts", import.meta.url));
  const args = ["--conditions=@hashlog/source", program, String(seed), String(CASES)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return stdout.trim().split("\n");
}

test("what differs in nothing but one byte is not the same trace", async () => {
  let count = 0;
  const run = (): Promise<{ disk: SimulatedDisk }> => writing([[(count += 1)], [9]]);
  const judged = mustRepeatItself("a case", run);
  await expect(judged).rejects.toThrow(PropertyViolation);
  await expect(judged).rejects.toThrow(/line \d+ of the trace.*"append".*"append"/s);
});

test("what reads in another order is not the same trace", async () => {
  let count = 0;
  const run = async (): Promise<{ disk: SimulatedDisk }> => {
    const { disk } = await writing([[1], [2]]);
    const names = ["/0", "/1"];
    const fileSystem = disk.boot();
    for (const name of (count += 1) === 1 ? names : names.toReversed()) await fileSystem.stat(name);
    return { disk };
  };
  await expect(mustRepeatItself("a case", run)).rejects.toThrow(/line \d+ of the trace/);
});

/** A file of its own for each of the contents. */
async function writing(contents: readonly number[][]): Promise<{ disk: SimulatedDisk }> {
  const disk = new SimulatedDisk();
  const fileSystem = disk.boot();
  for (const [index, content] of contents.entries()) {
    const file = await fileSystem.create(`/${index}`);
    file.append(Uint8Array.from(content), 0, content.length);
    await file.close();
  }
  return { disk };
}
