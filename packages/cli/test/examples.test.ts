import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { COMMANDS } from "../src/commands/all.ts";
import { hashlog, printed, temporaryDirectory } from "./support/terminal.ts";

/**
 * Every example that a help shows is run, in a directory as a user might have it: a store, a backup of it, an export, a file. What
 * stands before or behind a pipe is replaced by what it gives or takes.
 */
let prepared: string;

beforeAll(async () => {
  const { mkdtemp } = await import("node:fs/promises");
  const { tmpdir } = await import("node:os");
  prepared = await mkdtemp(join(tmpdir(), "hashlog-cli-examples-"));
  const store = join(prepared, "store");
  for (const [key, value] of Object.entries({ ada: "1", alan: "2", aaa: "3", session: "4", "user:1": "5" })) {
    await printed(["put", store, key, value, "--create"]);
  }
  await printed(["backup", store, join(prepared, "backup")]);
  await printed(["export", store, join(prepared, "export.ndjson"), "-q"]);
  await printed(["export", store, join(prepared, "export.ndjson.gz"), "-q"]);
  await printed(["put", join(prepared, "copy"), "ada", "1", "--create"]);
  await writeFile(join(prepared, "picture.png"), Uint8Array.of(0x89, 0x50));
  return async () => (await import("node:fs/promises")).rm(prepared, { recursive: true, force: true });
});

describe.each(COMMANDS)("hashlog $name", (command) => {
  test.each(command.examples)("%s", async (example) => {
    const directory = join(await temporaryDirectory(), "home");
    await cp(prepared, directory, { recursive: true });
    const { argv, stdin } = parse(example, directory);
    const { exitCode, stderr } = await hashlog(argv, { stdin });
    expect({ exitCode, stderr: exitCode === 0 ? "" : stderr }).toEqual({ exitCode: 0, stderr: "" });
  });

  test("has an example, and help that shows it", async () => {
    expect(command.examples.length).toBeGreaterThan(0);
    const { exitCode, stdout, stderr } = await hashlog([command.name, "--help"]);
    expect([exitCode, stderr]).toEqual([0, ""]);
    for (const example of command.examples) expect(stdout).toContain(`  $ ${example}`);
    expect(await printed(["help", command.name])).toBe(stdout);
  });
});

test("help lists every command, and the exit codes; without a command it is shown, as a mistake", async () => {
  const help = await printed(["--help"]);
  for (const { name, summary } of COMMANDS) {
    expect(help).toMatch(new RegExp(`^  ${name} `, "m"));
    expect(help.replaceAll(/\s+/g, " ")).toContain(summary);
  }
  expect(help).toContain("Exit codes: 0 done");
  expect((await hashlog([])).exitCode).toBe(2);
  expect(await printed(["--version"])).toMatch(/^\d+\.\d+\.\d+\n$/);
});

/** The command line of an example, with its files in `directory`, and what comes through a pipe. */
function parse(example: string, directory: string): { argv: string[]; stdin: string } {
  const parts = example.split(" | ");
  const own = parts.find((part) => part.startsWith("hashlog "))!;
  const words = [...own.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
  const argv = words.slice(1).map((word) => (word === "." ? directory : word.replace(/^\.\//, `${directory}/`)));
  return { argv, stdin: parts[0] === own ? "" : PIPED[parts[0]!]! };
}

const PIPED: Readonly<Record<string, string>> = {
  date: "Sat Nov 28 00:00:00 UTC 2026\n",
  "echo 'count'": "count\n",
  "zcat ./export.ndjson.gz": '{"format":"hashlog-entries","version":1}\n{"key":"a","value":"1"}\n{"entries":1}\n',
};
