/** Sessions on the disk: who is logged in, and until when. */
import { createHash, randomBytes } from "node:crypto";
import { type Clock, json, open, type Store } from "@hashlog/engine";

export interface Session {
  readonly user: string;
  readonly visits: number;
}

/** A session that nobody used for so long is over. */
export const IDLE_MS = 30 * 60_000;

export class SessionStore {
  readonly #store: Store<string, Session>;

  private constructor(store: Store<string, Session>) {
    this.#store = store;
  }

  static async open(directory: string, clock: Clock): Promise<SessionStore> {
    return new SessionStore(await open(directory, { values: json<Session>(), clock }));
  }

  /** A new session. Returns its token, which nobody but the browser keeps: whoever reads the store cannot log in with it. */
  async begin(user: string): Promise<string> {
    const token = randomBytes(24).toString("base64url");
    await this.#store.put(keyOf(token), { user, visits: 0 }, { ttlMs: IDLE_MS });
    return token;
  }

  /** One more visit, which keeps the session alive. `undefined` if there is none, or it is over. */
  async visit(token: string): Promise<Session | undefined> {
    for (;;) {
      const found = await this.#store.getEntry(keyOf(token));
      if (found === undefined) return undefined;
      const session = { ...found.value, visits: found.value.visits + 1 };
      // Not if another request was quicker, or a logout: it would be undone by this.
      const isDone = await this.#store.put(keyOf(token), session, { ttlMs: IDLE_MS, ifVersion: found.version });
      if (isDone) return session;
    }
  }

  /** Ends the session. Was there one? */
  end(token: string): Promise<boolean> {
    return this.#store.delete(keyOf(token));
  }

  /** How many are alive, and how many are on the disk: a session that is over goes with the next merge. */
  async count(): Promise<{ alive: number; kept: number }> {
    return { alive: await this.#store.count(), kept: this.#store.stats().keys };
  }

  /** Makes room now. It would be done by itself, when it is worth it. */
  async tidy(): Promise<number> {
    return (await this.#store.compact()).expiredDropped;
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

function keyOf(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}
