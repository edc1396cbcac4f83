import { type Codec, HashlogError, json, utf8 } from "@hashlog/engine";

/**
 * What Keyv hands to a store: strings as a rule, bytes where a compression makes them, and anything that has a JSON form where
 * it was told to serialize nothing. Each comes back as what it was: a byte in front of it tells.
 */
export const keyvValues: Codec<unknown> = {
  name: "keyv",
  encode(value) {
    if (typeof value === "string") return tagged(TEXT, utf8.encode(value));
    if (value instanceof Uint8Array) return tagged(BYTES, value);
    return tagged(OTHER, anything.encode(value));
  },
  decode(bytes) {
    const content = bytes.subarray(1);
    if (bytes[0] === TEXT) return utf8.decode(content);
    if (bytes[0] === BYTES) return Buffer.from(content.buffer, content.byteOffset, content.byteLength);
    if (bytes[0] === OTHER) return anything.decode(content);
    throw new HashlogError("HASHLOG_NOT_SUPPORTED", "the value was not written by @hashlog/keyv", { actual: bytes[0] });
  },
};

const TEXT = 1;
const BYTES = 2;
const OTHER = 3;

const anything = json<unknown>();

function tagged(tag: number, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + content.length);
  bytes[0] = tag;
  bytes.set(content, 1);
  return bytes;
}
