import { spawn } from "node:child_process";
import { once } from "node:events";
import { pathToFileURL } from "node:url";
import { join } from "node:path";
import { expect, test } from "vitest";

test("A message that is longer than what a pipe takes at once arrives whole, also if the process ends after it", async () => {
  const url = pathToFileURL(join(import.meta.dirname, "tell-parent.ts")).href;
  const program = `
    const { tellParent } = await import(${JSON.stringify(url)});
    await tellParent({ text: "x".repeat(5_000_000) });
    process.disconnect();
  `;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const received: unknown[] = [];
  child.on("message", (message) => received.push(message));
  const [code] = (await once(child, "exit")) as [number];
  expect(code).toBe(0);
  expect(received).toHaveLength(1);
  expect((received[0] as { text: string }).text.length).toBe(5_000_000);
});
