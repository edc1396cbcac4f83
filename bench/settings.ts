import { parseArgs } from "node:util";

/** What a program measures with: whole numbers, each with a default and a least. */
export type Settings<Name extends string> = Readonly<Record<Name, number>>;

/** One of them. */
export interface Setting {
  readonly usual: number;
  readonly least: number;
  readonly what: string;
}

/**
 * Reads `--name number` of the command line, and prints what is measured with. What is wrong ends the program with a line
 * that says how it is called.
 */
export function settings<Name extends string>(wanted: Readonly<Record<Name, Setting>>): Settings<Name> {
  try {
    const numbers = numbersFrom(process.argv.slice(2), wanted);
    const told = Object.entries<number>(numbers).map(([name, value]) => `${name} ${value}`);
    console.log(`${told.join(", ")}; Node ${process.versions.node}`);
    return numbers;
  } catch (error) {
    console.error((error as Error).message);
    for (const [name, { usual, least, what }] of Object.entries<Setting>(wanted)) {
      console.error(`  --${name.padEnd(12)} ${what}, at least ${least} (${usual})`);
    }
    process.exit(1);
  }
}

function numbersFrom<Name extends string>(
  given: string[],
  wanted: Readonly<Record<Name, Setting>>,
): Record<Name, number> {
  const names = Object.keys(wanted) as Name[];
  const options = Object.fromEntries(names.map((name) => [name, { type: "string" as const }]));
  const { values } = parseArgs({ args: given, options });
  const numbers = names.map((name) => {
    const { usual, least } = wanted[name];
    const number = values[name] === undefined ? usual : Number(values[name]);
    if (!Number.isInteger(number) || number < least) throw new Error(`--${name} ${values[name]} will not do`);
    return [name, number] as const;
  });
  return Object.fromEntries(numbers) as Record<Name, number>;
}
