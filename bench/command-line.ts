/** What all programs of this folder have in common in how they are called. */

/**
 * Reads the command line of this process. `--help` prints how the program is called and ends it, and so does what is wrong, after
 * a line that says what.
 */
export function fromCommandLine<Options>(usage: string, parse: (args: readonly string[]) => Options): Options {
  const args = process.argv.slice(2);
  if (args.includes("--help") || args.includes("-h")) {
    console.log(usage);
    process.exit(0);
  }
  try {
    return parse(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`);
    process.exit(1);
  }
}

/** @throws Error in words for the user, where it is no whole number or out of range */
export function wholeNumber(
  name: string,
  given: string,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  const number = Number(given);
  if (given.trim() === "" || !Number.isSafeInteger(number) || number < least || number > most) {
    const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
    throw new Error(`--${name} ${given} is not an integer ${range}`);
  }
  return number;
}
