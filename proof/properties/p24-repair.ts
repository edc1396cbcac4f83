import type { Finding, RepairReport } from "@hashlog/engine";
import { violated, type Property } from "./property.ts";

export const repairing: Property = {
  id: "P24",
  title: "A repair loses nothing that is whole, and tells what is lost",
  statement:
    "Whatever is damaged: `verify` tells of it, and changes nothing; after `repair` the store opens, every record of which " +
    "no byte was damaged is there, every key that is not as it was stands on the list, files that were whole are as they " +
    "were, and there is nothing more to repair. Where nothing is damaged nothing is found, whatever goes on meanwhile, and " +
    "nothing repaired.",
  why:
    "Whoever repairs has one chance. A tool that drops a file for one bad byte has lost more than the disk did; one that says " +
    "nothing of what is gone leaves its user to believe what is left. And one that finds damage where there is none makes " +
    "somebody repair what was whole.",
};

/** Nothing is wrong with the store. `forgives`: caches of it were spoilt before, and may be still. */
export function mustFindNothing(findings: readonly Finding[], when: string, { forgives = false } = {}): void {
  const wrong = findings.find(({ harmless }) => !(forgives && harmless));
  if (wrong !== undefined) violated(repairing, `${when}, ${wrong.subject}: ${wrong.what}`);
}

/** A store that was closed, and of which nothing was spoilt but caches, was repaired. */
export function mustHaveNothingToMend(report: RepairReport, how: { readonly forgives: boolean }): void {
  mustFindNothing(report.findings, "repaired", how);
  const { changed, lost, mayBeLost, manifestRebuilt, tornTail } = report;
  if (lost.length + mayBeLost.length > 0) violated(repairing, "a repair of what is sound says that something is lost");
  if (manifestRebuilt) violated(repairing, "a repair of what is sound made the manifest anew");
  if (tornTail !== undefined) violated(repairing, "a repair of a store that was closed finds a torn tail");
  if (changed && report.findings.length === 0) violated(repairing, "a repair found nothing, and changed something");
}

/** Anything else that has to be so of a repair, and of what verifying says. */
export function mustHoldOfRepair(isSo: boolean, otherwise: string): asserts isSo {
  if (!isSo) violated(repairing, otherwise);
}
