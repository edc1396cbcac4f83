/** The fixed lengths, and what the widths of the fields allow. FORMAT.md, "Limits", derives them. */

/** The version that every file of this format carries. A reader refuses a higher one. */
export const FORMAT_VERSION = 1;

/** Bytes of a key, at most: its length is a u16. Zero is an ordinary length. */
export const KEY_BYTES_MAX = 65_535;

/** Sequences run from 1 to this: 56 bits are stored, but a JS number is exact up to here. 0 means "none". */
export const SEQUENCE_MAX: number = Number.MAX_SAFE_INTEGER;

/** The largest expiry, in milliseconds since 1970. 0 means "never". */
export const EXPIRY_MAX: number = Number.MAX_SAFE_INTEGER;

/** Bytes of a segment file, at most: offsets in it are u32. */
export const SEGMENT_BYTES_MAX: number = 2 ** 32 - 1;

/** Ids of segments and checkpoints run from 1 to this. */
export const FILE_ID_MAX: number = 2 ** 32 - 1;

/** Bytes of a segment's header, before its first frame. */
export const SEGMENT_HEADER_BYTES = 32;

/** Bytes of a frame's header, before its first record. */
export const FRAME_HEADER_BYTES = 32;

/** Bytes of a record's header, before its expiry or key. */
export const RECORD_HEADER_BYTES = 18;

/** Bytes of an expiry, in records that have one. */
export const EXPIRY_BYTES = 8;

/** A sealed segment holds a record at least: one without is dropped instead of sealed. */
export const SEALED_BYTES_MIN: number = SEGMENT_HEADER_BYTES + FRAME_HEADER_BYTES + RECORD_HEADER_BYTES;
