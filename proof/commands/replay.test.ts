import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

const REPLAY = fileURLToPath(new URL("./replay.ts", import.meta.url));

async function replay(...given: readonly string[]): Promise<{ code: number; words: string }> {
  const command = ["--conditions=@hashlog/source", REPLAY, ...given];
  const run = promisify(execFile)(process.execPath, command);
  return run.then(
    ({ stdout }) => ({ code: 0, words: stdout }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, words: stdout + stderr }),
  );
}

describe("a case that is replayed", () => {
  test("tells which operations there were, where it crashed, what was in flight, what may come back, and what did", async () => {
    const { code, words } = await replay(
      JSON.stringify({
        sync: "never",
        operations: [
          ["put", 0, 3],
          ["await"],
          [
            "batch",
            [
              [1, 4],
              [0, -1],
            ],
          ],
          ["await"],
        ],
        crashes: [{ step: 99, profile: "drop-all", laterMs: 20 }],
      }),
    );
    // By how many steps the store does it is the store's business.
    expect(words.replaceAll(/^ +\d+ {2}/gmu, "# ").replaceAll(/\d+\.\.\d+|step \d+/gu, "#")).toContain(
      [
        'A store that is there already, and empty; sync policy "never"; segments of 512 bytes; keydir "map".',
        'A value is told as "a=3.*430": of the key a, what write 3 wrote, 430 characters.',
        " step  what",
        "# the store is open",
        '# put "a", 3 characters',
        "# wait for everything",
        "#   write 1 is acknowledged",
        '# batch: put "b", 4 characters; delete "a"',
        "# wait for everything",
        "#   write 2 is acknowledged",
        "",
        "(The case says #; there are fewer by now.)",
        "",
        "The power is cut after # of the run, right after: append /data/store/hashlog-0000000002.segment",
        'What was in flight, and what became of it (profile "drop-all"):',
        "",
      ].join("\n"),
    );
    expect(words).toMatch(/^ +lost +bytes \d+\.\.\d+ of \/data\/store\/hashlog-0000000002\.segment$/mu);
    expect(words).toContain("The clock is 20 ms later when it is opened again.\nWhat may come back:\n");
    expect(words).toContain("    after 0 commits: nothing\n    after 1 commit: a=1.x\n    after 2 commits: b=2.xx\n");
    expect(words).toContain("What came back: nothing\n\nEvery property holds.\n");
    expect(code).toBe(0);
  });

  test("and violates something says what, and what it stands for, and ends as a failure", async () => {
    const { code, words } = await replay(
      JSON.stringify({
        sync: "always",
        broken: "segments read short",
        operations: [["put", 0, 0], ["await"]],
        crashes: [{ step: 99, profile: "kill" }],
      }),
    );
    expect(words).toContain("The file system beneath it is broken: segments read short.\n");
    expect(words).toContain("1 is acknowledged as durable\n");
    expect(words).toMatch(/The process is killed after step \d+ of the run/);
    expect(words).toContain("What may come back:\n    after 1 commit: a=1.\n");
    expect(words).toContain("VIOLATED P1 Durable prefix: the store holds nothing, which is none of\n");
    expect(words).toContain(
      "P1, Durable prefix: After a crash at any step the store holds exactly the first k commits",
    );
    expect(words).not.toContain("Every property holds");
    expect(code).toBe(1);
  });

  test("may be a file of the corpus, whose story is told first", async () => {
    const { code, words } = await replay("corpus/delete-of-what-is-on-its-way.json");
    expect(words).toMatch(/^a delete that comes while the put is on its way finds it, .*\n\nA store that is there/);
    expect(words).toContain("the process is killed, another opens the store, ");
    expect(code).toBe(0);
  });
});

test("replaying nothing tells how it is done", async () => {
  expect(await replay()).toEqual({ code: 2, words: "usage: npm run proof:replay -- FILE or 'JSON'\n" });
});

test("replaying what is no case says what of it is wrong", async () => {
  const { code, words } = await replay('{"sync": "often", "operations": []}');
  expect(words).toContain('sync is one of ["always","never","interval"], not "often"');
  expect(code).toBe(2);
});

test.each([
  ["nowhere.json", "ENOENT"],
  ["{", "JSON"],
  ["null", "ENOENT"],
  ['{"faults": [], "sync": "always"}', "operations: a list is needed"],
])("replaying %s is told in a line, and is no violation", async (given, why) => {
  const { code, words } = await replay(given);
  expect(words).toContain(`${given} is no case: `);
  expect(words).toContain(why);
  expect(code).toBe(2);
});
