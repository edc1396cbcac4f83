/**
 * What files and frames begin with. The first byte, 0xC1, occurs in no UTF-8 text, is not zero and is the one byte that
 * MessagePack never uses, so a search for it seldom stops in vain. The line end at the end of the file magics shows a
 * copy that was made in text mode, as in PNG.
 *
 * All of them are part of the format and never change. FORMAT.md, "Magics".
 */
export const SEGMENT_MAGIC: Uint8Array = fileMagic("SEG");
export const HINT_MAGIC: Uint8Array = fileMagic("HNT");
export const CHECKPOINT_MAGIC: Uint8Array = fileMagic("CKP");
export const MANIFEST_MAGIC: Uint8Array = fileMagic("MAN");

/** The four bytes of a frame's magic, one by one for the search (frame-search.ts). */
export const FRAME_MAGIC_0 = 0xc1;
export const FRAME_MAGIC_1 = 0xf6;
export const FRAME_MAGIC_2 = 0x48; // H
export const FRAME_MAGIC_3 = 0x46; // F

/** Whether the bytes `expected` stand at `at`. Bytes that are not there do not match. */
export function standsAt(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false;
  return true;
}

/** `C1 "HL" kind CR LF`, 8 bytes. */
function fileMagic(kind: string): Uint8Array {
  return Uint8Array.from(`\u00c1HL${kind}\r\n`, (char) => char.charCodeAt(0));
}
