import { parseArgs } from "node:util";
import { fromCommandLine, wholeNumber } from "./command-line.ts";

/** What a program measures with: whole numbers, each with a default and a least. */
export type Settings<Name extends string> = Readonly<Record<Name, number>>;

/** One of them. */
export interface Setting {
  readonly usual: number;
  readonly least: number;
  readonly what: string;
}

/** Reads `--name number` of the command line of `npm run COMMAND`, and prints what is measured with. */
export function settings<Name extends string>(
  command: string,
  wanted: Readonly<Record<Name, Setting>>,
): Settings<Name> {
  const numbers = fromCommandLine(usageOf(command, wanted), (args) => numbersFrom(args, wanted));
  const told = Object.entries<number>(numbers).map(([name, value]) => `${name} ${value}`);
  console.log(`${told.join(", ")}; Node ${process.versions.node}`);
  return numbers;
}

function usageOf(command: string, wanted: Readonly<Record<string, Setting>>): string {
  const lines = Object.entries(wanted).map(
    ([name, { usual, least, what }]) => `  --${name.padEnd(12)} ${what}, at least ${least} (${usual})`,
  );
  return [`npm run ${command} -- [options]`, ...lines, "  --help         this"].join("\n");
}

/** @throws Error in words for the user */
export function numbersFrom<Name extends string>(
  given: readonly string[],
  wanted: Readonly<Record<Name, Setting>>,
): Settings<Name> {
  const names = Object.keys(wanted) as Name[];
  const options = Object.fromEntries(names.map((name) => [name, { type: "string" as const }]));
  const { values } = parseArgs({ args: [...given], options });
  const numbers = names.map((name) => {
    const { usual, least } = wanted[name];
    const value = values[name];
    return [name, value === undefined ? usual : wholeNumber(name, value, least)] as const;
  });
  return Object.fromEntries(numbers) as Record<Name, number>;
}
