import { HashlogError } from "./errors.ts";

/**
 * As the promise, but no later than the signal's abortion: whoever waits for a stream cannot know whether it will ever go on.
 * @throws HashlogError `HASHLOG_ABORTED`
 */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined, doing: string): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => {
      reject(new HashlogError("HASHLOG_ABORTED", `${doing} was cancelled`, { cause: signal.reason }));
    };
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
