import { COLOURS } from "../colours.ts";

const [BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, GREY] = COLOURS as [
  string,
  string,
  string,
  string,
  string,
  string,
  string,
];

const BY_STORE: Readonly<Record<string, string>> = {
  hashlog: BLUE,
  "hashlog cache off": SKY,
  lmdb: VERMILION,
  "classic-level": GREEN,
  "node:sqlite": PURPLE,
  medea: ORANGE,
};

/** The same in all figures, whoever takes part; what is no store is grey. */
export function colourOf(entrant: string): string {
  return BY_STORE[entrant] ?? GREY;
}
