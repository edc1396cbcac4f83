import type { Readable } from "node:stream";
import { Complaint } from "./complaint.ts";
import { EXIT } from "./exit-codes.ts";
import { number } from "./words.ts";

/** More fits into no segment: what never ends is not to be read until memory does. */
const VALUE_BYTES_MOST = 2 ** 32 - 1;

/**
 * Everything that a stream gives.
 * @throws Complaint if the signal is aborted meanwhile, and for more than `bytesMost`
 */
export async function readAll(
  stream: Readable,
  signal: AbortSignal,
  bytesMost: number = VALUE_BYTES_MOST,
): Promise<Uint8Array> {
  const interrupted = (): Complaint => new Complaint("reading was cancelled", EXIT.interrupted, "CLI_INTERRUPTED");
  if (signal.aborted) throw interrupted();
  let onAbort = (): void => undefined;
  // A pipe that nobody writes to yet is being opened, and does not hear that it is given up.
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      stream.destroy(interrupted());
      reject(interrupted());
    };
  });
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([chunksOf(stream, bytesMost), aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

async function chunksOf(stream: Readable, bytesMost: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    const part = typeof chunk === "string" ? Buffer.from(chunk) : (chunk as Uint8Array);
    bytes += part.length;
    if (bytes > bytesMost) throw new Complaint(`a value has at most ${number(bytesMost)} bytes, and there are more`);
    chunks.push(part);
  }
  return Buffer.concat(chunks);
}
