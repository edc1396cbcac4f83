/**
 * Notes are written on a telephone that is offline half of the time, and reach a server that fails in every third request. No change
 * is lost and none takes effect twice: not when the answer is, not when the telephone is started anew, and not when it was away for
 * so long that the log of what it did is gone.
 *
 *     npm run examples -- 011
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { open, type Store, utf8 } from "@hashlog/engine";
import { deliverAll } from "./outbox.ts";
import { Server } from "./server.ts";

const TELEPHONE = "telephone";
const folder = await mkdtemp(join(tmpdir(), "hashlog-outbox-"));
const openNotes = (client = TELEPHONE) => open(join(folder, client), { values: utf8, compaction: false });

let thoughts = 0;

/** So many changes: notes are written, changed, and now and then one is thrown away, if it is there. */
async function scribble(notes: Store<string, string>, changes: number): Promise<void> {
  const change = async (): Promise<void> => {
    thoughts += 1;
    const key = `note ${(thoughts * 7) % 23}`;
    if (thoughts % 6 === 0) await notes.delete(key);
    else await notes.put(key, `thought ${thoughts}`);
  };
  await Promise.all(Array.from({ length: changes }, change));
}

/** Is online until `isEnough`. */
async function online(
  notes: Store<string, string>,
  server: Server,
  isEnough: () => boolean,
  client = TELEPHONE,
): Promise<void> {
  const connection = new AbortController();
  const delivering = deliverAll(notes, server, client, connection.signal);
  while (!isEnough()) await setTimeout(1);
  connection.abort();
  await delivering;
}

async function mustAgree(notes: Store<string, string>, server: Server, client = TELEPHONE): Promise<void> {
  const mine = new Map<string, string>();
  for await (const [key, text] of notes.entries()) mine.set(key, text);
  assert.deepEqual(await server.notes(client), mine);
}

const server = await Server.open(join(folder, "server"));
let notes = await openNotes();
try {
  const delivered = (): number => server.effects.at(-1)?.resume ?? 0;

  await scribble(notes, 60);
  await online(notes, server, () => delivered() === notes.stats().sequence);
  await mustAgree(notes, server);
  const first = notes.stats().sequence;
  console.log(
    `The first time: the server gets the ${server.effects.length} notes that there are, after ${first} changes.`,
  );

  await scribble(notes, 60);
  server.effects.length = 0;
  await online(notes, server, () => server.effects.length >= 25);
  console.log(`Some 60 changes offline; then online for a moment, in which ${server.effects.length} are delivered.`);

  // Offline again, and started anew. The feed goes on where the server is, and more was written meanwhile.
  await notes.close();
  notes = await openNotes();
  await scribble(notes, 60);
  await online(notes, server, () => delivered() === notes.stats().sequence);
  const { effects, failures, requests, repeated } = server;
  assert.deepEqual(
    effects.map(({ version }) => version),
    Array.from({ length: notes.stats().sequence - first }, (_, index) => first + 1 + index),
  );
  await mustAgree(notes, server);
  assert.ok(effects.length > 100 && failures > 0 && repeated > 0);
  console.log(`Started anew, and 60 more: all ${effects.length} changes took effect once each, in order.`);
  console.log(`${requests} requests, ${failures} of which failed; ${repeated} came again although they had been done.`);

  // A whole summer offline. Merges take out of the log what is overwritten, before anybody was told of it.
  await scribble(notes, 300);
  await notes.compact();
  effects.length = 0;
  await online(notes, server, () => delivered() === notes.stats().sequence);
  await mustAgree(notes, server);
  assert.equal(effects.length, await notes.count());
  console.log(
    `After a summer: 300 changes more, of which merges left little. The server gets the ${effects.length} notes as they are.`,
  );

  // Another client has a log of its own, with keys and versions that the server knows from this one.
  const laptop = await openNotes("laptop");
  await scribble(laptop, 30);
  await online(laptop, server, () => delivered() === laptop.stats().sequence, "laptop");
  await mustAgree(laptop, server, "laptop");
  await mustAgree(notes, server);
  await laptop.close();
  console.log("A laptop delivers its own, and what the telephone has delivered stays as it is.");
} finally {
  await notes.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
}
