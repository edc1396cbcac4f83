import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { open } from "@hashlog/engine";
import { systemClock } from "@hashlog/fs-io";
import { split } from "shlex";
import { expect, test } from "vitest";
import { ESCAPE, hashlog, temporaryDirectory } from "../support/terminal.ts";
import { picture } from "./picture.ts";

/**
 * A session at a terminal, command by command, as the README shows it: `commands.txt` is what is typed, `transcript.txt` what is seen.
 * When the commands print something else on purpose, `HASHLOG_RECORD=1 npm run unit -- packages/cli/test/session` records both anew.
 */
const COMMANDS = fileURLToPath(new URL("commands.txt", import.meta.url));
const TRANSCRIPT = fileURLToPath(new URL("transcript.txt", import.meta.url));
const PICTURE = fileURLToPath(new URL("../../session.svg", import.meta.url));

test("a session of the main commands shows what the README shows", async () => {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, "more.ndjson"), more());
  await makeSessions(join(directory, "sessions"));
  const seen: string[] = [];
  for (const line of (await readFile(COMMANDS, "utf8")).trimEnd().split("\n")) {
    const argv = split(line.replace(/^\$ hashlog /, "")).map((word) => word.replace(/^\.\//, `${directory}/`));
    const { stdout, stderr } = await hashlog(argv, { terminal: true, columns: 100 });
    seen.push(`${line}\n`, `${stdout}${withoutBars(stderr)}`.replaceAll(`${directory}/`, "./"));
  }
  const transcript = seen.join("");
  if (process.env["HASHLOG_RECORD"] === "1") {
    await writeFile(TRANSCRIPT, transcript);
    await writeFile(PICTURE, picture(transcript));
  }
  expect(comparable(transcript)).toBe(comparable(await readFile(TRANSCRIPT, "utf8")));
});

test("the picture in the README is drawn from the transcript", async () => {
  const drawn = await readFile(PICTURE, "utf8");
  expect(drawn).toBe(picture(await readFile(TRANSCRIPT, "utf8")));
  // What moves a cursor has no place in XML.
  expect(drawn).not.toMatch(/[^\P{Cc}\n]/u);
  expect(await readFile(fileURLToPath(new URL("../../README.md", import.meta.url)), "utf8")).toContain("(session.svg)");
});

/** Without the bars that a slow machine draws and takes away again. */
function withoutBars(text: string): string {
  return text.replaceAll(new RegExp(`${ESCAPE}7.*?${ESCAPE}\\[2K`, "gs"), "");
}

/** Without what is another each time: how long it took, the identity of a segment. */
function comparable(transcript: string): string {
  return transcript.replaceAll(/\d+ ms|\d\.\d s/g, "N ms").replaceAll(/[0-9a-f]{16}/g, "IDENTITY");
}

/** People to be imported. */
function more(): string {
  const people = { alan: "Alan Turing", barbara: "Barbara Liskov", edsger: "Edsger Dijkstra", grace: "Grace Hopper" };
  const lines = Object.entries(people).map(([key, value]) => JSON.stringify({ key, value }));
  return `{"format":"hashlog-entries","version":1}\n${lines.join("\n")}\n{"entries":${lines.length}}\n`;
}

/** A store as a program leaves it that has written the same keys again and again, and deleted some. */
async function makeSessions(directory: string): Promise<void> {
  const clock = { ...systemClock, now: () => Date.UTC(2026, 0, 1) };
  const db = await open(directory, { clock, segmentBytesMax: 8 * 1024 * 1024, sync: "never", compaction: false });
  const value = "x".repeat(10_000);
  for (let index = 0; index < 4000; index += 1) {
    const user = index % 7 === 0 ? index : (index * index) % 600;
    await db.put(`session:${user}`, value, index % 11 === 0 ? { expiresAtMs: clock.now() + 1000 } : {});
  }
  for (let user = 0; user < 60; user += 1) await db.delete(`session:${user}`);
  await db.close();
}
