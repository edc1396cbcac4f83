import { totalOf, type PartTally, type Tally } from "./campaign.ts";
import type { Told } from "./messages.ts";

/** A campaign as a file: what was run, on which code, and what was found. */
export interface CampaignReport extends Omit<Tally, "parts" | "marksHit"> {
  /** `hashOfSources` of the code that was run. */
  readonly sources: string;
  /** Which commit that was; `undefined` where there was more, or less, than was committed, or no git. */
  readonly commit: string | undefined;
  /** The version of Node that it ran on. */
  readonly node: string;
  readonly freshSeed: number;
  /** What is less than it was, and which marks were not passed; asked only of a whole run in which nothing was found. */
  readonly complaints: readonly string[];
  readonly parts: Readonly<Record<string, PartTally>>;
  readonly total: PartTally;
  readonly marksHit: readonly string[];
}

/** Where a campaign is, in one line. */
export function progressLine(tally: Tally): string {
  const { cases, crashes, images } = totalOf(tally);
  const rate = Math.round(images / Math.max(tally.cpuSeconds, 0.001));
  const parts = [
    clock(tally.seconds),
    `${grouped(cases)} cases`,
    `${grouped(crashes)} crashes`,
    `${grouped(images)} unique images (${grouped(rate)} a second of processor time)`,
    ...(tally.marksHit.size > 0 ? [`marks ${tally.marksHit.size}/${tally.marks}`] : []),
  ];
  return parts.join("  ");
}

/** All of it, part by part. */
export function describeTally(tally: Tally): string {
  const rows = [...tally.parts].map(([part, { cases, crashes, images }]) => row(part, cases, crashes, images));
  const { cases, crashes, images } = totalOf(tally);
  const head = `${"".padEnd(22)}${["cases", "crashes", "new images"].map((word) => word.padStart(12)).join("")}`;
  return ["", head, ...rows, row("in all", cases, crashes, images)].join("\n");
}

/** What was found, in words that end with how to go on; `undefined` if nothing was. */
export function describeFound({ counterexamples, broken }: Tally): string | undefined {
  const found = counterexamples.map(({ part, found: first, small }) => {
    const other = first.property === small.property ? "" : ", and it breaks another property";
    return (
      `\nFOUND in ${part}: ${first.message}\n${howToReplay(first)}\n\n` +
      `as small as it could be made${other}: ${small.message}\n${howToReplay(small)}`
    );
  });
  // Where something was found, others may have stumbled over the same.
  if (found.length > 0) return found.join("\n");
  return broken.length === 0 ? undefined : broken.map((why) => `BROKEN: ${why}`).join("\n");
}

function howToReplay({ case: given }: Told): string {
  return `to be told what happens: npm run proof:replay -- '${JSON.stringify(given)}'`;
}

function row(part: string, ...numbers: readonly number[]): string {
  return part.padEnd(22) + numbers.map((number) => grouped(number).padStart(12)).join("");
}

/** 1234567 as 1,234,567. */
export function grouped(number: number): string {
  return number.toLocaleString("en-US");
}

function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${String(Math.floor(whole / 60)).padStart(2, "0")}:${String(whole % 60).padStart(2, "0")}`;
}
