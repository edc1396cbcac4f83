import { TRACES, type BatchTrace, type Trace, type TraceContext } from "./tracing.ts";

/** Writes of which somebody is told: to be called only while their trace `isOn`. */

/** Traces a write. */
export function traceWrite<Context extends TraceContext & { done?: boolean }>(
  trace: Trace<Context>,
  context: Context,
  write: () => Promise<boolean>,
): Promise<boolean> {
  return trace.promise(context, write, (done) => {
    context.done = done;
  });
}

/** Traces a batch. */
export function traceBatch(directory: string, operations: unknown, write: () => Promise<boolean>): Promise<boolean> {
  // Types are only for those who use them.
  const context: BatchTrace = { directory, operations: Array.isArray(operations) ? operations.length : 0 };
  return traceWrite(TRACES.batch, context, write);
}
