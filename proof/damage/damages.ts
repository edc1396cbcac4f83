import { SECTOR_BYTES } from "@hashlog/fs-io/testing";

/** One way in which the bytes of a file may be something else than what was written. */
export interface Damage {
  readonly what: string;
  readonly bytes: Uint8Array;
}

/** Every shorter length. */
export function* truncations(bytes: Uint8Array): Generator<Damage> {
  for (let length = 0; length < bytes.length; length += 1) {
    yield { what: `truncated to ${length}`, bytes: bytes.subarray(0, length) };
  }
}

/** Each bit of each byte, alone, or of each byte as many as `bitsEach`, another choice at every place. */
export function* flips(bytes: Uint8Array, bitsEach: number = 8): Generator<Damage> {
  for (let at = 0; at < bytes.length; at += 1) {
    for (let turn = 0; turn < bitsEach; turn += 1) {
      const bit = (at * 3 + turn) % 8;
      yield { what: `bit ${bit} of byte ${at} flipped`, bytes: withByte(bytes, at, bytes[at]! ^ (1 << bit)) };
    }
  }
}

/** Each byte that is not so already, set to 0 and to 255. */
export function* overwrites(bytes: Uint8Array): Generator<Damage> {
  for (let at = 0; at < bytes.length; at += 1) {
    for (const value of [0, 0xff]) {
      if (bytes[at] !== value) yield { what: `byte ${at} set to ${value}`, bytes: withByte(bytes, at, value) };
    }
  }
}

/** Each sector zeroed, swapped with each other, or overwritten by it. */
export function* sectors(bytes: Uint8Array): Generator<Damage> {
  for (let from = 0; from < bytes.length; from += SECTOR_BYTES) {
    const to = Math.min(from + SECTOR_BYTES, bytes.length);
    yield { what: `sector at ${from} zeroed`, bytes: bytes.slice().fill(0, from, to) };
    for (let other = 0; other < bytes.length; other += SECTOR_BYTES) {
      if (other === from) continue;
      yield { what: `sector at ${from} copied over ${other}`, bytes: copied(bytes, bytes.subarray(from, to), other) };
      if (other > from) yield { what: `sectors at ${from} and ${other} swapped`, bytes: swapped(bytes, from, other) };
    }
  }
}

/** `bytes` with those bytes over what lies at `at`; no longer than it was. */
export function copied(bytes: Uint8Array, part: Uint8Array, at: number): Uint8Array {
  const result = bytes.slice();
  result.set(part.subarray(0, bytes.length - at), at);
  return result;
}

function swapped(bytes: Uint8Array, first: number, second: number): Uint8Array {
  const sector = bytes.slice(second, second + SECTOR_BYTES);
  const result = copied(bytes, bytes.subarray(first, first + sector.length), second);
  result.set(sector, first);
  return result;
}

function withByte(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const result = bytes.slice();
  result[at] = value;
  return result;
}
