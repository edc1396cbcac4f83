import { join } from "node:path";
import { PassThrough } from "node:stream";
import { processHost, run } from "@hashlog/cli";
import { bytes, open } from "@hashlog/engine";
import { expect, test } from "vitest";
import { Collected, printed, temporaryDirectory } from "./support/terminal.ts";

async function storeIn(directory: string): Promise<string> {
  const store = join(directory, "store");
  await printed(["put", store, "ada", "1815", "--create"]);
  return store;
}

/** A shell that is given lines and may be interrupted. */
function piped(store: string, ...options: readonly string[]) {
  const stdin = new PassThrough();
  const stdout = new Collected();
  const stderr = new Collected();
  let interrupt = (): void => undefined;
  const onInterrupt = (callback: () => void): (() => void) => {
    interrupt = callback;
    return () => undefined;
  };
  const ended = run(["shell", store, ...options], { ...processHost, stdin, stdout, stderr, onInterrupt });
  return { stdin, stdout, stderr, ended, interrupt: () => interrupt() };
}

test("after Ctrl-C no further line is done, and the exit code says so", async () => {
  const store = await storeIn(await temporaryDirectory());
  const shell = piped(store);
  shell.stdin.write("changes --follow --since 0\ncount\ncount\n");
  await shell.stdout.until(/ada/);
  shell.interrupt();
  expect(await shell.ended).toBe(130);
  expect(shell.stdout.text).toBe("1\tput\tada\t1815\n");
  const idle = piped(store);
  idle.stdin.write("count\n");
  await idle.stdout.until(/1\n/);
  idle.interrupt();
  expect(await idle.ended).toBe(130);
});

test("a feed in a shell that reads shows what is written while it waits", async () => {
  const store = await storeIn(await temporaryDirectory());
  const db = await open(store);
  const shell = piped(store);
  shell.stdin.write("changes --follow\n");
  shell.stdin.end();
  let written = 0;
  const writing = setInterval(() => void db.put(`key ${(written += 1)}`, "1"), 50);
  await shell.stdout.until(/put\tkey /);
  clearInterval(writing);
  shell.interrupt();
  expect(await shell.ended).toBe(130);
  await db.close();
});

test("keys that would be taken for options, or that turn the text around, are not offered", async () => {
  const store = await storeIn(await temporaryDirectory());
  const db = await open(store);
  for (const key of ["-x", "a\u202eb", "plain"]) await db.put(key, "1");
  await db.close();
  const { complete } = await import("../src/shell/completion.ts");
  const { get } = await import("../src/commands/get.ts");
  const reader = await open<Uint8Array, Uint8Array>(store, { readOnly: true, keys: bytes, values: bytes });
  expect((await complete("get ", [get], reader))[0].toSorted()).toEqual(["ada", "plain"]);
  await reader.close();
});
