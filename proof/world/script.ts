import { HashlogError } from "@hashlog/engine";
import type { Manifest } from "@hashlog/format";
import type { FileSystem } from "@hashlog/fs-io";
import {
  crashPointAt,
  diskAt,
  fate,
  sampleFates,
  SeededRandom,
  SimulatedDisk,
  type DiskImage,
  type FateKind,
  type PendingUnit,
  type Profile,
  type SimulatedDiskOptions,
} from "@hashlog/fs-io/testing";
import { manifestOf } from "./manifest.ts";
import { quiet, settled } from "./quiet.ts";
import { emptyStore, openStore, readState, type StoreShape, type TextStore } from "./text-store.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** What a script begins with. */
export interface ScriptOptions extends SimulatedDiskOptions {
  readonly sync?: StoreShape["sync"];
  /** Index into `SEGMENT_BYTES`: 0 for segments of 512 bytes. Default 2, for 4096. */
  readonly segments?: number;
  /** Default: those of every store. */
  readonly limits?: StoreShape["limits"];
}

/** A store on a disk that crashes when it is told to, for telling one story from beginning to end. */
export class Script {
  readonly disk: SimulatedDisk;
  readonly clock: VirtualClock = new VirtualClock();
  readonly #shape: StoreShape;
  #store: TextStore | undefined;

  constructor(disk: SimulatedDisk, { sync = "always", segments = 2, limits = "usual" }: ScriptOptions = {}) {
    this.disk = disk;
    this.#shape = { sync, segments, limits };
  }

  /** An open store that holds nothing, on an otherwise empty disk. */
  static async begin(options: ScriptOptions = {}): Promise<Script> {
    const script = new Script(new SimulatedDisk({ image: await emptyStore(), ...options }), options);
    await script.open();
    return script;
  }

  get store(): TextStore {
    return this.#store!;
  }

  /** Opens the store in a new process. */
  async open(fileSystem: FileSystem = this.disk.boot()): Promise<TextStore> {
    this.#store = await settled(openStore(fileSystem, this.#shape, this.clock), "opening");
    return this.#store;
  }

  async close(): Promise<void> {
    await settled(this.store.close(), "closing");
    await quiet();
  }

  async reopen(): Promise<void> {
    await this.close();
    await this.open();
  }

  /** The process dies and another opens the store. */
  async killAndOpen(): Promise<void> {
    this.disk.kill();
    await this.open();
  }

  /** A power cut by a profile, or one that takes just the units that `lost` chooses. */
  cutPower(what: Exclude<Profile, "kill"> | ((unit: PendingUnit) => boolean), kind: FateKind = "lost"): DiskImage {
    if (typeof what === "string") return this.disk.powerCut([], what);
    return this.disk.powerCut(fatesOf(this.disk, this.disk.position, what, kind), "free");
  }

  async cutPowerAndOpen(
    what: Exclude<Profile, "kill"> | ((unit: PendingUnit) => boolean),
    kind: FateKind = "lost",
  ): Promise<void> {
    this.cutPower(what, kind);
    await this.open();
  }

  /** The same story up to that step, where the process was killed, on a disk of its own. */
  forkAt(ordinal: number): Script {
    return new Script(diskAt(this.disk, ordinal), this.#shape);
  }

  /** What a crash at that step leaves, on a disk of its own. What a power cut takes is chosen by `lost`, or by chance, always the same. */
  crashAt(ordinal: number, profile: Profile, lost?: (unit: PendingUnit) => boolean): Script {
    const point = crashPointAt(this.disk, ordinal);
    const chosen = lost && fatesOf(this.disk, ordinal, lost, "lost");
    const image = point.image(chosen ?? sampleFates(point, new SeededRandom(ordinal), { profile }), profile);
    return new Script(new SimulatedDisk({ image }), this.#shape);
  }

  /** As many microtasks pass. */
  async turns(count: number): Promise<void> {
    for (let turn = 0; turn < count; turn += 1) await Promise.resolve();
  }

  /** All entries, as an object. */
  async state(): Promise<Record<string, string>> {
    return Object.fromEntries(await readState(this.store));
  }

  /** The manifest as programs see it. */
  get manifest(): Manifest {
    return manifestOf(this.disk.image());
  }
}

function fatesOf(disk: SimulatedDisk, ordinal: number, lost: (unit: PendingUnit) => boolean, kind: FateKind): number[] {
  const point = crashPointAt(disk, ordinal);
  const fates: number[] = Array.from({ length: point.pendingCount }, () => 0);
  for (const unit of point.units) {
    if (unit.fateIndex >= 0 && lost(unit)) fates[unit.fateIndex] = fate(kind);
  }
  return fates;
}

/** Units of files whose path ends so. */
export function of(ending: string): (unit: PendingUnit) => boolean {
  return (unit) => unit.logged.operation.path.endsWith(ending);
}

/** `length` bytes of text that begin with `name`. */
export function long(name: string, length: number = 400): string {
  return `${name}.`.padEnd(length, "x");
}

/** The code that the promise rejects with; fails if it does not, or with anything but a HashlogError. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await settled(promise, "what has to fail").then(
    (value: unknown) => new Error(`resolved to ${String(value)}`),
    (reason: unknown) => reason,
  );
  if (!HashlogError.is(error)) throw error;
  return error.code;
}

/** The steps of the disk that did this, as ordinals right after them. */
export function stepsThat(disk: SimulatedDisk, kind: string, ending: string): number[] {
  return disk.recording.operations.flatMap((operation, index) =>
    operation.kind === kind && "path" in operation && operation.path.endsWith(ending) ? [index + 1] : [],
  );
}
