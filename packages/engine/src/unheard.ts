/** The same promise: that a write failed which nobody awaits must not bring the process down. */
export function unheard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
