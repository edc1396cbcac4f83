import { HashlogError, repair, verify, type RepairReport, type VerifyReport } from "@hashlog/engine";
import { decodeManifest, MANIFEST_NAME, parseFileName, type Manifest } from "@hashlog/format";
import { crashPointAt, SimulatedDisk, type Damage, type DiskImage } from "@hashlog/fs-io/testing";
import type { Outcome } from "../properties/p10-corruption-honesty.ts";
import { mustHoldOfRepair } from "../properties/p24-repair.ts";
import { DIRECTORY } from "../world/text-store.ts";
import { VirtualClock } from "../world/virtual-clock.ts";
import { logOutcome, testifiedOn } from "./log-outcome.ts";
import { openSmall, READ_AT } from "./opening.ts";
import { readEverything } from "./reading.ts";
import { recordsOf, type PlacedRecord } from "./records-of.ts";
import { newestOf } from "./scan-segment.ts";
import type { SmallStore } from "./stores.ts";

/**
 * Verifies and repairs a store on which something was damaged, and demands that verifying tells of it and changes nothing;
 * that the store opens afterwards; that every record of which no byte was damaged is there; that every key that is not
 * as it was stands on the list; that files that were whole are as they were, and the others lie aside as they were found; and that
 * there is nothing to repair any more (P24).
 */
export class RepairJudge {
  readonly #store: SmallStore;
  readonly #records: ReadonlyMap<string, PlacedRecord>;
  readonly #lastSequence: number;
  readonly #latest: ReadonlyMap<string, string>;
  /** How many damages were tried. */
  tried = 0;
  /** Of how many of them verifying told. */
  found = 0;
  /** How many of the stores nobody can repair. */
  refused = 0;
  /** How many keys, of all stores together, were not what they had been. */
  lost = 0;
  /** How many records were saved out of damaged parts. */
  saved = 0;

  private constructor(store: SmallStore, records: ReadonlyMap<string, PlacedRecord>, lastSequence: number) {
    this.#store = store;
    this.#records = records;
    this.#lastSequence = lastSequence;
    this.#latest = store.contents.get(lastSequence)!;
  }

  static async of(store: SmallStore): Promise<RepairJudge> {
    const log = await logOutcome(store.image);
    if (log.kind === "corrupt") throw new Error("the store is damaged before anybody damaged it");
    return new RepairJudge(store, newestOf(await recordsOf(store)), log.lastSequence);
  }

  async try(image: DiskImage, damage: Damage): Promise<void> {
    try {
      await this.judge(damage.apply(image), image);
    } catch (error) {
      const { message } = error as Error;
      throw new Error(`${this.#store.name}, ${damage.description}: ${message}`, { cause: error });
    }
  }

  /** `whole` is the same disk before it was damaged. */
  async judge(image: DiskImage, whole: DiskImage): Promise<void> {
    this.tried += 1;
    const disk = new SimulatedDisk({ image });
    const fileSystem = disk.boot();
    const shared = { fileSystem, index: this.#store.shape.keydir, clock: new VirtualClock(READ_AT) };
    const found = await outcomeOf(() => verify(DIRECTORY, shared));
    mustHoldOfRepair(sameFiles(filesOn(disk), image), "verifying changed a file");
    const done = await outcomeOf(() => repair(DIRECTORY, shared));
    if (done instanceof HashlogError) {
      this.#judgeRefusal(done, found, disk, image);
      return;
    }
    mustHoldOfRepair(!(found instanceof HashlogError), "what can be repaired cannot be verified");
    await this.#judgeFindings(found as VerifyReport, done, image);
    this.#judgeFiles(disk, image, whole, done);
    await this.#judgeContents(disk, image, done);
    const after = await verify(DIRECTORY, shared);
    mustHoldOfRepair(after.findings.length === 0, `afterwards there is still: ${after.findings[0]?.what}`);
    const again = await repair(DIRECTORY, shared);
    mustHoldOfRepair(!again.changed && again.lost.length + again.mayBeLost.length === 0, "it is to be repaired twice");
    disk.kill();
  }

  /** Judges what a repair of `image` left that was cut off, and that would have come to `report`, by repairing it again. */
  async judgeAgain(left: DiskImage, image: DiskImage, report: RepairReport): Promise<void> {
    this.tried += 1;
    const disk = new SimulatedDisk({ image: left });
    const shared = { fileSystem: disk.boot(), index: this.#store.shape.keydir, clock: new VirtualClock(READ_AT) };
    const again = await repair(DIRECTORY, shared);
    const done = {
      ...again,
      lost: [...report.lost, ...again.lost],
      mayBeLost: [...report.mayBeLost, ...again.mayBeLost],
      manifestRebuilt: report.manifestRebuilt || again.manifestRebuilt,
      tornTail: report.tornTail ?? again.tornTail,
    };
    mustHaveKept(filesOn(disk), image);
    await this.#judgeContents(disk, image, done);
    const after = await verify(DIRECTORY, shared);
    mustHoldOfRepair(after.findings.length === 0, `afterwards there is still: ${after.findings[0]?.what}`);
    disk.kill();
  }

  #judgeRefusal(
    refusal: HashlogError,
    found: VerifyReport | HashlogError,
    disk: SimulatedDisk,
    image: DiskImage,
  ): void {
    this.refused += 1;
    // Of a manifest that seems to be of a later version nobody can tell; and without any file there is no store.
    const isLater = refusal.code === "HASHLOG_VERSION";
    const isGone = refusal.code === "HASHLOG_NOT_FOUND" && image.bytes(MANIFEST) === undefined;
    mustHoldOfRepair(isLater || isGone, `repairing fails: ${refusal.message}`);
    mustHoldOfRepair(
      found instanceof HashlogError && found.code === refusal.code,
      "verifying says something else than repairing",
    );
    mustHoldOfRepair(sameFiles(filesOn(disk), image), "a repair that was refused changed a file");
  }

  async #judgeFindings(found: VerifyReport, done: RepairReport, image: DiskImage): Promise<void> {
    const harm = found.findings.filter(({ harmless }) => !harmless);
    if (found.findings.length > 0) this.found += 1;
    mustHoldOfRepair(done.changed === found.findings.length > 0, "what is found is repaired, and nothing else");
    mustHoldOfRepair(
      harm.length > 0 || done.lost.length + done.mayBeLost.length === 0,
      "something is lost, and no harm was found",
    );
    if (harm.length > 0) return;
    // The store opens as it is, then, and every read is right.
    const disk = new SimulatedDisk({ image });
    const store = await openSmall(disk.boot(), this.#store.shape);
    const { sequence } = store.stats();
    if (sequence < this.#lastSequence && found.tornTail === undefined) {
      mustHoldOfRepair(isShorter(image, this.#store.image), "the end of the log is gone, and nothing was found");
    }
    const contents = this.#store.contents.get(sequence);
    for (const [key, value] of await readEverything(store)) {
      mustHoldOfRepair(
        value === contents?.get(key),
        `no harm was found, and ${JSON.stringify(key)} is ${String(value)}`,
      );
    }
    disk.kill();
  }

  /** Files that are whole are untouched; whatever left the store lies aside, byte for byte. */
  #judgeFiles(disk: SimulatedDisk, image: DiskImage, whole: DiskImage, { setAside }: RepairReport): void {
    const left = filesOn(disk);
    for (const path of image.files.keys()) {
      const name = path.slice(DIRECTORY.length + 1);
      const kind = parseFileName(name)?.kind;
      // The replacement of a manifest is written anew with each of its changes.
      if (kind === "lock" || kind === "manifest-replacement" || kind === undefined) continue;
      const aside = setAside?.files.includes(name) === true ? left.bytes(`${setAside.directory}/${name}`) : undefined;
      if (aside !== undefined) {
        mustHoldOfRepair(sameBytes(aside, image.bytes(path)), `${name} is not aside as it was found`);
        continue;
      }
      if (name === MANIFEST_NAME) continue;
      mustHoldOfRepair(sameBytes(left.bytes(path), image.bytes(path)), `${name} was changed, or is gone`);
    }
    for (const name of setAside?.files ?? []) {
      const isHint = name.endsWith(".hint");
      const path = `${DIRECTORY}/${name}`;
      const wasWhole = sameBytes(image.bytes(path), whole.bytes(path));
      const kind = parseFileName(name)?.kind;
      const inLog = this.#store.manifest.segments.some(({ state }) => state === "unsealed");
      // A hint goes with its segment; and the log is one, however many segments it has.
      mustHoldOfRepair(!wasWhole || isHint || (kind === "segment" && inLog), `${name} was whole, and was taken out`);
    }
  }

  async #judgeContents(disk: SimulatedDisk, image: DiskImage, done: RepairReport): Promise<void> {
    const store = await openSmall(disk.boot(), this.#store.shape);
    // Without a manifest it cannot be told what was durable.
    const durable = done.manifestRebuilt ? 0 : await testifiedOn(image).catch(() => 0);
    const lost = new Map(done.lost.map(({ key, version }) => [new TextDecoder().decode(key), version]));
    for (const [key, value] of await readEverything(store)) {
      if (value === this.#latest.get(key) && !lost.has(key)) continue;
      this.lost += 1;
      this.#mustBeExcused(key, value, { image, done, durable, isListed: lost.has(key) });
    }
    this.saved += done.recordsSaved;
    await store.close();
  }

  /** A key that is not as it was. */
  #mustBeExcused(
    key: string,
    value: Outcome,
    after: { image: DiskImage; done: RepairReport; durable: number; isListed: boolean },
  ): void {
    const { image, done, durable, isListed } = after;
    const what = `${JSON.stringify(key)} is ${String(value)}`;
    const record = this.#records.get(key);
    mustHoldOfRepair(record !== undefined, `${what}, and was never written`);
    const earlier = [...this.#store.contents.values()].map((contents) => contents.get(key));
    mustHoldOfRepair(value === undefined || earlier.includes(value as string), `${what}, which it never was`);
    if (isListed) mustHoldOfRepair(value === undefined, `${what}, and on the list of what is lost`);
    const { path, sequence, segmentId, offset, end } = record;
    // An older manifest that nothing contradicts any more is believed: its files are what a crash may leave, and a segment that it
    // does not list, and that testifies nothing more, holds nothing that was durable (FORMAT.md, "An older manifest").
    const older = done.manifestRebuilt ? undefined : this.#olderManifest(image);
    const isListedThere = older?.segments.some((listed) => listed.segmentId === segmentId);
    if (older !== undefined && !sameBytes(image.bytes(path), this.#store.image.bytes(path))) return;
    if (isListedThere === false && sequence > durable) return;
    // Behind what was durable, and behind a tear, nothing was acknowledged.
    if (done.tornTail !== undefined && this.#isInLog(segmentId) && sequence > durable) return;
    if (isCut(image, this.#store.image, path) && this.#isInLog(segmentId) && sequence > durable) return;
    // Nothing tells whether a record is one where nothing tells the identity of its file.
    const isUnknown = done.findings.some((found) => found.path === path && found.what.includes("cannot be told"));
    const isWhole = sameBytes(image.bytes(path)?.subarray(offset, end), this.#bytesOf(record));
    mustHoldOfRepair(!isWhole || isUnknown, `${what}, and its record is whole`);
    const mayBe = done.mayBeLost.some((range) => {
      const { firstSequence, lastSequence } = range;
      const isThere = range.segmentId === segmentId && offset < range.offset + range.bytes && end > range.offset;
      return isThere || (firstSequence !== undefined && sequence >= firstSequence && sequence <= lastSequence!);
    });
    mustHoldOfRepair(isListed || mayBe || done.manifestRebuilt, `${what}, and nothing in the report says so`);
  }

  /** The manifest that lies there, if it is not the store's newest. */
  #olderManifest(image: DiskImage): Manifest | undefined {
    const bytes = image.bytes(MANIFEST);
    if (bytes === undefined || sameBytes(bytes, this.#store.image.bytes(MANIFEST))) return undefined;
    const decoded = decodeManifest(bytes);
    return decoded.kind === "ok" ? decoded.value : undefined;
  }

  #bytesOf({ path, offset, end }: PlacedRecord): Uint8Array {
    return this.#store.image.bytes(path)!.subarray(offset, end);
  }

  #isInLog(segmentId: number): boolean {
    return this.#store.manifest.segments.some(
      (listed) => listed.segmentId === segmentId && listed.state === "unsealed",
    );
  }
}

const MANIFEST = `${DIRECTORY}/${MANIFEST_NAME}`;

/** Whatever a repair found is there, in its place or aside, byte for byte, however often it was begun anew. */
function mustHaveKept(left: DiskImage, found: DiskImage): void {
  for (const path of found.files.keys()) {
    const name = path.slice(DIRECTORY.length + 1);
    const kind = parseFileName(name)?.kind;
    // A manifest that is not damaged is replaced.
    if (kind === undefined || kind === "lock" || kind === "manifest" || kind === "manifest-replacement") continue;
    const places = [...left.files.keys()].filter((other) => other.endsWith(`/${name}`));
    const isKept = places.some((place) => sameBytes(left.bytes(place), found.bytes(path)));
    mustHoldOfRepair(isKept, `${name} is as it was found neither in its place nor aside`);
  }
}

function isCut(image: DiskImage, whole: DiskImage, path: string): boolean {
  return (image.bytes(path)?.length ?? 0) < whole.bytes(path)!.length;
}

function isShorter(image: DiskImage, whole: DiskImage): boolean {
  return [...whole.files.keys()].some((path) => (image.bytes(path)?.length ?? 0) < whole.bytes(path)!.length);
}

function filesOn(disk: SimulatedDisk): DiskImage {
  return crashPointAt(disk, disk.position).image([], "kill");
}

function sameFiles(left: DiskImage, right: DiskImage): boolean {
  const paths = new Set([...left.files.keys(), ...right.files.keys()]);
  return [...paths].every((path) => path.includes("lock") || sameBytes(left.bytes(path), right.bytes(path)));
}

function sameBytes(left: Uint8Array | undefined, right: Uint8Array | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return left.length === right.length && left.every((byte, at) => byte === right[at]);
}

async function outcomeOf<T>(work: () => Promise<T>): Promise<T | HashlogError> {
  try {
    return await work();
  } catch (error) {
    if (!HashlogError.is(error)) throw error;
    return error;
  }
}
