import { hashImage, type CrashPoint, type PendingUnit } from "@hashlog/fs-io/testing";

/**
 * What a machine on which only the process died has still to lose, in a line: two disks that show the same, and of which
 * this is the same, fare alike whatever comes next.
 *
 * What a power cut would leave at least is not enough to tell. Of a file without a durable name the bytes may be durable
 * or not; bytes that wait for a sync can still be saved, while those whose sync failed are lost whatever is done; and a
 * file of which a sync has lied fails at its next one.
 */
export function stillToLose(point: CrashPoint): string {
  const certain = hashImage(point.image([], "drop-all"));
  return `${certain} ${point.units.map(describeUnit).join()} ${[...filesThatOwe(point)].join()}`;
}

function describeUnit({ kind, logged: { object, operation }, standing, from, to }: PendingUnit): string {
  const entry = operation.kind === "append" ? "" : `${operation.kind} ${operation.path}`;
  return `${kind} ${object} ${from} ${to} ${standing} ${entry}`;
}

/** Files whose last sync went well for all that its caller was told, and did not. */
function filesThatOwe({ recording, ordinal }: CrashPoint): ReadonlySet<number> {
  const owing = new Set<number>();
  for (let step = 0; step < ordinal; step += 1) {
    const operation = recording.operations[step]!;
    if (operation.kind === "power-cut") owing.clear();
    else if (operation.kind === "sync-late") owing.add(operation.target);
    else if ("target" in operation && operation.kind.startsWith("sync")) owing.delete(operation.target);
  }
  return owing;
}
