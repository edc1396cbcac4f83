/** How the soak is called. */
import { parseArgs } from "node:util";
import { wholeNumber } from "../command-line.ts";

/** Which of the two stores. */
export type StoreName = "small" | "large";
/** How a soak's writes are made durable. */
export type Sync = "never" | "interval" | "always";

/** The large store takes longer to come to rest. */
const SHARE_OF_MINUTES: Readonly<Record<StoreName, number>> = { small: 0.4, large: 0.6 };

/** What is run. */
export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly sync: Sync;
  readonly stores: readonly { readonly name: StoreName; readonly liveBytes: number; readonly seconds: number }[];
  /** The folder that the results go to, or `undefined` for the usual one. */
  readonly results: string | undefined;
}

/** Printed by `--help`, and where the command line is wrong. */
export const USAGE: string = `npm run soak -- [options]
  --minutes    for both stores together, 0.4 of them for the small one; filling them comes on top (30)
  --only       small or large: one store, which then has all the minutes
  --small-mb   MiB of live records of the small store (10)
  --large-mb   and of the large one (2048)
  --sync       never, interval (100 ms) or always (never)
  --seed       the same seed, the same operations in the same order (1)
  --results    the folder for soak.json, soak.md and the figures (bench/results)
  --help       this`;

/** @throws Error in words for the user. */
export function parseOptions(args: readonly string[]): SoakOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: "string", default: "30" },
      only: { type: "string" },
      "small-mb": { type: "string", default: "10" },
      "large-mb": { type: "string", default: "2048" },
      sync: { type: "string", default: "never" },
      seed: { type: "string", default: "1" },
      results: { type: "string" },
    },
  });
  const minutes = above("minutes", values.minutes);
  const only = values.only === undefined ? undefined : oneOf("only", values.only, ["small", "large"] as const);
  const stores = (["small", "large"] as const)
    .filter((name) => only === undefined || name === only)
    .map((name) => ({
      name,
      liveBytes: above(`${name}-mb`, values[`${name}-mb`]) * MIB,
      seconds: 60 * minutes * (only === undefined ? SHARE_OF_MINUTES[name] : 1),
    }));
  return {
    minutes,
    seed: wholeNumber("seed", values.seed, 0),
    sync: oneOf("sync", values.sync, ["never", "interval", "always"] as const),
    stores,
    results: values.results,
  };
}

/** The command that runs the same again, whatever the defaults are by then. Where results go is nobody else's business. */
export function commandOf({ minutes, stores, sync, seed }: SoakOptions): string {
  const sizes = stores.map(({ name, liveBytes }) => `--${name}-mb ${liveBytes / MIB}`);
  const only = stores.length === 1 ? ` --only ${stores[0]!.name}` : "";
  return `npm run soak -- --minutes ${minutes}${only} ${sizes.join(" ")} --sync ${sync} --seed ${seed}`;
}

const MIB = 2 ** 20;

function above(name: string, value: string): number {
  const number = Number(value);
  if (!Number.isFinite(number) || number <= 0) throw new Error(`--${name} ${value} is not a number above 0`);
  return number;
}

function oneOf<Choice extends string>(name: string, value: string, choices: readonly Choice[]): Choice {
  const choice = choices.find((choice) => choice === value);
  if (choice === undefined) throw new Error(`--${name} ${value} is none of ${choices.join(", ")}`);
  return choice;
}
