/**
 * The server, with a store of its own, in which the notes of each client are apart: a version tells which of two is the newer only
 * within one client's log. It fails now and then, as servers do: before it has done anything, or after all is done, when
 * only its answer is lost. Whoever asks cannot tell the two apart.
 */
import { json, open, type Store } from "@hashlog/engine";

/** What a client sends: a note as it is now, or that it is gone (`null`); `version` tells which of two is the newer. */
export interface Delivery {
  readonly key: string;
  readonly text: string | null;
  readonly version: number;
  /** How far the client's feed is with this. */
  readonly resume: number;
}

interface Kept {
  readonly text: string | null;
  readonly version: number;
}

/** Nobody can tell whether it was done. */
export class NoAnswer extends Error {}

export class Server {
  /** What it was told and has done, in order, for this example to look at. */
  readonly effects: Delivery[] = [];
  requests = 0;
  failures = 0;
  /** How often it was told again what it had done. */
  repeated = 0;
  readonly #store: Store<string, Kept | number>;

  private constructor(store: Store<string, Kept | number>) {
    this.#store = store;
  }

  static async open(directory: string): Promise<Server> {
    return new Server(await open(directory, { values: json<Kept | number>() }));
  }

  /** Takes a change over, and with it how far the client is: both, or neither. One that it has taken already changes nothing. */
  deliver(client: string, { key, text, version, resume }: Delivery): Promise<void> {
    return this.#answer(async () => {
      const note = noteKey(client, key);
      const known = (await this.#store.get(note)) as Kept | undefined;
      if (known !== undefined && known.version >= version) {
        this.repeated += 1;
        return;
      }
      await this.#store.batch([
        { type: "put", key: note, value: { text, version } },
        { type: "put", key: `resume:${client}`, value: resume },
      ]);
      this.effects.push({ key, text, version, resume });
    });
  }

  /** Where the client's feed has to go on. 0: nothing is known of this client. */
  resumeOf(client: string): Promise<number> {
    return this.#answer(async () => ((await this.#store.get(`resume:${client}`)) as number | undefined) ?? 0);
  }

  /** The client begins again, with all that it has: what it does not tell of is gone. */
  startOver(client: string): Promise<void> {
    return this.#answer(async () => {
      await this.#store.delete(`resume:${client}`);
      await this.#store.clear({ prefix: noteKey(client, "") });
    });
  }

  async notes(client: string): Promise<Map<string, string>> {
    const notes = new Map<string, string>();
    const prefix = noteKey(client, "");
    for await (const [key, kept] of this.#store.entries({ prefix })) {
      const { text } = kept as Kept;
      if (text !== null) notes.set(key.slice(prefix.length), text);
    }
    return notes;
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #answer<T>(act: () => Promise<T>): Promise<T> {
    this.requests += 1;
    const fails = [this.requests % 5 === 0, this.requests % 7 === 0];
    if (fails.includes(true)) this.failures += 1;
    if (fails[0]) throw new NoAnswer("503: come back later");
    const answer = await act();
    if (fails[1]) throw new NoAnswer("the connection was closed");
    return answer;
  }
}

function noteKey(client: string, key: string): string {
  return `note:${encodeURIComponent(client)}:${key}`;
}
