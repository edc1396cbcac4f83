import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CheckpointEncoder } from "@hashlog/format";
import { expect, test } from "vitest";
import { ESCAPE, hashlog, printed, temporaryDirectory } from "./support/terminal.ts";

// In some terminals one character begins a sequence as well; and text may be turned around.
const EVIL = `${ESCAPE}[31m\u009b31m\u202e\u007f`;
const UNSEEN = /[\p{Cc}\p{Cf}]/u;

test("nothing of a path, of a word that is refused, or of a file's content changes the terminal", async () => {
  const directory = join(await temporaryDirectory(), EVIL);
  await mkdir(directory);
  const store = join(directory, "store");
  await printed(["put", store, EVIL, EVIL, "--create"]);
  const pieces: Uint8Array[] = [];
  const replay = { segmentId: 0, offset: 0, sequence: 1 };
  const header = { storeId: 7n, checkpointId: 9, layout: EVIL, shardCount: 1, replay, segments: [] };
  const encoder = new CheckpointEncoder(header, (piece) => pieces.push(piece.slice()));
  encoder.shard(0, new Uint8Array(8));
  encoder.finish();
  const checkpoint = join(directory, "hashlog-0000000009.checkpoint");
  await writeFile(checkpoint, Buffer.concat(pieces));
  const lines = [
    ...[[EVIL], ["get", store, EVIL, "--limit"], ["get", store, `--${EVIL}`], ["get", join(directory, "no"), EVIL]],
    ...[
      ["get", store, "nobody"],
      ["get", store, EVIL, "-k", "hex"],
      ["put", store, "a", "-f", join(directory, "no")],
    ],
    ...[
      ["stats", store],
      ["scan", store],
      ["changes", store],
      ["dump", checkpoint],
      ["verify", store],
    ],
    ...[
      ["export", store, join(directory, "all")],
      ["export", store, join(directory, "all")],
    ],
    ...[
      ["restore", store, directory],
      ["backup", store, join(directory, "backup")],
      ["compact", store, "--segment", EVIL],
    ],
    ...[
      ["restore", store, join(directory, "restored")],
      ["delete", store, `not ${EVIL}`],
    ],
  ];
  for (const line of lines) {
    for (const argv of [line, [...line, "--json"]]) {
      for (const terminal of [false, true]) {
        const { stdout, stderr } = await hashlog(argv, { terminal });
        const seen = (stdout + stderr).replaceAll(/[\n\t]/g, "");
        expect(UNSEEN.exec(seen), argv.join(" ")).toBeNull();
      }
    }
  }
  const [json = ""] = (await printed(["scan", store, "--json"])).split("\n");
  expect(JSON.parse(json)).toEqual({ key: EVIL, value: EVIL });
});

test("with --json a line that is refused is told as JSON, also where nothing of it was understood", async () => {
  const lines = [
    ["get", "--json"],
    ["nonsense", "--json"],
    ["scan", "./store", "--json", "--limit", "x"],
  ];
  for (const argv of lines) {
    const { exitCode, stderr } = await hashlog(argv);
    expect([exitCode, (JSON.parse(stderr) as { error: { code: string } }).error.code]).toEqual([2, "CLI_USAGE"]);
  }
  expect((await hashlog(["get", "./store", "--", "--json"])).stderr).toMatch(/^hashlog: there is no store/);
  const directory = join(await temporaryDirectory(), "store");
  await printed(["put", directory, "a", "1", "--create"]);
  const { stderr } = await hashlog(["shell", directory], { stdin: "scan --limit x --json\nscan --limit x\n" });
  const [first = "", second = ""] = stderr.split("\n");
  expect(JSON.parse(first)).toMatchObject({ error: { code: "CLI_USAGE" } });
  expect(second).toMatch(/^option .* It is a whole number from 0: see "help"$/);
});
