import type { Mark } from "../marks/marks.ts";
import { totalOf, type Tally } from "./campaign.ts";
import { LEAST } from "./least.ts";
import { partsOf, sizeOfPart, type Agenda } from "./tasks.ts";

/** Of a run of anything: it tried something. */
export function complaintsAboutNothing(tally: Pick<Tally, "parts">): string[] {
  return totalOf(tally).cases === 0 ? ["no case was tried"] : [];
}

/** Of a run of the whole short agenda: the numbers are not less than they were, and every road that has a mark was taken. */
export function complaintsAbout(
  { parts, marksHit }: Pick<Tally, "parts" | "marksHit">,
  marks: readonly Mark[],
): string[] {
  const extent = Object.entries(LEAST).flatMap(([part, least]) => {
    const found = parts.get(part);
    const less = (["cases", "crashes", "images"] as const).filter((what) => (found?.[what] ?? 0) < least[what]);
    return less.map((what) => `${part}: ${found?.[what] ?? 0} ${what}, and there were ${least[what]} at least`);
  });
  const missed = marks.filter(({ name }) => !marksHit.has(name));
  return [...extent, ...missed.map(({ name, path, line }) => `not passed: ${name} (${path}:${line})`)];
}

/** What of an agenda was left out for want of time: parts that were not reached, and those that were not finished. */
export function leftOut({ parts }: Pick<Tally, "parts">, agenda: Agenda): string[] {
  const wanted = partsOf(agenda.extent).filter((part) => agenda.parts?.includes(part) ?? true);
  return wanted.flatMap((part) => {
    const cases = parts.get(part)?.cases ?? 0;
    if (cases === 0) return [`not reached in that time: ${part}`];
    const size = sizeOfPart(part, agenda);
    return size === Infinity || cases >= size ? [] : [`not finished in that time: ${part} (${cases} of ${size})`];
  });
}
