import { constants } from "node:buffer";
import { Complaint, tooLarge } from "./complaint.ts";

const { MAX_STRING_LENGTH } = constants;

/** How bytes are written on a command line and in what is printed. */
export type Encoding = "utf8" | "hex" | "base64";

/** The encodings, as help and completion list them. */
export const ENCODINGS: readonly Encoding[] = ["utf8", "hex", "base64"];

/**
 * The bytes that a text stands for.
 * @throws Complaint for a text that is none of that encoding; `what` is what it was to be
 */
export function parseBytes(text: string, encoding: Encoding, what: string): Uint8Array {
  if (encoding === "utf8") {
    // U+FFFD is what the system makes of bytes that are none: they would be stored as another key, or another value.
    if (text.isWellFormed() && !text.includes("\uFFFD")) return new TextEncoder().encode(text);
    throw new Complaint(`${what} is no text in UTF-8, or has a U+FFFD in it: give its bytes in hex or base64`);
  }
  const bytes = Buffer.from(text, encoding);
  const canonical = encoding === "hex" ? text.toLowerCase() : text.replaceAll("-", "+").replaceAll("_", "/");
  const again = bytes.toString(encoding);
  // Buffer passes over what it does not understand.
  if (again === canonical || again.replace(/=+$/, "") === canonical) return bytes;
  const shown = text.length <= SHOWN_MOST ? text : `${text.slice(0, SHOWN_MOST)}...`;
  throw new Complaint(`${what} ${JSON.stringify(shown)} is not ${encoding}`);
}

/**
 * The bytes that a file of hex or base64 stands for: with breaks between its lines, as tools make them, or without.
 * @throws Complaint as `parseBytes`
 */
export function parseFile(file: Uint8Array, encoding: "hex" | "base64", what: string): Uint8Array {
  if (file.length > MAX_STRING_LENGTH) {
    throw new Complaint(`${what} is too large to be read as ${encoding}: give its bytes as they are`);
  }
  return parseBytes(asBuffer(file).toString("latin1").replaceAll(/\s+/g, ""), encoding, what);
}

/**
 * The bytes as text, if they are valid UTF-8.
 * @throws Complaint for more than fit in a text
 */
export function asUtf8(bytes: Uint8Array): string | undefined {
  checkFits(bytes.length);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Bytes for people, on one line: with `utf8`, what would move the cursor or change the terminal is escaped as in JavaScript, and
 * so is each byte that belongs to no character.
 */
export function showBytes(bytes: Uint8Array, encoding: Encoding): string {
  if (encoding !== "utf8") return encoded(bytes, encoding);
  const text = asUtf8(bytes);
  return text === undefined ? escapeBytes(bytes) : escapeText(text);
}

/** A key in a sentence: also where it is empty. */
export function showKey(key: Uint8Array, encoding: Encoding): string {
  return key.length === 0 ? '""' : showBytes(key, encoding);
}

/** A text for people, on as many lines as it has: nothing in it can move the cursor elsewhere, or change the terminal. */
export function showLines(text: string): string {
  return text.replaceAll(UNSEEN, (character) => (LINES.has(character) ? character : escaped(character)));
}

/** JSON on one line, as any program reads it: here as well nothing can change a terminal. */
export function showJson(value: unknown): string {
  // All that is escaped by itself lies below.
  return JSON.stringify(value).replaceAll(UNSEEN_IN_JSON, (character) =>
    character.replaceAll(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`),
  );
}

/** As `showJson` of an object, in pieces: what its lists hold may be longer than any text. */
export function* showJsonInPieces(value: object): Iterable<string> {
  let text = "";
  for (const part of partsOfJson(value)) {
    text += part;
    if (text.length < PIECE_CHARACTERS) continue;
    yield text;
    text = "";
  }
  yield text;
}

function* partsOfJson(value: object): Iterable<string> {
  let before = "{";
  for (const [name, field] of Object.entries(value) as [string, unknown][]) {
    if (field === undefined) continue;
    yield `${before}${showJson(name)}:`;
    before = ",";
    if (Array.isArray(field)) yield* partsOfJsonList(field);
    else yield showJson(field);
  }
  yield before === "{" ? "{}" : "}";
}

function* partsOfJsonList(list: readonly unknown[]): Iterable<string> {
  let before = "[";
  for (const entry of list) {
    yield `${before}${showJson(entry)}`;
    before = ",";
  }
  yield before === "[" ? "[]" : "]";
}

/**
 * Bytes as a field of a JSON object, named as in an export: `key` as text, or in the encoding that was asked for; `keyBase64` where text
 * was asked for and the bytes are none.
 */
export function jsonBytes(name: string, bytes: Uint8Array, encoding: Encoding): Record<string, string> {
  if (encoding !== "utf8") return { [`${name}${encoding === "hex" ? "Hex" : "Base64"}`]: encoded(bytes, encoding) };
  const text = asUtf8(bytes);
  return text === undefined ? { [`${name}Base64`]: encoded(bytes, "base64") } : { [name]: text };
}

/** The same bytes as a buffer of Node's, not copied. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Of a text that is refused. */
const SHOWN_MOST = 60;
/** Of a piece of JSON, at least. */
const PIECE_CHARACTERS = 64 * 1024;

const SHORT_ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\" };

const LINES: ReadonlySet<string> = new Set(["\n", "\t", "\\"]);

// Controls, line and paragraph separators, marks of direction and other characters that are not seen, but for spaces.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\\]/gu;

const UNSEEN_IN_JSON = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

function escapeText(text: string): string {
  return text.replaceAll(UNSEEN, escaped);
}

function escaped(character: string): string {
  const code = character.codePointAt(0)!;
  return SHORT_ESCAPES[character] ?? (code < 0x80 ? `\\x${hex(code)}` : `\\u{${code.toString(16)}}`);
}

function escapeBytes(bytes: Uint8Array): string {
  // In pieces: one character after the other would make of a large value a list of as many.
  const pieces: string[] = [];
  for (let from = 0; from < bytes.length; from += PIECE_BYTES) {
    pieces.push(Array.from(bytes.subarray(from, from + PIECE_BYTES), (byte) => OF_BYTES[byte]!).join(""));
  }
  return pieces.join("");
}

/** How a byte that belongs to no character is shown, and one that is a character by itself. */
const OF_BYTES: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte < 0x80 ? escapeText(String.fromCharCode(byte)) : `\\x${hex(byte)}`,
);
const PIECE_BYTES = 16 * 1024;

function encoded(bytes: Uint8Array, encoding: "hex" | "base64"): string {
  checkFits(encoding === "hex" ? 2 * bytes.length : 4 * Math.ceil(bytes.length / 3));
  return asBuffer(bytes).toString(encoding);
}

function checkFits(length: number): void {
  if (length > MAX_STRING_LENGTH) throw tooLarge();
}

function hex(code: number): string {
  return code.toString(16).padStart(2, "0");
}
