/** What the first line of an export says that it is, and the version of the format that is written and read here. */
export const EXPORT_FORMAT = "hashlog-entries";
export const EXPORT_VERSION = 1;
/** Bytes of a name of any kind, at most: of a field, of the format, of a codec. */
export const NAME_BYTES_MAX = 1024;

/** An entry as it is moved from store to store: the bytes of key and value, and 0 where it does not expire. */
export interface ExportedEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly expiresAtMs: number;
}

/** The names of the codecs that made these bytes; `undefined` where one has none. */
export interface CodecNames {
  readonly keys: string | undefined;
  readonly values: string | undefined;
}

/** The names of those codecs, as they can be written down. */
export function namesOf(codecs: {
  readonly keys: { name?: unknown };
  readonly values: { name?: unknown };
}): CodecNames {
  return { keys: nameOf(codecs.keys), values: nameOf(codecs.values) };
}

// Types are only for those who use them. A lone surrogate in a name has no UTF-8 form, and one that is too long no place.
function nameOf({ name }: { readonly name?: unknown }): string | undefined {
  if (typeof name !== "string") return undefined;
  const written = name.toWellFormed();
  return new TextEncoder().encode(written).length <= NAME_BYTES_MAX ? written : undefined;
}
