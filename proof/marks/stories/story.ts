import { HashlogError, type HashlogErrorCode } from "@hashlog/engine";
import { parseFileName, type StoreFile } from "@hashlog/format";
import type { FileSystem, ReadFile } from "@hashlog/fs-io";
import { SimulatedDisk, type DiskImage, type WaitingCall } from "@hashlog/fs-io/testing";
import { mustBeUntouched } from "../../properties/p17-decoder-safety.ts";
import { quiet, settled } from "../../world/quiet.ts";
import { long, Script, type ScriptOptions } from "../../world/script.ts";
import { DIRECTORY } from "../../world/text-store.ts";
import { altered } from "../../../test/support/altered.ts";

/**
 * A short life of a store that leads to marks where chance seldom comes by, and says whether what happened there was
 * right. Told in any process: nothing in it belongs to a test runner.
 */
export interface Story {
  /** A sentence. */
  readonly title: string;
  /** The marks that it is told for; it passes others as well. */
  readonly marks: readonly string[];
  /** Throws if it ends otherwise than it should. */
  readonly tell: () => Promise<void>;
}

/** @throws Error unless `condition` holds */
export function must(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`it is not so that ${what}`);
}

/** Demands that the promise rejects with that code. */
export async function mustFail(promise: Promise<unknown>, code: HashlogErrorCode): Promise<void> {
  const outcome = await settled(promise, "what has to fail").then(
    () => "no error",
    (error: unknown) => (HashlogError.is(error) ? error.code : error),
  );
  if (outcome !== code) throw new Error(`${String(outcome)} instead of ${code}`, { cause: outcome });
}

/** Demands that the store holds exactly that. */
export async function mustHold(script: Script, expected: Readonly<Record<string, string>>): Promise<void> {
  const sorted = (state: object): string =>
    JSON.stringify(Object.entries(state).toSorted(([left], [right]) => (left < right ? -1 : 1)));
  const found = await script.state();
  must(sorted(found) === sorted(expected), `${sorted(found)} is ${sorted(expected)}`);
}

/** Demands that a failure of a file that nobody needs was noted, and stands in the way of no write. */
export async function mustNoteFailures(script: Script): Promise<void> {
  await quiet();
  const { failures, writes } = script.store.stats();
  must(failures.count > 0, "a failure was noted");
  must(writes === "ready", "writes go on");
}

/** Values of three keys, so long that each fills a segment. */
export const THREE: Readonly<Record<string, string>> = { a: long("1"), b: long("2"), c: long("3") };

/** An open store with `THREE` in three segments, the first two sealed. */
export async function threeSegments(options: ScriptOptions = {}): Promise<Script> {
  const script = await Script.begin({ segments: 0, ...options });
  for (const [key, value] of Object.entries(THREE)) await script.store.put(key, value);
  await quiet();
  return script;
}

/** The disk of that store after a clean close, hints included. */
export async function closedDisk(): Promise<DiskImage> {
  const script = await threeSegments();
  await script.close();
  return script.disk.image();
}

/** The disk without files of those kinds. */
export function without(image: DiskImage, ...kinds: readonly StoreFile["kind"][]): DiskImage {
  return kinds.reduce((left, kind) => pathsOf(image, kind).reduce((rest, path) => rest.withoutFile(path), left), image);
}

/** The paths of the store's files of that kind, oldest first. */
export function pathsOf(image: DiskImage, kind: StoreFile["kind"]): readonly string[] {
  return [...image.files.keys()]
    .filter((path) => parseFileName(path.slice(DIRECTORY.length + 1))?.kind === kind)
    .sort();
}

/** The disk with a file's bytes changed. */
export function changed(image: DiskImage, path: string, change: (bytes: Uint8Array) => Uint8Array): DiskImage {
  return image.withFile(path, change(image.bytes(path)!.slice()));
}

/** As its argument, with that byte another one; counted from the end where negative. */
export function flipped(at: number): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => {
    const index = at < 0 ? bytes.length + at : at;
    bytes[index] = bytes[index]! ^ 0xff;
    return bytes;
  };
}

/** A store on that disk, not open yet. */
export function on(image: DiskImage, options: ScriptOptions = {}): Script {
  return new Script(new SimulatedDisk({ image, ...options }), { segments: 0, ...options });
}

/** Demands that the store on that disk is refused, and that nothing was changed by the attempt. */
export async function mustRefuse(image: DiskImage, code: HashlogErrorCode): Promise<void> {
  const script = on(image);
  await mustFail(script.open(), code);
  await quiet();
  mustBeUntouched(script.disk);
}

/** A file system of which one read, the `nth` of a file whose path ends so, gives other bytes than those that are there. */
export function misreading(fileSystem: FileSystem, ending: string, nth: number): FileSystem {
  let reads = 0;
  const file = <T extends ReadFile>(original: T): T => {
    const read: ReadFile["read"] = async (target, at, bytes, position) => {
      const got = await original.read(target, at, bytes, position);
      if (original.path.endsWith(ending) && reads++ === nth) target.fill(0xaa, at, at + got);
      return got;
    };
    return altered<ReadFile>(original, { read }) as T;
  };
  return altered(fileSystem, {
    openRead: async (path) => file(await fileSystem.openRead(path)),
    openAppend: async (path) => file(await fileSystem.openAppend(path)),
    create: async (path) => file(await fileSystem.create(path)),
  });
}

/** Lets waiting calls return, but for those that are `held`, until `done`. */
export async function goOnUntil(
  disk: SimulatedDisk,
  done: () => boolean,
  held: (call: WaitingCall) => boolean = () => false,
): Promise<void> {
  for (let turn = 0; turn < 2000 && !done(); turn += 1) {
    const next = disk.waiting.findIndex((call) => !held(call));
    if (next >= 0) disk.release(next);
    await Promise.resolve();
  }
  must(done(), "it comes to that point");
}

/** As `goOnUntil`, until the promise is settled. */
export async function goOnBut(
  disk: SimulatedDisk,
  promise: Promise<unknown>,
  held: (call: WaitingCall) => boolean,
): Promise<void> {
  let isSettled = false;
  const note = (): void => {
    isSettled = true;
  };
  promise.then(note, note);
  await goOnUntil(disk, () => isSettled, held);
}
