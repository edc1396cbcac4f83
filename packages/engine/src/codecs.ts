import { describeType } from "./describe-type.ts";
import { invalidArgument } from "./errors.ts";

/**
 * How keys and values become bytes. A codec is synchronous, and remembers nothing of what it did before; it runs before
 * anything is reserved in the log, so one that throws, or that calls the store, does no harm. Keys are told apart, and put in
 * order, by their bytes: for keys the same value has the same bytes every time, another one has others, and there are 65,535
 * at most. `runCodecContract` of `@hashlog/engine/testing` proves a codec.
 */
export interface Codec<T, Input = T> {
  /** Named in errors, and in exports; not empty. */
  readonly name: string;
  /**
   * The bytes of the value: the value itself, or others, also in one buffer that the codec uses each time. The store copies
   * others before it calls the codec again, and all before the call that was given the value returns.
   */
  encode(value: Input): Uint8Array;
  /**
   * The value of the bytes. They are the codec's own: it may keep them or give them out. They may lie anywhere in a larger
   * `ArrayBuffer`, so a view of `bytes.buffer` begins at `bytes.byteOffset`.
   */
  decode(bytes: Uint8Array): T;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

// A surrogate that has no partner. `String.prototype.isWellFormed` would do, and is what this is on every supported Node.
function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

function encodeUtf8(text: string): Uint8Array {
  if (!isWellFormed(text)) {
    // Each lone surrogate would become U+FFFD, and two different keys one.
    throw invalidArgument("a string with a lone surrogate has no UTF-8 form; encode it to bytes yourself");
  }
  return encoder.encode(text);
}

function decodeUtf8(content: Uint8Array): string {
  return decoder.decode(content);
}

function parse(content: Uint8Array): unknown {
  return JSON.parse(decoder.decode(content));
}

/** The bytes are those that were written, as a checksum tells: if they are nothing of the kind, another codec has written them. */
function decoded<T>(content: Uint8Array, kind: string, decode: (content: Uint8Array) => T): T {
  try {
    return decode(content);
  } catch (error) {
    const what = `what the store holds there is no ${kind} (${(error as Error).message})`;
    throw invalidArgument(`${what}: open it with the codecs, \`keys\` and \`values\`, that it was written with`, {
      cause: error,
    });
  }
}

// Which of the two it was the codec does not know.
const OTHER_CODECS = "for other keys or values, give open another codec as `keys` or `values`, as json()";

/** Strings as UTF-8. Refuses lone surrogates. The default for keys. */
export const utf8: Codec<string> = {
  name: "utf8",
  encode(value) {
    if (typeof value !== "string")
      throw invalidArgument(`expected a string, got ${describeType(value)}: ${OTHER_CODECS}`);
    return encodeUtf8(value);
  },
  decode: (content) => decoded(content, "UTF-8", decodeUtf8),
};

/** Bytes as they are; strings are taken as UTF-8 and come back as bytes. The default for values. */
export const bytes: Codec<Uint8Array, Uint8Array | string> = {
  name: "bytes",
  encode(value) {
    if (value instanceof Uint8Array) return value;
    if (typeof value === "string") return encodeUtf8(value);
    throw invalidArgument(`expected a Uint8Array or a string, got ${describeType(value)}: ${OTHER_CODECS}`);
  },
  decode: (content) => content,
};

/**
 * Anything that `JSON.stringify` takes, as UTF-8. `undefined`, functions and symbols have no JSON form and are refused. Say what
 * the values are, `json<User>()`: else they are `any`, as those of `JSON.parse`.
 */
export function json(): Codec<any>;
export function json<T>(): Codec<T>;
export function json(): Codec<unknown> {
  return {
    name: "json",
    encode: (value) => encoder.encode(stringify(value)),
    decode: (content) => decoded(content, "JSON", parse),
  };
}

function stringify(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value) as string | undefined;
  } catch (error) {
    // A cycle, a bigint, or a `toJSON` that throws.
    throw invalidArgument(`${describeType(value)} has no JSON form: ${(error as Error).message}`, { cause: error });
  }
  if (text === undefined) throw invalidArgument(`${describeType(value)} has no JSON form`);
  return text;
}

/** Whether the codec is known to give bytes that nobody else has or will write into. */
export function encodesAnew(codec: object): boolean {
  return codec === utf8;
}
