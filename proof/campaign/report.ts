import type { Tally } from "./campaign.ts";

/** A campaign as a file: what was run, on which code, and what was found. */
export interface CampaignReport extends Omit<Tally, "cases" | "marksHit"> {
  /** `hashOfSources` of the code that was run. */
  readonly sources: string;
  readonly freshSeed: number;
  readonly cases: Readonly<Record<string, number>>;
  readonly marksHit: number;
}

/** Where a campaign is, in one line. */
export function progressLine(tally: Tally): string {
  const rate = Math.round(tally.images / tally.seconds / tally.workers);
  const parts = [
    clock(tally.seconds),
    `${grouped(sum(tally.cases))} cases`,
    `${grouped(tally.crashes)} crashes`,
    `${grouped(tally.images)} unique images (${grouped(rate)} a second and worker)`,
    `marks ${tally.marksHit.size}/${tally.marks}`,
  ];
  return parts.join("  ");
}

/** All of it, and the counterexamples as they are to be replayed. */
export function describeTally(tally: Tally): string {
  const cases = [...tally.cases].map(([part, count]) => `  ${part.padEnd(20)} ${grouped(count).padStart(9)} cases`);
  const found = tally.counterexamples.map(
    ({ part, found: first, case: small, message }) =>
      `\nFOUND in ${part}: ${first}\n\nas small as it could be made: ${message}\n${JSON.stringify(small)}\n` +
      `to be told what happens: npm run proof:replay -- '${JSON.stringify(small)}'`,
  );
  return ["", progressLine(tally), ...cases, ...found, ...tally.broken.map((why) => `BROKEN: ${why}`)].join("\n");
}

/** 1234567 as 1,234,567. */
export function grouped(number: number): string {
  return number.toLocaleString("en-US");
}

function sum(cases: ReadonlyMap<string, number>): number {
  return [...cases.values()].reduce((total, count) => total + count, 0);
}

function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${String(Math.floor(whole / 60)).padStart(2, "0")}:${String(whole % 60).padStart(2, "0")}`;
}
