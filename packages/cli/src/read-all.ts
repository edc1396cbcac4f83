import type { Readable } from "node:stream";
import { Complaint } from "./complaint.ts";
import { EXIT } from "./exit-codes.ts";

/**
 * Everything that a stream gives.
 * @throws Complaint if the signal is aborted meanwhile
 */
export async function readAll(stream: Readable, signal: AbortSignal): Promise<Uint8Array> {
  const interrupted = (): Complaint => new Complaint("reading was cancelled", EXIT.interrupted, "CLI_INTERRUPTED");
  if (signal.aborted) throw interrupted();
  const onAbort = (): void => void stream.destroy(interrupted());
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const chunks: Uint8Array[] = [];
    for await (const chunk of stream)
      chunks.push(typeof chunk === "string" ? Buffer.from(chunk) : (chunk as Uint8Array));
    return Buffer.concat(chunks);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
