/**
 * The outbox is the log of the notes itself: what was written since the server last heard of this client. Nothing has to be put
 * into it, so nothing can be forgotten; and how far it is, is kept at the server, together with what was delivered.
 */
import { setTimeout } from "node:timers/promises";
import { HashlogError, type Store } from "@hashlog/engine";
import { NoAnswer, type Server } from "./server.ts";

/** Delivers what was written and what will be, in order, as long as we are online and the notes are open. */
export async function deliverAll(notes: Store<string, string>, server: Server, client: string, online: AbortSignal) {
  try {
    let since = await patiently(() => server.resumeOf(client), online);
    for (;;) {
      // The feed begins with all the notes that there are. What the server has of an earlier beginning may be gone since.
      if (since === 0) await patiently(() => server.startOver(client), online);
      try {
        for await (const change of notes.changes({ since, signal: online })) {
          const { key, version, resume } = change;
          const text = change.type === "put" ? change.value : null;
          await patiently(() => server.deliver(client, { key, text, version, resume }), online);
        }
        return;
      } catch (error) {
        // Away for so long that merges have taken out of the log what comes next.
        if (!HashlogError.is(error) || error.code !== "HASHLOG_COMPACTED") throw error;
        since = 0;
      }
    }
  } catch (error) {
    if (!online.aborted) throw error;
  }
}

/** Asks until there is an answer. */
async function patiently<T>(ask: () => Promise<T>, online: AbortSignal): Promise<T> {
  for (;;) {
    online.throwIfAborted();
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      await setTimeout(1);
    }
  }
}
