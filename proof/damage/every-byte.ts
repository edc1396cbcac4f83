import {
  bitFlips,
  byteOverwrites,
  everyFileDamage,
  everySectorDamage,
  extensions,
  truncations,
  type Damage,
  type DiskImage,
} from "@hashlog/fs-io/testing";
import { expect } from "vitest";
import { DamageJudge } from "./judge.ts";
import { filesOf } from "./store-files.ts";
import type { SmallStore } from "./stores.ts";

/** Every damage to the bytes of a file: each bit, each byte, each length, with zeros behind it and without. */
export function* everyByte(image: DiskImage, path: string): Generator<Damage> {
  yield* bitFlips(image, path);
  yield* byteOverwrites(image, path, 0);
  yield* byteOverwrites(image, path, 0xff);
  yield* truncations(image, path);
  yield* zeroTails(image, path);
  yield* extensions(image, path);
}

/** From some byte on the file reads as zeros, as where its length became durable and its blocks did not. */
export function* zeroTails(image: DiskImage, path: string): Generator<Damage> {
  const content = image.bytes(path)!;
  // Of a single last byte `byteOverwrites` has it already.
  for (let at = 0; at < content.length - 1; at += 1) {
    const description = `${path} reads as zeros from byte ${at} on`;
    yield { description, paths: [path], apply: (damaged) => damaged.withFile(path, content.slice().fill(0, at)) };
  }
}

// The files of the small stores are hardly longer than a sector of today's disks.
const SECTOR_BYTES = [512, 64];

/**
 * Every damage to a file's sectors, and to the whole of it: whatever another of the store's files holds, or this one
 * held at any time, may come into its place.
 */
export function* everySector(store: SmallStore, image: DiskImage, path: string): Generator<Damage> {
  const sources = filesOf(store).filter((other) => image.files.has(other));
  const options = { sources, earlier: store.past };
  for (const sectorBytes of SECTOR_BYTES) yield* everySectorDamage(image, path, { ...options, sectorBytes });
  yield* everyFileDamage(image, path, options);
}

/** What came of so many damages. */
export type Counts = Pick<DamageJudge, "tried" | "refused" | "told" | "torn" | "right">;

/** Tries every damage of that kind to each of the files, and prints what came of it. */
export async function sweep(
  store: SmallStore,
  image: DiskImage,
  paths: readonly string[],
  damagesOf: (path: string) => Iterable<Damage>,
  what: string,
): Promise<DamageJudge> {
  const judge = await DamageJudge.of(store);
  for (const path of paths) await judge.tryAll(image, damagesOf(path));
  const { tried, refused, told, torn, right } = judge;
  console.info(
    `${store.name}, ${what}: ${tried} tried, ${refused} refused, ${told} told, ${torn} torn, ${right} right`,
  );
  return judge;
}

/** As many as there are today, or more: a sweep that tries less than it did has lost something. */
export function expectAtLeast(judge: Counts, least: Partial<Counts>): void {
  const seen = Object.entries(least).map(([name, count]) => [name, Math.min(count, judge[name as keyof Counts])]);
  expect(Object.fromEntries(seen)).toEqual(least);
}
