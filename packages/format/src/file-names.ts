import { checkInteger } from "./errors.ts";
import { FILE_ID_MAX } from "./limits.ts";

/**
 * The names of a store's files, built and parsed here and nowhere else. FORMAT.md, "Files", has the grammar. Only files
 * with these names are ever removed, so the parser takes exactly what the builders give, character for character.
 */
export const MANIFEST_NAME = "hashlog.manifest";

/** Bytes set aside so that a full disk has room for a manifest edit. */
export const RESERVE_NAME = "hashlog.reserve";

/** Says that a first backup into the directory was begun; gone when it is there. */
export const BACKUP_MARK_NAME = "hashlog.backup-begun";

/** What the lock's files begin with; a `-` and a number follow. */
export const LOCK_NAME = "hashlog.lock";

/** `id` is 1 to 2^32 - 1. @throws FormatError `FORMAT_INVALID_ARGUMENT` */
export function segmentFileName(id: number): string {
  return numbered(id, "segment");
}

/** The hint file of segment `id`. @throws FormatError `FORMAT_INVALID_ARGUMENT` */
export function hintFileName(id: number): string {
  return numbered(id, "hint");
}

/** `id` comes from the same counter as those of segments. @throws FormatError `FORMAT_INVALID_ARGUMENT` */
export function checkpointFileName(id: number): string {
  return numbered(id, "checkpoint");
}

/** What a name says of a file; `id` is 1 to 2^32 - 1. */
export type StoreFile =
  | { readonly kind: "manifest" | "manifest-replacement" | "reserve" | "backup-mark" | "lock" }
  | { readonly kind: NumberedKind; readonly id: number };

/** The files that carry an id in their name. */
export type NumberedKind = "segment" | "hint" | "checkpoint";

/** What the file called `name`, without its directory, is; `undefined` if it is none of a store's. */
export function parseFileName(name: string): StoreFile | undefined {
  if (name === MANIFEST_NAME) return { kind: "manifest" };
  if (name === `${MANIFEST_NAME}.new`) return { kind: "manifest-replacement" };
  if (name === RESERVE_NAME) return { kind: "reserve" };
  if (name === BACKUP_MARK_NAME) return { kind: "backup-mark" };
  if (/^hashlog\.lock-\d{1,16}$/.test(name)) return { kind: "lock" };
  const match = /^hashlog-(\d{10})\.(segment|hint|checkpoint)$/.exec(name);
  if (match === null) return undefined;
  const id = Number(match[1]);
  return id >= 1 && id <= FILE_ID_MAX ? { kind: match[2] as NumberedKind, id } : undefined;
}

function numbered(id: number, kind: NumberedKind): string {
  checkInteger("id", id, 1, FILE_ID_MAX);
  return `hashlog-${String(id).padStart(10, "0")}.${kind}`;
}
