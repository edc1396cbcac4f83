import { describeType } from "./describe-type.ts";
import { invalidArgument, wordsOf } from "./errors.ts";

/** What an import reads: a `Readable` of Node's, a `ReadableStream`, or whatever gives bytes or text piece by piece. */
export type ImportSource = AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>;

/** @throws HashlogError `HASHLOG_INVALID_ARGUMENT` */
export function iteratorOf(source: ImportSource): AsyncIterator<unknown> | Iterator<unknown> {
  // A string gives characters, and bytes give numbers: neither is meant.
  const isObject = typeof source === "object" && source !== null && !(source instanceof Uint8Array);
  const { [Symbol.asyncIterator]: inTurns, [Symbol.iterator]: atOnce } = (isObject ? source : {}) as Partial<
    AsyncIterable<unknown> & Iterable<unknown>
  >;
  if (typeof inTurns === "function") return begun(() => inTurns.call(source));
  if (typeof atOnce === "function") return begun(() => atOnce.call(source));
  throw invalidArgument(
    `the source of importFrom is ${describeType(source)}, not a stream: give it as one, or as an array of its pieces`,
  );
}

function begun<T>(begin: () => T): T {
  try {
    return begin();
  } catch (error) {
    throw invalidArgument(`the source of importFrom cannot be read: ${wordsOf(error)}`, { cause: error });
  }
}

/** The bytes of what a source gives: of strings their UTF-8, also where one is cut between the two halves of a character. */
export class SourceBytes {
  #half = "";

  /** Whether the first half of a character waits for the second. */
  get endsInHalf(): boolean {
    return this.#half !== "";
  }

  /** The bytes of the next piece, or in words why there are none. */
  of(piece: unknown): Uint8Array | string {
    if (typeof piece !== "string") {
      if (!(piece instanceof Uint8Array)) return `the source gave ${describeType(piece)}, not bytes or a string`;
      return this.endsInHalf ? LONE_SURROGATE : piece;
    }
    let text = this.#half + piece;
    this.#half = "";
    const last = text.charCodeAt(text.length - 1);
    if (last >= 0xd800 && last <= 0xdbff) {
      this.#half = text.slice(-1);
      text = text.slice(0, -1);
    }
    return text.isWellFormed() ? encoder.encode(text) : LONE_SURROGATE;
  }
}

/** Why text is refused that has no UTF-8 form. */
export const LONE_SURROGATE = "there is a surrogate without its partner";
const encoder = new TextEncoder();
