/**
 * Sessions of a real HTTP server, asked by real requests: they survive that the server is started anew, they end by themselves
 * half an hour after they were last used, and a logout is final. The half hours pass at once, by a clock that we turn.
 *
 *     npm run examples -- 008
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@hashlog/fs-io";
import { sessionServer } from "./server.ts";
import { SessionStore } from "./session-store.ts";

const HOST = "127.0.0.1";
const MINUTE = 60_000;
const folder = await mkdtemp(join(tmpdir(), "hashlog-sessions-"));

let now = Date.UTC(2026, 0, 1, 9);
const clock = { ...systemClock, now: () => now };

async function start() {
  const sessions = await SessionStore.open(folder, clock);
  const server = sessionServer(sessions).listen(0, HOST);
  await once(server, "listening");
  const ask = async (method: string, path: string, cookie = "", body?: string) => {
    const address = `http://${HOST}:${(server.address() as AddressInfo).port}${path}`;
    const response = await fetch(address, { method, headers: { cookie }, ...(body !== undefined && { body }) });
    const given = response.headers.get("set-cookie")?.split(";")[0] ?? "";
    return { status: response.status, text: await response.text(), cookie: given };
  };
  const stop = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
    await sessions.close();
  };
  return { sessions, ask, stop };
}

let { sessions, ask, stop } = await start();
try {
  const { cookie } = await ask("POST", "/login", "", "Ada");
  assert.equal((await ask("GET", "/me", cookie)).text, "Hello Ada, visit 1.");
  assert.equal((await ask("GET", "/me")).status, 401);
  assert.equal((await ask("GET", "/me", "session=guessed")).status, 401);

  // Twenty tabs at once, and not one of them is forgotten.
  await Promise.all(Array.from({ length: 20 }, () => ask("GET", "/me", cookie)));
  const afterTabs = await ask("GET", "/me", cookie);
  assert.equal(afterTabs.text, "Hello Ada, visit 22.");
  console.log(`09:00  ${afterTabs.text}`);

  await stop();
  ({ sessions, ask, stop } = await start());
  now += 25 * MINUTE;
  const afterRestart = await ask("GET", "/me", cookie);
  assert.equal(afterRestart.text, "Hello Ada, visit 23.");
  assert.equal(afterRestart.cookie, cookie); // or the browser would forget it half an hour after the login
  console.log(`09:25  The server was started anew. ${afterRestart.text}`);

  // Used again after 25 minutes more: it goes on, as each visit counts from anew.
  now += 25 * MINUTE;
  assert.equal((await ask("GET", "/me", cookie)).status, 200);
  await Promise.all(Array.from({ length: 200 }, (_, guest) => ask("POST", "/login", "", `guest ${guest}`)));
  assert.deepEqual(await sessions.count(), { alive: 201, kept: 201 });
  console.log("09:50  200 guests have come.");

  now += 30 * MINUTE;
  const tooLate = await ask("GET", "/me", cookie);
  assert.equal(tooLate.status, 401);
  console.log(`10:20  ${tooLate.text} Nobody came for half an hour.`);

  const grace = (await ask("POST", "/login", "", "Grace")).cookie;
  assert.deepEqual(await sessions.count(), { alive: 1, kept: 202 });
  const dropped = await sessions.tidy();
  assert.deepEqual(await sessions.count(), { alive: 1, kept: 1 });
  console.log(`10:20  ${dropped} sessions that are over were merged away.`);

  // She logs out while other tabs are asking. None of them brings the session back.
  const tabs = Array.from({ length: 10 }, () => ask("GET", "/me", grace));
  const logout = ask("POST", "/logout", grace);
  await Promise.all([...tabs, logout]);
  assert.equal((await ask("GET", "/me", grace)).status, 401);
  assert.deepEqual(await sessions.count(), { alive: 0, kept: 0 });
  console.log("10:20  Grace has logged out, and stays so.");
} finally {
  await stop();
  await rm(folder, { recursive: true, force: true });
}
