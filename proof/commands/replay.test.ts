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

/** Without what the disk does, and without numbers: by how many steps the store does it is the store's business. */
function operationsIn(words: string): string {
  return words
    .replaceAll(/^ +\d+ {6}.*\n/gmu, "")
    .replaceAll(/^ +\d+ {2}/gmu, "# ")
    .replaceAll(/\d+\.\.\d+|step \d+/gu, "#");
}

/** What the disk does, line by line, and the number of each step. */
function diskIn(words: string): { step: number; what: string }[] {
  return [...words.matchAll(/^ +(\d+) {6}(.*)$/gmu)].map(([, step, what]) => ({ step: Number(step), what: what! }));
}

const SEGMENT = "hashlog-0000000002.segment";

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
    expect(operationsIn(words)).toContain(
      [
        'A store that is there already, and empty; sync policy "never"; segments of 512 bytes; keydir "map".',
        'A value is told as "a=3.*430": of the key a, what write 3 wrote, 430 characters.',
        " step  what",
        "# the store is opened",
        '# put "a", 3 characters',
        "# wait for everything",
        "#   write 1 is acknowledged",
        '# batch: put "b", 4 characters; delete "a"',
        "# wait for everything",
        "#   write 2 is acknowledged",
        "# the end: wait for everything",
        "",
        "(The case says #; there are fewer by now.)",
        "",
        "The power is cut after # of the run.",
        `The last call: append ${SEGMENT}`,
        'What was in flight, and what became of it (profile "drop-all"):',
        "",
      ].join("\n"),
    );
    expect(words).toMatch(/^ +lost +bytes \d+\.\.\d+ of hashlog-0000000002\.segment$/mu);
    expect(words).toContain("The clock is 20 ms later when it is opened again.\n");
    const why = "from what the disk knew to be durable to all that was handed to it";
    expect(words).toContain(`What may come back, ${why}:\n`);
    expect(words).toContain("    after 0 commits: nothing\n    after 1 commit: a=1.x\n    after 2 commits: b=2.xx\n");
    expect(words).toMatch(/What came back: nothing\nThe recovery took \d+ steps.*\.\n\nEvery property holds\.\n/u);
    expect(code).toBe(0);
  });

  test("tells each step of the disk beneath the operation that it is for, by the number that a crash names it with", async () => {
    const given = { sync: "always", operations: [["put", 0, 3], ["await"]] };
    const { words } = await replay(JSON.stringify(given));
    const steps = diskIn(words);
    expect(steps.map(({ step }) => step)).toEqual(steps.map((_, index) => index + 1));
    const [, opened] = words.split("wait for everything\n");
    expect(diskIn(opened!).slice(-3)).toEqual([
      { step: steps.length - 2, what: expect.stringMatching(`append \\d+ bytes to ${SEGMENT} at 32`) as string },
      { step: steps.length - 1, what: `sync ${SEGMENT}` },
      { step: steps.length, what: expect.stringMatching(`append \\d+ bytes to ${SEGMENT} at \\d+`) as string },
    ]);
    expect(diskIn(words.split('put "a"')[0]!).map(({ what }) => what)).toContain(
      "rename hashlog.manifest.new to hashlog.manifest",
    );
    const step = steps.length - 1;
    const crashed = await replay(JSON.stringify({ ...given, crashes: [{ step, profile: "kill" }] }));
    expect(crashed.words).toContain(
      `The process is killed after step ${step} of the run.\nThe last call: sync ${SEGMENT}\n`,
    );
    const recovery = diskIn(crashed.words.split("What may come back, ")[1]!);
    const [, opening, more = "0"] = /The recovery took (\d+) steps(?: until .*, and (\d+) more)?\./u.exec(
      crashed.words,
    )!;
    expect(Number(opening) + Number(more)).toBe(recovery.at(-1)!.step);
  });

  test("says why of a second crash as well: what had been shown has to stay, and where nothing had been, what there was", async () => {
    const second = (step: number) => ({
      sync: "never",
      operations: [["put", 0, 3], ["await"]],
      crashes: [
        { step: 99, profile: "kill" },
        { step, profile: "drop-all" },
      ],
    });
    const early = await replay(JSON.stringify(second(0)));
    expect(early.words).toContain("What may come back, as before the recovery, which had shown nothing yet:\n");
    const late = await replay(JSON.stringify(second(99)));
    expect(late.words).toContain("What may come back, as it was shown before this crash:\n    after 1 commit: a=1.x\n");
    expect([early.code, late.code]).toEqual([0, 0]);
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
    expect(words).toContain("and has all that was handed to it:\n    after 1 commit: a=1.\n");
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

describe("a life with failures that is replayed", () => {
  const life = {
    sync: "always",
    segments: 0,
    seed: 1,
    operations: [["put", 0, 30], ["await"], ["full", 40], ["put", 3, 400], ["await"], ["room"], ["reopen"]],
    faults: [],
    schedule: [],
  };

  test("tells what it does, what the disk does, which call failed, what was refused, and what was shown", async () => {
    const { code, words } = await replay(JSON.stringify(life));
    const [run, ...rest] = words.split(/\n(?=The process is killed|The power is cut|Without any crash)/u);
    expect(
      operationsIn(run!)
        .replaceAll(/(HASHLOG_\w+): .*/gu, "$1")
        .trim()
        .split("\n"),
    ).toEqual([
      'A life with failures; sync policy "always"; segments of 512 bytes.',
      'A value is told as "a=3*430": of the key a, what write 3 wrote, 430 characters.',
      " step  what",
      "# the store is opened",
      "# it is open, and shows {}; after a kill it may show {}",
      '# put "a", 30 characters',
      "# wait for everything",
      "#   acknowledged as durable: a=1*30",
      "# it shows {a=1*30}",
      "# the disk has room for 40 bytes more",
      '# put "d", 400 characters',
      "# wait for everything",
      "#   refused: d=2*400; HASHLOG_NO_SPACE",
      "# it shows {a=1*30}",
      "# the disk has room for any number of bytes",
      "# close and open again",
      "# it shows {a=1*30}",
      // What was refused may be there after a reopening: nothing has been acknowledged since.
      "# it is open, and shows {a=1*30}; after a kill it may show {a=1*30} or {a=1*30 d=2*400}",
      "# the end: wait for everything",
      "# it shows {a=1*30}",
    ]);
    expect(diskIn(run!).map(({ what }) => what)).toContain("replace.write hashlog.manifest fails: FS_NO_SPACE");
    expect(rest.length).toBeGreaterThan(1);
    for (const crash of rest)
      expect(crash).toMatch(/^ +\d+ {2}it is open, and shows \{.*\}; after a .* it may show \{/mu);
    expect(words).toContain("Every property holds.");
    expect(code).toBe(0);
  });

  test("says which of its calls were to fail, and of what", async () => {
    const { words } = await replay(
      JSON.stringify({
        ...life,
        faults: [
          [9, 0, 0],
          [3, 7, 40],
        ],
      }),
    );
    expect(words).toContain("number 9 after the opening fails: EIO.\n");
    expect(words).toContain("number 3 after the opening fails: EIO, the sync late, after 40 bytes.\n");
    expect(diskIn(words).map(({ what }) => what)).toContainEqual(expect.stringMatching(/ fails: FS_IO$/u));
  });
});

test("replaying nothing tells how it is done", async () => {
  const { code, words } = await replay();
  expect([code, words.split("\n")[0]]).toEqual([2, "usage: npm run proof:replay -- FILE or 'JSON'"]);
  expect(await replay("--help")).toEqual({ code: 0, words });
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
