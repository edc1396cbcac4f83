import { jsonBytes, showBytes, type Encoding } from "../encoding.ts";

/** One thing that was found in a file. */
export interface DumpItem {
  /** Where it begins in the file. */
  readonly offset: number;
  /** What it is, in a word: `record`, `frame`, `damage`, ... */
  readonly what: string;
  /** Whether its checksum holds; `undefined` for what has none of its own. */
  readonly checksum: "ok" | "wrong" | undefined;
  /** In the order in which they are shown; what is `undefined` is left out. */
  readonly fields: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly key?: Uint8Array;
  readonly value?: Uint8Array;
}

/** Where the items go, one after the other. */
export type Emit = (item: DumpItem) => Promise<void>;

/** How keys and values are shown. */
export interface DumpEncodings {
  readonly keys: Encoding;
  readonly values: Encoding;
}

/** An item as a line for people. */
export function itemLine(
  { offset, what, checksum, fields, key, value }: DumpItem,
  { keys, values }: DumpEncodings,
): string {
  const parts = [
    ...(key === undefined ? [] : [`key ${quoted(key, keys)}`]),
    ...(value === undefined ? [] : [`value ${quoted(value, values)}`]),
    ...Object.entries(fields).flatMap(([name, field]) => (field === undefined ? [] : [fieldText(name, field)])),
    ...(checksum === undefined ? [] : [checksum === "ok" ? "checksum ok" : "CHECKSUM WRONG"]),
  ];
  return `${String(offset).padStart(OFFSET_WIDTH)}  ${what.padEnd(WHAT_WIDTH)}  ${parts.join(", ")}`;
}

/** An item for programs. */
export function itemJson(
  { offset, what, checksum, fields, key, value }: DumpItem,
  { keys, values }: DumpEncodings,
): object {
  return {
    ...{ offset, what, checksum },
    ...(key === undefined ? {} : jsonBytes("key", key, keys)),
    ...(value === undefined ? {} : jsonBytes("value", value, values)),
    ...fields,
  };
}

const OFFSET_WIDTH = 10;
const WHAT_WIDTH = 10;

function quoted(bytes: Uint8Array, encoding: Encoding): string {
  const shown = showBytes(bytes, encoding);
  return encoding === "utf8" ? `"${shown}"` : shown;
}

/** `valueBytes: 3` as `value bytes 3`; what holds or does not as its name or nothing but that. */
function fieldText(name: string, field: string | number | boolean): string {
  const words = name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  if (typeof field === "boolean") return field ? words : `not ${words}`;
  return `${words} ${field}`;
}
