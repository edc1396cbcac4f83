export const USAGE = `npm run runtimes -- [RUNTIME...]

Runs the built packages' checks on the runtimes of runtimes/programs/package.json, or on those that are named. "here" is the
Node that npm runs on: for it nothing has to be installed.`;

/** The Node that npm runs on. */
export const HERE = "here";

/**
 * Which runtimes are asked for: all that are known where none is named.
 * @throws Error in words for the user for one that there is not
 */
export function readOptions(args: readonly string[], known: readonly string[]): readonly string[] | "help" {
  if (args.includes("--help") || args.includes("-h")) return "help";
  for (const name of args) {
    if (name !== HERE && !known.includes(name)) {
      throw new Error(`there is no runtime ${JSON.stringify(name)}; there are ${[...known, HERE].join(", ")}`);
    }
  }
  return args.length === 0 ? known : [...new Set(args)];
}
