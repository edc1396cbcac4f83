import type { TraceEvent } from "@hashlog/fs-io/testing";

/** Calls of the file system around a step. */
export interface CallsAt {
  /** The one that took the step. `undefined` if none did: before the first step, and where the machine did. */
  readonly last: string | undefined;
  /** Others that had begun by then, and not returned. */
  readonly underWay: readonly string[];
}

/** Steps of the machine's own. */
const NO_CALLS: ReadonlySet<string> = new Set(["power-cut", "evict"]);

/** Which calls a crash meets that comes right after a disk's first `ordinal` steps. */
export function callsAt(trace: readonly TraceEvent[], ordinal: number): CallsAt {
  const underWay = new Map<number, string>();
  let isTaken = false;
  for (const event of trace) {
    if (event.type === "kill") underWay.clear();
    if (event.type === "call") underWay.set(event.call, `${event.operation} ${event.path}`);
    if (event.type === "step" && event.ordinal + 1 === ordinal) isTaken = !NO_CALLS.has(event.operation.kind);
    if (event.type !== "return") continue;
    const last = underWay.get(event.call);
    underWay.delete(event.call);
    // A call takes its steps, and returns, with nothing between.
    if (isTaken) return { last, underWay: [...underWay.values()] };
  }
  return { last: undefined, underWay: [] };
}
