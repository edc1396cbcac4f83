import { describeContents } from "../oracle/model.ts";
import { violated, type Property } from "./property.ts";

export const exporting: Property = {
  id: "P25",
  title: "What is exported is there again",
  statement:
    "An export holds the store as of its call, whatever goes on meanwhile; of an import that is cut off the first so many " +
    "entries are there, and all of them, durable, once it has resolved.",
  why:
    "Who moves to another machine, or to another version, has the export and then nothing else. One entry that is missing " +
    "in a million is missed a year later; and an import of which nobody knows how far it came has to be begun again.",
};

/** The export is the store as of its call. */
export function mustExportItsMoment(
  exported: ReadonlyMap<string, string>,
  expected: ReadonlyMap<string, string>,
  entries: number,
): void {
  const isSame = describeContents(exported, Infinity) === describeContents(expected, Infinity);
  if (isSame && entries === expected.size) return;
  const [found, wanted] = [describeContents(exported), describeContents(expected)];
  violated(exporting, `${found} was exported, as ${entries} entries, of ${wanted}`);
}

/** An import has resolved, and says that it has written so many entries. */
export function mustHaveImported(written: number, given: number, missing: readonly unknown[]): void {
  if (written !== given) violated(exporting, `an import of ${given} entries says that it has written ${written}`);
  if (missing.length > 0)
    violated(exporting, `an import has resolved, and ${missing.length} of its commits are not there`);
}

/** Anything else that has to be so of an export, or of what an import has left. */
export function mustHoldOfExports(isSo: boolean, otherwise: string): void {
  if (!isSo) violated(exporting, otherwise);
}
