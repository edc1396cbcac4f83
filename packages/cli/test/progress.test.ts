import { processHost, type Host } from "@hashlog/cli";
import { expect, test } from "vitest";
import { Session } from "../src/session.ts";
import { Output } from "../src/output.ts";
import { Collected, ESCAPE } from "./support/terminal.ts";

/** A session whose time passes when the test says so. */
function session(
  isTerminal: boolean,
  quiet = false,
): { session: Session; stderr: Collected; pass: (ms: number) => void } {
  let now = 0;
  const stderr = new Collected(isTerminal);
  const host: Host = { ...processHost, stderr, clock: { ...processHost.clock, elapsedMs: () => now } };
  const output = new Output(new Collected());
  const options = { output, signal: new AbortController().signal, json: false, quiet, inShell: false };
  return { session: new Session(host, options), stderr, pass: (ms) => void (now += ms) };
}

test("in a pipe a line is printed every five seconds, and none of what is short", async () => {
  const { session: ours, stderr, pass } = session(false);
  const result = await ours.during("verifying", "bytes", async (update) => {
    update(1024, 4096);
    pass(4999);
    update(2048, 4096);
    pass(1);
    update(2049, 4096);
    update(2050, 4096);
    pass(5000);
    update(4096, 4096);
    return "done";
  });
  expect(result).toBe("done");
  expect(stderr.text).toBe("verifying: 50 %, 2 KiB of 4 KiB\nverifying: 100 %, 4 KiB of 4 KiB\n");
});

test("where nobody knows how much there is, what was done is said", async () => {
  const { session: ours, stderr, pass } = session(false);
  await ours.during("importing", "entries", async (update) => {
    pass(5000);
    update(1234, 0);
  });
  expect(stderr.text).toBe("importing: 1,234 entries\n");
});

test("on a terminal a bar is drawn after half a second, and taken away at the end, also of a failure", async () => {
  const { session: ours, stderr, pass } = session(true);
  const work = ours.during("verifying", "bytes", async (update) => {
    update(1, 4096);
    expect(stderr.text).toBe("");
    pass(500);
    update(1024, 4096);
    update(2048, 8192);
    throw new Error("the disk is gone");
  });
  await expect(work).rejects.toThrow("the disk is gone");
  expect(stderr.text).toMatch(/verifying █+░+ 25 % \| 1 KiB of 4 KiB \| .* left/);
  // The cursor is shown again, on a line that is empty.
  expect(stderr.text).toContain(`${ESCAPE}[?25h`);
  expect(stderr.text.endsWith(`${ESCAPE}[2K`)).toBe(true);
});

test("without a total there is no bar on a terminal either", async () => {
  const { session: ours, stderr, pass } = session(true);
  await ours.during("importing", "entries", async (update) => {
    pass(500);
    update(1000, 0);
  });
  expect(stderr.text).toContain("importing: 1,000 entries");
  expect(stderr.text).not.toContain("%");
});

test("quiet shows neither progress nor notes", async () => {
  const { session: ours, stderr, pass } = session(true, true);
  await ours.during("verifying", "bytes", async (update) => {
    pass(60_000);
    update(1, 2);
  });
  ours.note("a note");
  expect(stderr.text).toBe("");
});
