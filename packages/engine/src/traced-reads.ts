import type { RecordLocation } from "@hashlog/index";
import { TRACES, type GetTrace } from "./tracing.ts";

/** Reads of which somebody is told: to be called only while `TRACES.get.isOn`, or `TRACES.getMany.isOn`. */

/** Traces a read at once; `location` is where it looks up its key. */
export function traceSync<T>(
  trace: GetTrace,
  location: Readonly<RecordLocation>,
  read: () => T | undefined,
): T | undefined {
  return TRACES.get.sync(trace, read, (value) => note(trace, value !== undefined, location.valueBytes));
}

/** Traces a read that gives a promise. */
export function tracePromise<T>(
  trace: GetTrace,
  location: Readonly<RecordLocation>,
  read: () => Promise<T | undefined>,
): Promise<T | undefined> {
  let valueBytes = 0;
  const readAndLook = (): Promise<T | undefined> => {
    const promise = read();
    // It has been looked up by now, and others will be before the promise settles.
    ({ valueBytes } = location);
    return promise;
  };
  return TRACES.get.promise(trace, readAndLook, (value) => note(trace, value !== undefined, valueBytes));
}

/** Traces the reading of many. */
export function traceMany<T>(
  directory: string,
  keys: unknown,
  read: () => Promise<(T | undefined)[]>,
): Promise<(T | undefined)[]> {
  const trace = { directory, keys };
  return TRACES.getMany.promise(trace, read, (values) => {
    Object.assign(trace, { found: values.filter((value) => value !== undefined).length });
  });
}

function note(trace: GetTrace, found: boolean, valueBytes: number): void {
  trace.found = found;
  if (found) trace.valueBytes = valueBytes;
}
