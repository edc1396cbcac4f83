/** What every method of the interface takes: once the signal is aborted, it rejects with the reason of that. */
export interface AbortOptions {
  readonly signal?: AbortSignal;
}

/** An error class of interface-store. */
export type FailedError = new (message: string) => Error;

/** Does it, unless the signal was aborted; what it fails with otherwise becomes the cause of one of interface-store's errors. */
export async function attempt<T>(
  Failed: FailedError,
  options: AbortOptions | undefined,
  work: () => Promise<T>,
): Promise<T> {
  options?.signal?.throwIfAborted();
  try {
    return await work();
  } catch (error) {
    // Also where whoever gives a block piece by piece heeds the signal, and gives up for it.
    throw options?.signal?.aborted === true && error === options.signal.reason ? error : failed(Failed, error);
  }
}

/** The error of interface-store for what the store threw. */
export function failed(Failed: FailedError, cause: unknown): Error {
  const error = new Failed(cause instanceof Error ? cause.message : String(cause));
  // Their constructors take no cause.
  error.cause = cause;
  return error;
}
