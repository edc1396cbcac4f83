import { decodeBase64 } from "./base64.ts";
import { NAME_BYTES_MAX, type CodecNames, type ExportedEntry } from "./exported-entry.ts";
import { isUtf8, unescapeUtf8 } from "./utf8-text.ts";

/** What a line of an export says. */
export type Line =
  | { readonly kind: "blank" }
  | ({ readonly kind: "header"; readonly format: string; readonly version: number } & CodecNames)
  | ({ readonly kind: "entry" } & ExportedEntry)
  | { readonly kind: "trailer"; readonly entries: number }
  /** None of these, and why. */
  | { readonly kind: "wrong"; readonly reason: string };

/**
 * Reads `bytes[start..end)` as a line of an export (EXPORT-FORMAT.md): one flat JSON object, of known fields, none of them twice. It
 * is read as bytes: nothing becomes an object by a name that stands in the file, and a value may be longer than any string.
 */
export function readLine(bytes: Uint8Array, start: number, end: number): Line {
  try {
    return new LineReader(bytes, start, end).read();
  } catch (error) {
    if (error instanceof WrongLine) return { kind: "wrong", reason: error.message };
    /* v8 ignore next -- only where there is no memory for a value */
    throw error;
  }
}

class WrongLine extends Error {}

type Field = keyof typeof READERS;
type Fields = { readonly [F in Field]?: ReturnType<(typeof READERS)[F]> };

/** Of each field, how what it holds is read. */
const READERS = {
  format: (line: LineReader): string => line.name(),
  version: (line: LineReader): number => line.integer(1),
  keys: (line: LineReader): string => line.name(),
  values: (line: LineReader): string => line.name(),
  key: (line: LineReader): Uint8Array => line.text(),
  keyBase64: (line: LineReader): Uint8Array => line.base64(),
  value: (line: LineReader): Uint8Array => line.text(),
  valueBase64: (line: LineReader): Uint8Array => line.base64(),
  expiresAtMs: (line: LineReader): number => line.integer(1),
  entries: (line: LineReader): number => line.integer(0),
};

class LineReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;
  /** The field whose value is being read. */
  #field: string | undefined;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  read(): Line {
    this.#skipSpace();
    if (this.#at === this.#end) return { kind: "blank" };
    const line = lineOf(this.#fields());
    this.#skipSpace();
    if (this.#at < this.#end) throw new WrongLine("there is something behind the object");
    return line;
  }

  /** A string as text: a name, which is not so long that it could not be said what is wrong with it. */
  name(): string {
    const { bytes, from, to } = this.#unescaped();
    if (to - from > NAME_BYTES_MAX) throw new WrongLine(`a name is longer than ${NAME_BYTES_MAX} bytes`);
    return decoder.decode(new Uint8Array(bytes.subarray(from, to)));
  }

  /** The UTF-8 of a string. */
  text(): Uint8Array {
    const { bytes, from, to } = this.#unescaped();
    // Copied by constructor: `slice` of a Buffer is a view of the same bytes.
    return new Uint8Array(bytes.subarray(from, to));
  }

  base64(): Uint8Array {
    const { bytes, from, to } = this.#unescaped();
    const decoded = decodeBase64(bytes, from, to);
    if (decoded === undefined) throw new WrongLine(`${this.#what} is not base64 with padding`);
    return decoded;
  }

  /** From `least` to 2^53 - 1. */
  integer(least: number): number {
    const from = this.#at;
    while (this.#at < this.#end && isDigit(this.#bytes[this.#at]!)) this.#at += 1;
    const digits = decoder.decode(this.#bytes.subarray(from, Math.min(this.#at, from + DIGITS_MAX + 1)));
    const number = Number(digits);
    const isWritten = digits !== "" && (digits === "0" || digits[0] !== "0") && digits.length <= DIGITS_MAX;
    if (!isWritten || !Number.isSafeInteger(number) || number < least) {
      throw new WrongLine(`${this.#what} is not an integer from ${least} to 2^53 - 1`);
    }
    return number;
  }

  #fields(): Fields {
    if (!this.#takes(BRACE))
      throw new WrongLine(this.#isGzip() ? "it is compressed by gzip: decompress it first" : "it is no JSON object");
    const fields: Record<string, unknown> = {};
    if (this.#takes(CLOSING_BRACE)) return fields;
    do {
      this.#skipSpace();
      this.#field = undefined;
      const name = this.name();
      if (!Object.hasOwn(READERS, name)) throw new WrongLine(`there is no field "${name}"`);
      if (Object.hasOwn(fields, name)) throw new WrongLine(`the field "${name}" is there twice`);
      this.#field = name;
      if (!this.#takes(COLON)) throw new WrongLine(`a colon is missing behind ${this.#what}`);
      this.#skipSpace();
      fields[name] = READERS[name as Field](this);
    } while (this.#takes(COMMA));
    if (!this.#takes(CLOSING_BRACE)) throw new WrongLine("the object does not end");
    return fields;
  }

  /** The inside of a string, without its escapes. */
  #unescaped(): { readonly bytes: Uint8Array; readonly from: number; readonly to: number } {
    const { from, to, isEscaped } = this.#string();
    if (!isUtf8(this.#bytes, from, to)) throw new WrongLine(`${this.#what} is not valid UTF-8`);
    if (!isEscaped) return { bytes: this.#bytes, from, to };
    const bytes = new Uint8Array(to - from);
    const length = unescapeUtf8(this.#bytes, from, to, bytes, 0);
    if (length < 0) throw new WrongLine(`${this.#what} has an escape that is none, or a surrogate without its partner`);
    return { bytes, from: 0, to: length };
  }

  /** Where the inside of a string lies; goes on behind it. */
  #string(): { readonly from: number; readonly to: number; readonly isEscaped: boolean } {
    if (!this.#takes(QUOTE)) throw new WrongLine(`${this.#what} is no string in double quotes`);
    const from = this.#at;
    let isEscaped = false;
    for (let at = from; at < this.#end; at += 1) {
      const byte = this.#bytes[at]!;
      if (byte === QUOTE) {
        this.#at = at + 1;
        return { from, to: at, isEscaped };
      }
      if (byte < SPACE) throw new WrongLine(`${this.#what} has a control character that is not escaped`);
      if (byte !== BACKSLASH) continue;
      isEscaped = true;
      at += 1;
    }
    throw new WrongLine(`${this.#what} does not end`);
  }

  /** Whether that comes next, spaces aside; goes on behind it. */
  #takes(byte: number): boolean {
    this.#skipSpace();
    if (this.#at >= this.#end || this.#bytes[this.#at] !== byte) return false;
    this.#at += 1;
    return true;
  }

  /** What is being read, in words. */
  get #what(): string {
    return this.#field === undefined ? "the name of a field" : `"${this.#field}"`;
  }

  #isGzip(): boolean {
    return this.#end - this.#at >= 2 && this.#bytes[this.#at] === 0x1f && this.#bytes[this.#at + 1] === 0x8b;
  }

  #skipSpace(): void {
    while (this.#at < this.#end && isSpace(this.#bytes[this.#at]!)) this.#at += 1;
  }
}

function lineOf(fields: Fields): Line {
  const { format, version, keys, values, key, keyBase64, value, valueBase64, expiresAtMs, entries } = fields;
  if (format !== undefined) {
    refuseOthers(fields, "the first line", ["format", "version", "keys", "values"]);
    if (version === undefined) throw new WrongLine('there is no "version"');
    return { kind: "header", format, version, keys, values };
  }
  if (entries !== undefined) {
    refuseOthers(fields, "the last line", ["entries"]);
    return { kind: "trailer", entries };
  }
  refuseOthers(fields, "an entry", ["key", "keyBase64", "value", "valueBase64", "expiresAtMs"]);
  return {
    kind: "entry",
    key: oneOf("key", key, keyBase64),
    value: oneOf("value", value, valueBase64),
    expiresAtMs: expiresAtMs ?? 0,
  };
}

function refuseOthers(fields: Fields, what: string, names: readonly Field[]): void {
  for (const name in fields) {
    if (!names.includes(name as Field)) throw new WrongLine(`${what} has no field "${name}"`);
  }
}

function oneOf(name: string, text: Uint8Array | undefined, base64: Uint8Array | undefined): Uint8Array {
  if (text !== undefined && base64 !== undefined) throw new WrongLine(`there are "${name}" and "${name}Base64"`);
  const bytes = text ?? base64;
  if (bytes === undefined) throw new WrongLine(`there is neither "${name}" nor "${name}Base64"`);
  return bytes;
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === 0x09 || byte === 0x0d;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** Of 2^53 - 1. */
const DIGITS_MAX = 16;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
