/**
 * Short links. One key for each link, and two more under which it is listed:
 *
 *     link:CODE                      the link itself
 *     user:USER:TIME:CODE            in the list of its user
 *     time:TIME:CODE                 in the list of all
 *
 * The times have leading zeros, so that the order of the keys is that of time. In the lists users and codes are encoded, as one may
 * hold a colon. All three are written together, or none.
 */
import { randomInt } from "node:crypto";
import { json, open, type RangeOptions, type Store } from "@hashlog/engine";

export interface Link {
  readonly code: string;
  readonly url: string;
  readonly user: string;
  readonly createdMs: number;
}

export interface ShortenerOptions {
  /** The time, in milliseconds since 1970. */
  readonly now?: () => number;
  /** Codes to try, until one is free. */
  readonly newCode?: () => string;
}

const LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

export class Shortener {
  readonly #store: Store<string, Link | null>;
  readonly #now: () => number;
  readonly #newCode: () => string;

  private constructor(store: Store<string, Link | null>, { now = Date.now, newCode = randomCode }: ShortenerOptions) {
    this.#store = store;
    this.#now = now;
    this.#newCode = newCode;
  }

  static async open(directory: string, options: ShortenerOptions = {}): Promise<Shortener> {
    // It will be asked for ranges all the time: the keys are in order from the start.
    return new Shortener(await open(directory, { values: json<Link | null>(), ordered: true }), options);
  }

  /** A link under a code that is free, or under the one that is wished for; `undefined` if that one is taken. */
  async shorten(url: string, user: string, wished?: string): Promise<Link | undefined> {
    for (;;) {
      const link: Link = { code: wished ?? this.#newCode(), url, user, createdMs: this.#now() };
      const [key, ...listed] = keysOf(link);
      const isDone = await this.#store.batch([
        { type: "put", key, value: link, ifAbsent: true },
        ...listed.map((key) => ({ type: "put" as const, key, value: null })),
      ]);
      if (isDone) return link;
      if (wished !== undefined) return undefined;
    }
  }

  async resolve(code: string): Promise<string | undefined> {
    return (await this.#store.get(`link:${code}`))?.url;
  }

  /** Takes the link out, and out of the lists. Was it there? */
  async remove(code: string): Promise<boolean> {
    const found = await this.#store.getEntry(`link:${code}`);
    if (found === undefined) return false;
    const [key, ...listed] = keysOf(found.value!);
    return this.#store.batch([
      { type: "delete", key, ifVersion: found.version },
      ...listed.map((key) => ({ type: "delete" as const, key })),
    ]);
  }

  /** The user's links, the newest first, at most so many of them; behind `after`, the last one of the page before. */
  async ofUser(user: string, limit: number, after?: Link): Promise<Link[]> {
    const lt = after === undefined ? undefined : keysOf(after)[1];
    return this.#links({ prefix: `user:${encodeURIComponent(user)}:`, lt, reverse: true, limit });
  }

  /** All links that were made in that time, the oldest first: from the first moment on, before the second. */
  async between(fromMs: number, toMs: number): Promise<Link[]> {
    return this.#links({ gte: `time:${digits(fromMs)}`, lt: `time:${digits(toMs)}` });
  }

  /** How many links the user has. No value is read for it. */
  countOfUser(user: string): Promise<number> {
    return this.#store.count({ prefix: `user:${encodeURIComponent(user)}:` });
  }

  count(): Promise<number> {
    return this.#store.count({ prefix: "link:" });
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #links(range: RangeOptions<string>): Promise<Link[]> {
    // Keys and links as of the same moment, whatever is written meanwhile.
    const snapshot = this.#store.snapshot();
    try {
      const keys: string[] = [];
      for await (const key of snapshot.keys(range)) {
        keys.push(`link:${decodeURIComponent(key.slice(key.lastIndexOf(":") + 1))}`);
      }
      return (await snapshot.getMany(keys)).map((link) => link!);
    } finally {
      snapshot.close();
    }
  }
}

function keysOf({ code, user, createdMs }: Link): [link: string, ofUser: string, ofTime: string] {
  // A user may be called "ada:1", and a link wished for as "a:b": what is in between two colons, or behind one, must have none.
  const place = `${digits(createdMs)}:${encodeURIComponent(code)}`;
  return [`link:${code}`, `user:${encodeURIComponent(user)}:${place}`, `time:${place}`];
}

function digits(timeMs: number): string {
  return String(timeMs).padStart(15, "0");
}

function randomCode(): string {
  return Array.from({ length: 7 }, () => LETTERS[randomInt(LETTERS.length)]).join("");
}
