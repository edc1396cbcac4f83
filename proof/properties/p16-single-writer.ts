import { violated, type Property } from "./property.ts";

export const singleWriter: Property = {
  id: "P16",
  title: "Single writer",
  statement:
    "Of all processes, threads and callers that open a store for writing, at most one has it open at any time; one that " +
    "has closed it changes nothing in it any more, whatever had failed before; and one that is gone, however it went and " +
    "whatever it left behind, stands in nobody's way.",
  why:
    "Two writers give the same sequences and the same file names to different writes, and each removes the files of the " +
    "other as its own litter: everything is lost at once, and without an error. Locks made of files fail in both " +
    "directions: removed as stale while their owner lives, because a clock jumped or a process id was given again, or in " +
    "the way after every crash until somebody removes them by hand. So this one lives in the kernel, and its protocol, " +
    "which is the hard part, is proved on a model that tries every interleaving, in the tests of fs-io; here it is " +
    "asked of real processes.",
};

/**
 * What those who contend for a store do, in the order in which it happened: each is noted by the contender itself, in one
 * place for all.
 */
export interface Contention {
  readonly who: string;
  /**
   * - `has it`: noted after its opening has resolved.
   * - `gives up`: noted before it closes the store.
   * - `is killed`: noted before it is, and it may do this and that until it is; also of who does not have it.
   * - `counts`, `counted`: it is going to put the next number in the place of the one it has read; it is acknowledged.
   */
  readonly what: "has it" | "gives up" | "is killed" | "counts" | "counted";
  readonly number?: number;
}

/**
 * Nobody has the store while another has it.
 * @throws PropertyViolation
 */
export function mustTakeTurns(contentions: readonly Contention[]): void {
  let holder: string | undefined;
  const doomed = new Set<string>();
  for (const { who, what } of contentions) {
    if (what === "is killed") doomed.add(who);
    if ((what === "gives up" || what === "is killed") && holder === who) holder = undefined;
    if (what !== "has it") continue;
    if (holder !== undefined) violated(singleWriter, `${who} has the store, and ${holder} has not given it up`);
    // From when on one that is killed has it no more, nobody can say.
    if (!doomed.has(who)) holder = who;
  }
}

/**
 * Whoever counts goes on from everything that was acknowledged before: what two writers at once would break, even if each
 * believed to be alone. `found` is the number that is in the store in the end.
 * @throws PropertyViolation
 */
export function mustCountOn(contentions: readonly Contention[], found: number): void {
  // What certainly is in the store, and what may be, as it was put and not acknowledged.
  let certain = 0;
  let possible = 0;
  const check = (read: number, who: string): void => {
    if (read === certain || read === possible) return;
    violated(singleWriter, `${who} finds ${read}, where ${certain} is certain and ${possible} possible`);
  };
  for (const { who, what, number = 0 } of contentions) {
    if (what === "counts") {
      check(number - 1, who);
      certain = number - 1;
      possible = number;
    }
    if (what === "counted") certain = number;
  }
  check(found, "whoever comes last");
}

/**
 * Of those who tried at the same time, none of whom was killed, one has the store, and all others were refused as it is
 * locked. `outcomes` are `"has it"` and error codes.
 * @throws PropertyViolation
 */
export function mustBeOne(outcomes: readonly string[]): void {
  const refused = outcomes.filter((outcome) => outcome === "HASHLOG_LOCKED");
  const winners = outcomes.filter((outcome) => outcome === "has it");
  if (winners.length === 1 && refused.length === outcomes.length - 1) return;
  violated(singleWriter, `${outcomes.length} opened the store at the same time: ${outcomes.join(", ")}`);
}

/**
 * The store opens, at the first attempt, as everybody who had it is gone.
 * @throws PropertyViolation
 */
export async function mustNotStandInTheWay<T>(opening: Promise<T>, whoIsGone: string): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    return violated(singleWriter, `${whoIsGone} is gone, and the store does not open: ${String(error)}`, {
      cause: error,
    });
  }
}

/**
 * Whoever has given the lock back has changed nothing in the directory since.
 * @throws PropertyViolation
 */
export function mustChangeNothingUnlocked(changes: readonly string[], when: string): void {
  if (changes.length > 0) violated(singleWriter, `${when} was followed by ${changes.join(", ")}, without the lock`);
}
