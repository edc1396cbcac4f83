/** Something that a program does with its store, and those who take what its feeds give. */
export type FeedStep =
  /** Writes a batch: key, and length of the value, or -1 for a delete. */
  | readonly ["commit", readonly (readonly [number, number])[]]
  | readonly ["compact"]
  /** Merges some of the segments. */
  | readonly ["compact some", number]
  /** Waits until so many microtasks have passed. */
  | readonly ["turns", number]
  /** That consumer opens a feed, unless it has one: where it was left, with the state, or from now on. */
  | readonly ["feed", number, FeedBeginning]
  /** That consumer wants so many changes more. */
  | readonly ["read", number, number]
  | readonly ["leave", number]
  /** Opens a reader beside the store, or closes it. */
  | readonly ["reader"]
  | readonly ["refresh"]
  /** The volume has so many bytes left. */
  | readonly ["full", number]
  /** The next call of that kind finds no room. */
  | readonly ["fault", "sync" | "append"]
  /** There is room again. */
  | readonly ["room"]
  /** The program closes its store, or is killed, or the power is cut; then it opens the store again. */
  | readonly ["close"]
  | readonly ["kill"]
  | readonly ["cut", number];

export type FeedBeginning = "where it was left" | "with the state" | "from now on";

export interface FeedCase {
  readonly sync: "always" | "never";
  readonly segments: number;
  readonly limits: "usual" | "small";
  readonly merging: "usual" | "eager";
  /** Whether the log is read at once, or by calls that take their time, between which other things happen. */
  readonly reading: "at once" | "aside";
  /** Whether there is a reader from the beginning, and again after each power cut. */
  readonly isRead: boolean;
  readonly steps: readonly FeedStep[];
  /** Which waiting call of the file system returns next; then first come, first served. */
  readonly schedule: readonly number[];
}
