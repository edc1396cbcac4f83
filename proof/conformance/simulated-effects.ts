import type { MicroOperation, SimulatedDisk } from "@hashlog/fs-io/testing";

/**
 * What was done to a simulated disk, in the words of `tellingNodeFs`. An append, which the disk takes page by page so
 * that a crash may come between two of them, is told as the one that it is.
 */
export function effectsOn(disk: SimulatedDisk, tell: (effect: string, path: string) => void): void {
  let pages = 0;
  for (const [index, event] of disk.trace.entries()) {
    if (event.type !== "step") continue;
    const { operation } = event;
    if (operation.kind !== "append") {
      tell(effectOf(operation), "path" in operation ? operation.path : "");
      continue;
    }
    pages += operation.bytes;
    const next = disk.trace[index + 1];
    if (next?.type === "step" && next.operation.kind === "append") continue;
    tell(`append ${pages}`, operation.path);
    pages = 0;
  }
}

function effectOf(operation: Exclude<MicroOperation, { kind: "append" }>): string {
  if (operation.kind !== "link") return operation.kind;
  if (operation.made === undefined) return "link";
  return operation.made === "file" ? "create" : "makeDirectory";
}
