import { parseArgs } from "node:util";

export interface Options {
  /** Leave the store where it is. */
  readonly keep: boolean;
  /** What the random choices come from. */
  readonly seed: number;
  /** How long files are read at most. */
  readonly seconds: number;
}

/** Ends the program with a sentence if the command line makes no sense. */
export function readOptions(): Options {
  try {
    const { values } = parseArgs({
      options: {
        keep: { type: "boolean", default: false },
        seed: { type: "string", default: String(Date.now() % 1_000_000) },
        seconds: { type: "string", default: "15" },
      },
    });
    return { keep: values.keep, seed: number("seed", values.seed), seconds: number("seconds", values.seconds) };
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  }
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0)
    throw new Error(`--${name} takes a number, not "${text}"`);
  return value;
}
