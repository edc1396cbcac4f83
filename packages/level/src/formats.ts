import { utf8 } from "@hashlog/engine";
import { LevelError, type LevelErrorCode } from "./level-error.ts";

/**
 * The three forms in which abstract-level hands over what its encodings made, and takes back what they read. All of them are
 * the same bytes in the store, so that a key that was put as a string is found as a buffer.
 */
export type Format = "utf8" | "buffer" | "view";

/** A key or a value in one of the formats. */
export type Encoded = string | Uint8Array;

/** What the store takes, in bytes. */
const KEY_BYTES_MAX = 65_535;

// What others wrote as bytes and somebody reads as text is shown as far as it is text, as in every other Level.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** @throws LevelError `LEVEL_INVALID_KEY` */
export function keyBytes(key: Encoded): Uint8Array {
  const bytes = toBytes(key, "LEVEL_INVALID_KEY");
  if (bytes.length <= KEY_BYTES_MAX) return bytes;
  throw new LevelError("LEVEL_INVALID_KEY", `a key of ${bytes.length} bytes is longer than ${KEY_BYTES_MAX}`);
}

/** @throws LevelError `LEVEL_INVALID_VALUE` */
export function valueBytes(value: Encoded): Uint8Array {
  return toBytes(value, "LEVEL_INVALID_VALUE");
}

/** The bytes in the format that is asked for: without copying them where that is one of bytes. */
export function fromBytes(bytes: Uint8Array, format: Format): Encoded {
  if (format === "utf8") return decoder.decode(bytes);
  return format === "buffer" ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) : bytes;
}

function toBytes(encoded: Encoded, code: LevelErrorCode): Uint8Array {
  if (typeof encoded !== "string") return encoded;
  try {
    return utf8.encode(encoded);
  } catch (error) {
    // A lone surrogate: made into U+FFFD, as other Levels do, two keys would be one.
    throw new LevelError(code, (error as Error).message, error);
  }
}
