import type { Codec } from "./codecs.ts";
import { describeType } from "./describe-type.ts";
import { HashlogError } from "./errors.ts";

type Decodes<T> = Pick<Codec<T>, "decode">;

/** Of what a store holds, by the codecs that it was opened with. */
export interface Decoders<K, V> {
  readonly keys: Decodes<K>;
  readonly values: Decodes<V>;
}

/**
 * The value of `key`, as the caller gave that. Where the codec says that the bytes are none of its own, whoever reads many
 * entries is told which one it is; any other error of a codec is handed on as it is.
 */
export function decodeValueOf<V>(values: Decodes<V>, content: Uint8Array, key: unknown): V {
  try {
    return values.decode(content);
  } catch (error) {
    throw withKey(error, "the value of ", key);
  }
}

/** The value of the key that has these bytes. */
export function decodeValue<K, V>({ keys, values }: Decoders<K, V>, content: Uint8Array, key: Uint8Array): V {
  try {
    return values.decode(content);
  } catch (error) {
    throw withKey(error, "the value of ", decodedIfPossible(keys, key));
  }
}

/** The key that has these bytes, which an error tells in its place. */
export function decodeKey<K>(keys: Decodes<K>, key: Uint8Array): K {
  try {
    return keys.decode(key);
  } catch (error) {
    throw withKey(error, "the key ", key);
  }
}

function withKey(error: unknown, what: string, key: unknown): unknown {
  if (!HashlogError.is(error) || error.code !== "HASHLOG_INVALID_ARGUMENT") return error;
  const { expected, actual, cause } = error;
  return new HashlogError(error.code, `${what}${wordsOfKey(key)}: ${error.message}`, { key, expected, actual, cause });
}

function decodedIfPossible<K>(keys: Decodes<K>, key: Uint8Array): K | Uint8Array {
  try {
    return keys.decode(key);
  } catch {
    return key;
  }
}

function wordsOfKey(key: unknown): string {
  if (typeof key === "string") return `${JSON.stringify(key.slice(0, TEXT_MAX))}${key.length > TEXT_MAX ? "..." : ""}`;
  if (typeof key === "number") return String(key);
  // Of what is no view nothing is asked: it is somebody's own, and may throw.
  if (!ArrayBuffer.isView(key) || !(key instanceof Uint8Array)) return describeType(key);
  const hex = Array.from(key.subarray(0, BYTES_MAX), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `0x${hex}${key.length > BYTES_MAX ? "..." : ""}`;
}

// A key has up to 65,535 bytes, and a message is for people.
const TEXT_MAX = 60;
const BYTES_MAX = 30;
