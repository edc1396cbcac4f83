import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { open } from "@hashlog/engine";
import { EXIT, processHost, run, type ExitCode } from "@hashlog/cli";
import { expect, test } from "vitest";
import { COMMANDS } from "../src/commands/all.ts";
import { SHELL_KNOWS } from "../src/shell/shell.ts";
import { Collected, ESCAPE, hashlog, Keyboard, printed, temporaryDirectory } from "./support/terminal.ts";

async function store(): Promise<string> {
  const directory = join(await temporaryDirectory(), "store");
  await printed(["put", directory, "ada", "1815", "--create"]);
  await printed(["put", directory, "alan", "1912"]);
  return directory;
}

/** The cursor stands behind the prompt. */
const ENDS_WITH_PROMPT = new RegExp(`hashlog> ${ESCAPE}\\[10G$`);

/** A shell with somebody at the keyboard. */
class Typist {
  readonly keyboard = new Keyboard();
  readonly screen = new Collected(true);
  readonly ended: Promise<ExitCode>;

  constructor(
    directory: string,
    options: readonly string[] = [],
    env: Readonly<Record<string, string>> = { HASHLOG_HISTORY: "" },
  ) {
    const { keyboard: stdin, screen: stdout } = this;
    const onInterrupt = () => (): void => undefined;
    this.ended = run(["shell", directory, ...options], {
      ...processHost,
      env,
      stdin,
      stdout,
      stderr: stdout,
      onInterrupt,
    });
  }

  /** Waits for the prompt: what is typed before it belongs to it all the same, but looks otherwise. */
  async prompted(): Promise<void> {
    await this.screen.until(ENDS_WITH_PROMPT);
  }

  /** Types, and waits for what is to be seen then. */
  async type(text: string, seen: RegExp): Promise<void> {
    this.keyboard.write(text);
    await this.screen.until(seen);
  }
}

test("lines from a pipe are commands about the store; the first that fails is the exit code", async () => {
  const directory = await store();
  const stdin = "# a comment\n\ncount\nget ada\n  scan --ordered --keys-only  \nget nobody\nget alan --json\n";
  expect(await hashlog(["shell", directory], { stdin })).toMatchObject({
    exitCode: 1,
    stdout: '2\n1815\nada\nalan\n{"key":"alan","value":"1912","version":2}\n',
    stderr: `there is no key nobody in ${directory}\n`,
  });
  expect((await hashlog(["shell", directory], { stdin: "exit\nget nobody\n" })).exitCode).toBe(0);
});

test("with --json every line prints JSON, failures too", async () => {
  const directory = await store();
  const ended = await hashlog(["shell", directory, "--json"], { stdin: "count\nget nobody\nnonsense\n" });
  expect(ended.stdout).toBe('{"count":2}\n');
  expect(
    ended.stderr
      .split("\n")
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as { error: { code: string } }).error.code),
  ).toEqual(["CLI_NO_KEY", "CLI_USAGE"]);
});

test("with --write it writes, and quotes hold words together", async () => {
  const directory = await store();
  const stdin = `put 'two words' "a \\"value\\""\nget "two words"\ndelete ada\nput session 1 --ttl 1h\nquit\n`;
  const ended = await hashlog(["shell", directory, "--write"], { stdin });
  expect(ended).toMatchObject({ exitCode: 0, stderr: "" });
  expect(await printed(["scan", directory, "--ordered", "--keys-only"])).toBe("alan\nsession\ntwo words\n");
  const created = join(directory, "..", "new");
  await printed(["shell", created, "--create"], { stdin: "put a 1\n" });
  expect(await printed(["get", created, "a"])).toBe("1");
  expect(await hashlog(["shell", join(directory, "..", "nowhere")])).toMatchObject({ exitCode: 3 });
});

test("what a shell cannot do it says, and goes on", async () => {
  const directory = await store();
  const said = async (line: string, ...options: string[]): Promise<string> => {
    const { stdout, stderr, exitCode } = await hashlog(["shell", directory, ...options], { stdin: `${line}\ncount\n` });
    expect([stdout.endsWith("2\n"), exitCode], line).toEqual([true, EXIT.usage]);
    return stderr;
  };
  expect(await said("put a 1")).toBe("put needs a shell that writes: leave, and begin it with --write\n");
  expect(await said("gett a")).toBe("unknown command 'gett' (Did you mean get?): see \"help\"\n");
  expect(await said("verify")).toBe('verify is for outside of the shell: "hashlog verify --help" tells how\n');
  expect(await said("put a", "--write")).toBe("give a value, or --file: a shell reads lines, not values\n");
  expect(await said("import", "--write")).toBe("name a file: a shell reads lines, not entries\n");
  expect(await said("scan --limit x")).toMatch(/a whole number from 0.*see "help"\n$/);
  expect(await said("get a -k base64 --json")).toMatch(/^\{"error":\{"code":"CLI_USAGE"/);
  const help = await hashlog(["shell", directory], { stdin: "help\nhelp scan\n" });
  expect(help.stdout).toContain("scan [options]");
  expect(help.stdout).toContain("--prefix <key>");
  expect(help.stdout).not.toContain("<store>");
  expect(help.stdout).toMatch(/^Usage: <command> \[options\]\n/);
  expect(help.stdout).toMatch(/^Usage: scan \[options\]\n/m);
  expect(SHELL_KNOWS.toSorted()).toEqual(COMMANDS.map(({ name }) => name).toSorted());
});

test("a reading shell shows what was written meanwhile", async () => {
  const directory = await store();
  const db = await open(directory);
  const typist = new Typist(directory);
  await typist.type("count\r", /2\r?\n/);
  await db.put("grace", "1906");
  await typist.type("get grace\r", /1906/);
  await typist.type("exit\r", /exit/);
  expect(await typist.ended).toBe(EXIT.done);
  await db.close();
});

test("on a terminal it greets, prompts, completes, and remembers", async () => {
  const directory = await store();
  const file = join(directory, "..", "history");
  await writeFile(file, "count\n");
  const typist = new Typist(directory, [], { HASHLOG_HISTORY: file });
  await typist.screen.until(/open for reading\. "help" lists the commands, Ctrl-D leaves\.\n/);
  await typist.prompted();
  // The command, the key, and the last command from the history.
  await typist.type("ge\t", /get /);
  await typist.type("al\t", /get alan/);
  await typist.type("\r", /1912/);
  await typist.prompted();
  await typist.type("\u001B[A\u001B[A\r", /\n2\n/);
  await typist.prompted();
  await typist.type("get nobody\r", /there is no key nobody/);
  await typist.prompted();
  typist.keyboard.write("\u0004");
  expect(await typist.ended).toBe(EXIT.done);
  expect((await readFile(file, "utf8")).split("\n")).toEqual(["get nobody", "count", "get alan", ""]);
  expect((await stat(file)).mode & 0o077).toBe(0o044);
});

test("a history that is not there yet is nobody's but the user's; one that cannot be kept is no failure", async () => {
  const directory = await store();
  const file = join(directory, "..", "history");
  const typist = new Typist(directory, [], { HASHLOG_HISTORY: file });
  await typist.type("count\r", /2\r?\n/);
  typist.keyboard.write("\u0004");
  expect(await typist.ended).toBe(EXIT.done);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const other = new Typist(directory, [], { HASHLOG_HISTORY: join(directory, "..", "nowhere", "history") });
  await other.type("exit\r", /exit/);
  expect(await other.ended).toBe(EXIT.done);
  expect(other.screen.text).toContain("the history was not kept: ENOENT");
});

test("completion offers commands, options and keys, and nothing where it does not know", async () => {
  const directory = await store();
  const db = await open(directory);
  await db.put("with space", "1");
  const { complete } = await import("../src/shell/completion.ts");
  const { get } = await import("../src/commands/get.ts");
  const { scan } = await import("../src/commands/scan.ts");
  const reader = await open<Uint8Array, Uint8Array>(directory, { readOnly: true, keys: BYTES, values: BYTES });
  const of = async (line: string): Promise<string[]> => (await complete(line, [get, scan], reader))[0];
  expect(await of("")).toEqual(["exit ", "get ", "help ", "scan "]);
  expect(await of("sc")).toEqual(["scan "]);
  expect(await of("get a")).toEqual(["ada", "alan"]);
  expect(await of("get ")).toEqual(["ada", "alan"]);
  expect(await of("get 'a")).toEqual([]);
  expect(await of("scan --pre")).toEqual(["--prefix "]);
  expect(await of("scan a")).toEqual([]);
  expect(await of("help s")).toEqual(["scan"]);
  expect(await of("nothing a")).toEqual([]);
  await reader.close();
  await db.close();
});

test("Ctrl-C ends a command, or gives up a line, and not the shell", async () => {
  const directory = await store();
  const typist = new Typist(directory);
  await typist.screen.until(/hashlog> /);
  await typist.type("scan --nonsense\u0003", /\^C/);
  await typist.type("changes --follow\r", /changes --follow/);
  await new Promise((resolve) => setImmediate(resolve));
  await typist.type("\u0003", /changes --follow\s+\S*hashlog> \S*$/);
  await typist.prompted();
  await typist.type("count\r", /\n2\r?\n/);
  typist.keyboard.write("\u0004");
  expect(await typist.ended).toBe(EXIT.done);
  expect(typist.screen.text).not.toMatch(/unknown option|cancelled/);
  // What the shell that it was begun from prints stands on a line of its own.
  expect(typist.screen.text).toMatch(/\n$/);
});

test("a shell that is interrupted from outside ends, with what it was doing", async () => {
  const directory = await store();
  let interrupt = (): void => undefined;
  const onInterrupt = (callback: () => void): (() => void) => {
    interrupt = callback;
    return () => undefined;
  };
  const stdin = new Keyboard();
  const stdout = new Collected();
  const ended = hashlog(["shell", directory], { stdin, host: { stdout, onInterrupt } });
  stdin.write("count\n");
  await stdout.until(/2\n/);
  stdin.write("changes --follow\n");
  await new Promise((resolve) => setImmediate(resolve));
  interrupt();
  expect((await ended).exitCode).toBe(EXIT.interrupted);
});

const BYTES = {
  name: "bytes",
  encode: (value: Uint8Array): Uint8Array => value,
  decode: (bytes: Uint8Array): Uint8Array => bytes,
};
