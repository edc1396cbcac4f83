import { violated, type Property } from "./property.ts";

export const changeFeed: Property = {
  id: "P23",
  title: "A feed is the log",
  statement:
    "A feed delivers every committed write behind its beginning once, in the order of the log, and nothing else: none that " +
    "waits or was refused, and none that a crash can take back beyond the sync policy. One that begins with the state gives " +
    "the state of one moment, and then the log from that moment. Merges, full segments, a full volume, openings and crashes " +
    "change nothing: with the `resume` of the last change that was dealt with another feed goes on right behind it. Where " +
    "merges have taken out of the log what is asked for, that is told, never passed over; a feed that is open keeps what it " +
    "needs, and a reader's keeps what that reader has seen.",
  why:
    "Whoever keeps a second index, a cache or another store by a feed has no other way to find out what it has missed: a " +
    "write that is passed over is missing for ever, one that is given twice is counted twice, and one that the store has " +
    "refused or lost is in the copy and nowhere else.",
};

/** What was delivered is what comes next in the log. */
export function mustBeNext(who: string, given: unknown, expected: unknown): void {
  const [left, right] = [JSON.stringify(given), JSON.stringify(expected)];
  if (left !== right) violated(changeFeed, `${who} was given ${left}, and next in the log is ${right ?? "nothing"}`);
}

/** Nothing is left for one who waits. */
export function mustHaveEverything(who: string, left: unknown): void {
  if (left !== undefined) violated(changeFeed, `${who} waits, and was not given ${JSON.stringify(left)}`);
}

/** Anything else that has to be so of a feed. */
export function mustHoldOfFeed(isSo: boolean, who: string, what: string): void {
  if (!isSo) violated(changeFeed, `it is not so that ${who} ${what}`);
}
