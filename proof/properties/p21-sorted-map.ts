import { countsThatFit, type Obligation } from "../oracle/obligation.ts";
import { complaint } from "./p01-durable-prefix.ts";
import { violated, type Property } from "./property.ts";

export const sortedMap: Property = {
  id: "P21",
  title: "A sorted map with versions",
  statement:
    "Ranges, counts, seeking, snapshots, entries with their versions, and conditional writes answer as a sorted map would " +
    "that did one write after the other in the order of the calls, by the order of the keys' bytes; after a crash, as that " +
    "map after the first k writes. A version is another after each write of a key, and never comes twice; merges, openings " +
    "and crashes do not change it. Who reads beside the writer sees one of the states of that map: none older than before, " +
    "none older than what was acknowledged before it caught up, none that is not acknowledged; and without a writer the one " +
    "that the next writer finds.",
  why:
    "Who takes a lock, a number or a place in a queue with a conditional write relies on it that one of two wins, also when " +
    "both come at once, and also when the machine crashes in between. Who pages through a range relies on it that nothing is " +
    "passed over and nothing comes twice. Who acts on what another process has written relies on it that no crash takes it " +
    "back. All of this is easily almost right.",
};

/** The answer is the one that the model gives. */
export function mustAnswerAs(what: string, answer: unknown, expected: unknown): void {
  const [given, wanted] = [JSON.stringify(answer), JSON.stringify(expected)];
  if (given !== wanted) violated(sortedMap, `${what} answered ${given}, and a sorted map ${wanted}`);
}

/** Whether a write on these conditions was done, or said to be, where it had to be, or must not be. */
export function mustDecideAs(
  isDone: boolean,
  wanted: boolean,
  conditions: readonly ({ readonly key: string; readonly version: number } | undefined)[],
): void {
  if (isDone === wanted) return;
  const words = JSON.stringify(conditions);
  violated(
    sortedMap,
    `a write on ${words} was ${isDone ? "" : "not "}done, and a sorted map would ${wanted ? "" : "not "}do it`,
  );
}

/** After a crash the store is what the map was after some of the writes, no fewer than were acknowledged. */
export function mustBeOneOfMaps(what: string, shown: string, states: readonly string[], acknowledged: number): number {
  const count = states.findIndex((state, index) => index >= acknowledged && state === shown);
  if (count < 0) {
    const possible = states.slice(acknowledged).join(" or ");
    violated(sortedMap, `${what} the store holds ${shown}, and may hold ${possible}`);
  }
  return count;
}

/**
 * One who reads beside the writer shows the state after one of those counts of commits. Returns the least that it may be.
 */
export function mustShowAState(read: ReadonlyMap<string, string>, obligation: Obligation): number {
  const [least] = countsThatFit(obligation, read, obligation.time);
  return least ?? violated(sortedMap, `beside the writer, ${complaint(read, obligation)}`);
}
