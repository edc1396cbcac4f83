import { base64Bytes, encodeBase64 } from "./base64.ts";
import { EXPORT_FORMAT, EXPORT_VERSION, type CodecNames } from "./exported-entry.ts";
import { endOfCharacters, ESCAPED_BYTES_MAX, escapeUtf8, isUtf8 } from "./utf8-text.ts";

/** Bytes of a chunk at most. */
export const CHUNK_BYTES: number = 64 * 1024;

/**
 * Writes the lines of an export (EXPORT-FORMAT.md) into chunks, which are the destination's to keep:
 *
 *     {"format":"hashlog-entries","version":1,"keys":"utf8","values":"bytes"}
 *     {"key":"ada","value":"1815","expiresAtMs":1800000000000}
 *     {"key":"picture","valueBase64":"/9j/4A=="}
 *     {"entries":2}
 *
 * Each method gives the chunks that are full, which have to be taken before the next is called. A long line is made piece by
 * piece, as its chunks are taken: no more than one is held, however large the value is.
 */
export class LineWriter {
  #chunk = new Uint8Array(CHUNK_BYTES);
  #used = 0;

  /** The first line. */
  header({ keys, values }: CodecNames): Iterable<Uint8Array> {
    const begin = `{"format":"${EXPORT_FORMAT}","version":${EXPORT_VERSION}`;
    const parts: Part[] = [];
    for (const [field, name] of [
      ["keys", keys],
      ["values", values],
    ] as const) {
      if (name === undefined) continue;
      const before = ascii(`${parts.length === 0 ? begin : '"'},"${field}":"`);
      parts.push({ before, bytes: encoder.encode(name), isText: true });
    }
    return this.#pieces(parts, ascii(parts.length === 0 ? `${begin}}\n` : '"}\n'));
  }

  /** The line of one entry, byte for byte; with an `expiresAtMs` of 0 it does not expire. */
  entry(key: Uint8Array, value: Uint8Array, expiresAtMs: number): Iterable<Uint8Array> {
    const keyIsText = isUtf8(key, 0, key.length);
    const valueIsText = isUtf8(value, 0, value.length);
    const beforeKey = keyIsText ? KEY : KEY_BASE64;
    const beforeValue = valueIsText ? VALUE : VALUE_BASE64;
    const end = expiresAtMs === 0 ? END : ascii(`","expiresAtMs":${expiresAtMs}}\n`);
    const bytesMax = (key.length + value.length) * ESCAPED_BYTES_MAX + SYNTAX_BYTES_MAX;
    if (bytesMax > SHORT_BYTES_MAX) {
      const parts: Part[] = [
        { before: beforeKey, bytes: key, isText: keyIsText },
        { before: beforeValue, bytes: value, isText: valueIsText },
      ];
      return this.#pieces(parts, end);
    }
    const full = this.#room(bytesMax);
    this.#append(beforeKey);
    this.#write(key, 0, key.length, keyIsText);
    this.#append(beforeValue);
    this.#write(value, 0, value.length, valueIsText);
    this.#append(end);
    return full;
  }

  /** The last line, and with it everything that is left. */
  *trailer(entries: number): Iterable<Uint8Array> {
    yield* this.#pieces([], ascii(`{"entries":${entries}}\n`));
    yield this.#take();
  }

  *#pieces(parts: readonly Part[], end: Uint8Array): Iterable<Uint8Array> {
    for (const { before, bytes, isText } of parts) {
      yield* this.#room(before.length);
      this.#append(before);
      for (let from = 0; from < bytes.length;) {
        const most = Math.min(from + PIECE_BYTES, bytes.length);
        const to = isText ? endOfCharacters(bytes, most) : most;
        yield* this.#room(isText ? (to - from) * ESCAPED_BYTES_MAX : base64Bytes(to - from));
        this.#write(bytes, from, to, isText);
        from = to;
      }
    }
    yield* this.#room(end.length);
    this.#append(end);
  }

  #write(bytes: Uint8Array, from: number, to: number, isText: boolean): void {
    const write = isText ? escapeUtf8 : encodeBase64;
    this.#used = write(bytes, from, to, this.#chunk, this.#used);
  }

  #append(syntax: Uint8Array): void {
    this.#chunk.set(syntax, this.#used);
    this.#used += syntax.length;
  }

  /** Makes room for so many bytes, at most those of a chunk. */
  #room(bytes: number): readonly Uint8Array[] {
    return this.#used + bytes <= CHUNK_BYTES ? NO_CHUNKS : [this.#take()];
  }

  #take(): Uint8Array {
    const full = this.#chunk.subarray(0, this.#used);
    this.#chunk = new Uint8Array(CHUNK_BYTES);
    this.#used = 0;
    return full;
  }
}

/** What stands in a line, and what stands before it. */
interface Part {
  readonly before: Uint8Array;
  readonly bytes: Uint8Array;
  readonly isText: boolean;
}

const encoder = new TextEncoder();
const ascii = (text: string): Uint8Array => encoder.encode(text);

const KEY = ascii('{"key":"');
const KEY_BASE64 = ascii('{"keyBase64":"');
const VALUE = ascii('","value":"');
const VALUE_BASE64 = ascii('","valueBase64":"');
const END = ascii('"}\n');
const NO_CHUNKS: readonly Uint8Array[] = [];
/** What stands around key and value, at most. */
const SYNTAX_BYTES_MAX = 128;
/** A line that may be longer is made in pieces. */
const SHORT_BYTES_MAX = CHUNK_BYTES / 8;
/** Of a key or value, at once: whole groups of base64, and little beside a chunk even where each byte is escaped. */
const PIECE_BYTES = 1536;
