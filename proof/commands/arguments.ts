/** The words of one who asked for something that there is not. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** What an option says that takes a number above 0; `undefined` where it was not given. @throws UsageError */
export function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text !== "" && Number.isFinite(value) && value > 0) return value;
  throw new UsageError(`--${name} needs a number above 0, not ${JSON.stringify(text)}`);
}

/** As `positive`, for an option that takes no fraction. @throws UsageError */
export function whole(name: string, text: string | undefined): number | undefined {
  const value = positive(name, text);
  if (value === undefined || Number.isSafeInteger(value)) return value;
  throw new UsageError(`--${name} needs a whole number, not ${JSON.stringify(text)}`);
}

/** `parse`, the complaint of which is one about the arguments. @throws UsageError */
export function parsed<Values>(parse: () => Values): Values {
  try {
    return parse();
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/**
 * What `main` returns. Of arguments that were wrong it says so, and what would have been right, and returns 2.
 */
export async function answering(usage: string, main: () => number | Promise<number>): Promise<number> {
  try {
    return await main();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${usage}`);
    return 2;
  }
}
