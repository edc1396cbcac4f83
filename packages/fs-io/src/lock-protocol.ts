/**
 * Who gets a directory's lock, decided among processes that know of each other only by numbered sockets in it.
 *
 * A socket answers as long as its process lives, and the kernel ends that however the process ends: no age, no process
 * id and no content of a file is ever judged. But its file stays behind, and "remove what is dead, then take its place"
 * is a race that two can win. So nobody takes a place that was another's:
 *
 *     list               the highest answers?                        locked
 *     claim a higher one, and listen there
 *     list again         own one gone, or a higher one there?        give way
 *     ask every lower    one answers?                                give way
 *     hold, and remove the lower ones, which are dead
 *
 * Of two who claim, the one who lists later sees the other: so at most one holds. Whoever is stopped between claiming
 * and listening looks dead meanwhile, and may find its file removed when it goes on. It must never find a file of
 * another's there and take it for its own, or remove it when it gives way. So no number is given twice: `freshNumber`
 * grows with time, also where no file is left that tells which numbers there were.
 */
export interface LockPlaces {
  /** The numbers of all sockets, and of what is left of them, in any order. */
  list(): Promise<number[]>;
  /** A number that nobody ever had. It need not be higher than those that are there. */
  freshNumber(): number;
  /**
   * Makes a socket of that number and listens on it, or is `undefined` if there is something already, or if it was taken
   * for a dead one's and removed before it listened.
   */
  claim(number: number): Promise<LockClaim | undefined>;
  /** Asks whoever listens there. Dead only if certainly nobody does, and never will. */
  ask(number: number): Promise<LockAnswer>;
  /** Removes what is left of a dead one. Never rejects. */
  remove(number: number): Promise<void>;
  /** Lets others go on for a moment. */
  pause(): Promise<void>;
}

/** A socket of this process. While it is open, whoever asks it learns that this process is alive. */
export interface LockClaim {
  /** From now on it answers as the holder, and keeps the process alive no longer. */
  hold(): void;
  /** Closes and removes it. Never rejects. */
  close(): Promise<void>;
}

/** `"asking"` is one that has not got the lock yet. `holder` is who it is, in words, if it said so. */
export type LockAnswer =
  | { readonly kind: "dead" }
  | { readonly kind: "asking" | "holding"; readonly holder: string | undefined };

export type LockResult =
  | { readonly kind: "held"; readonly claim: LockClaim }
  | { readonly kind: "locked"; readonly holder: string | undefined };

/** What stood in the way is gone by now. */
type Again = { readonly kind: "again" };

/** How often an attempt is repeated when it gave way to something that is dead by now. */
const ATTEMPTS_MAX = 20;

/** How many pauses a rival that is still asking is given to give way. */
const ROUNDS_MAX = 100;

/** Takes the lock, or says who has it (or is about to). Rejects with what `places` rejected with. */
export async function takeLock(places: LockPlaces): Promise<LockResult> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const result = await tryToTake(places);
    if (result.kind !== "again") return result;
    // mark: lock/tried-again
    await places.pause();
  }
  // mark: lock/given-up
  return { kind: "locked", holder: undefined };
}

async function tryToTake(places: LockPlaces): Promise<LockResult | Again> {
  const highest = Math.max(0, ...(await places.list()));
  if (highest > 0) {
    const answer = await places.ask(highest);
    if (answer.kind !== "dead") {
      // mark: lock/held-by-another
      return { kind: "locked", holder: answer.holder };
    }
  }
  const number = Math.max(highest + 1, places.freshNumber());
  const claim = await places.claim(number);
  if (claim === undefined) {
    // mark: lock/place-taken-meanwhile
    return lockedBy(await places.ask(number));
  }
  const rivals = await withdrawingOnFailure(claim, () => findRivals(places, number));
  if (rivals.kind !== "none") {
    // mark: lock/gave-way
    await claim.close();
    return rivals;
  }
  // mark: lock/taken
  claim.hold();
  for (const lower of rivals.dead) {
    // mark: lock/dead-ones-removed
    await places.remove(lower);
  }
  return { kind: "held", claim };
}

type Rivals = { readonly kind: "none"; readonly dead: readonly number[] };

/** Looks for others, when the own socket listens already: whoever comes later finds it. */
async function findRivals(places: LockPlaces, own: number): Promise<Rivals | LockResult | Again> {
  for (let round = 1; ; round += 1) {
    const numbers = await places.list();
    if (!numbers.includes(own)) {
      // mark: lock/own-place-removed
      return { kind: "again" };
    }
    const highest = Math.max(...numbers);
    if (highest > own) {
      // mark: lock/higher-rival
      return lockedBy(await places.ask(highest));
    }
    const lower = numbers.filter((number) => number < own);
    const answer = await firstAlive(places, lower);
    if (answer.kind === "dead") return { kind: "none", dead: lower };
    // A lower one that is still asking gives way when it sees this one, unless it has looked already and holds now.
    if (answer.kind === "holding" || round === ROUNDS_MAX) {
      // mark: lock/lower-rival-holds
      return lockedBy(answer);
    }
    // mark: lock/lower-rival-waited-for
    await places.pause();
  }
}

async function firstAlive(places: LockPlaces, numbers: readonly number[]): Promise<LockAnswer> {
  for (const number of numbers) {
    const answer = await places.ask(number);
    if (answer.kind !== "dead") return answer;
  }
  return { kind: "dead" };
}

function lockedBy(answer: LockAnswer): LockResult | Again {
  return answer.kind === "dead" ? { kind: "again" } : { kind: "locked", holder: answer.holder };
}

async function withdrawingOnFailure<T>(claim: LockClaim, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // mark: lock/withdrawn-on-failure
    await claim.close();
    throw error;
  }
}
