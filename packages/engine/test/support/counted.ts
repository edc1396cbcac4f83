/**
 * Values that tell on themselves: each says whose it is and the how-manieth of its key, and has a checksum.
 *
 *     "key 7|1204|xxxxxxxx...|9a3c..."
 */
import { crc32 } from "@hashlog/format";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The value of that key for the how-manieth time. */
export function countedValue(key: string, count: number): Uint8Array {
  const text = `${key}|${count}|${"x".repeat((count * 37) % 200)}`;
  return encoder.encode(`${text}|${checksum(text)}`);
}

/** The how-manieth value it is of that key; throws if it is no value of that key. */
export function countOf(key: string, value: Uint8Array): number {
  const content = decoder.decode(value);
  const end = content.lastIndexOf("|");
  const [name, count] = content.split("|");
  if (name !== key || content.slice(end + 1) !== checksum(content.slice(0, end))) {
    throw new Error(`${key} has a value that was never written: ${content}`);
  }
  return Number(count);
}

function checksum(text: string): string {
  const bytes = encoder.encode(text);
  return crc32(bytes, 0, bytes.length).toString(16);
}
