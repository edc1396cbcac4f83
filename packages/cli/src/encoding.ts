import { Complaint } from "./complaint.ts";

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
  throw new Complaint(`${what} ${JSON.stringify(text)} is not ${encoding}`);
}

/** The bytes as text, if they are valid UTF-8. */
export function asUtf8(bytes: Uint8Array): string | undefined {
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
  if (encoding !== "utf8") return asBuffer(bytes).toString(encoding);
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

/**
 * Bytes as a field of a JSON object, named as in an export: `key` as text, or in the encoding that was asked for; `keyBase64` where text
 * was asked for and the bytes are none.
 */
export function jsonBytes(name: string, bytes: Uint8Array, encoding: Encoding): Record<string, string> {
  if (encoding !== "utf8")
    return { [`${name}${encoding === "hex" ? "Hex" : "Base64"}`]: asBuffer(bytes).toString(encoding) };
  const text = asUtf8(bytes);
  return text === undefined ? { [`${name}Base64`]: asBuffer(bytes).toString("base64") } : { [name]: text };
}

/** The same bytes as a buffer of Node's, not copied. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\" };

const LINES: ReadonlySet<string> = new Set(["\n", "\t", "\\"]);

// Controls, line and paragraph separators, marks of direction and other characters that are not seen, but for spaces.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\\]/gu;

function escapeText(text: string): string {
  return text.replaceAll(UNSEEN, escaped);
}

function escaped(character: string): string {
  const code = character.codePointAt(0)!;
  return SHORT_ESCAPES[character] ?? (code < 0x80 ? `\\x${hex(code)}` : `\\u{${code.toString(16)}}`);
}

function escapeBytes(bytes: Uint8Array): string {
  let shown = "";
  for (const byte of bytes) shown += byte < 0x80 ? escapeText(String.fromCharCode(byte)) : `\\x${hex(byte)}`;
  return shown;
}

function hex(code: number): string {
  return code.toString(16).padStart(2, "0");
}
