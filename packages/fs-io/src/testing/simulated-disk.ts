import { FsError } from "../errors.ts";
import { areFates, type Fates } from "./crash-fates.ts";
import type { Profile } from "./crash-profiles.ts";
import { DiskImage } from "./disk-image.ts";
import type { Fault } from "./simulated-faults.ts";
import { SimulatedFileSystem } from "./simulated-file-system.ts";
import { SimulatedMachine, type Recording, type SimulatedProcess } from "./simulated-machine.ts";
import type { WaitingCall } from "./simulated-queue.ts";
import type { TraceEvent } from "./simulated-trace.ts";
import type { DiskTraits } from "./simulated-traits.ts";

/** What a simulated disk begins with, what kind of disk it is, and what is to go wrong on it. */
export interface SimulatedDiskOptions extends DiskTraits {
  /** What the disk holds at first. Default: an empty root directory. */
  readonly image?: DiskImage;
  /** See `SimulatedDisk.capacityBytes`. Default `Infinity`. */
  readonly capacityBytes?: number;
  readonly faults?: readonly Fault[];
  /**
   * In which order calls return that wait at the same time: each number, modulo how many wait, says which is next.
   * Default and after the last number: first come, first served.
   */
  readonly schedule?: readonly number[];
  /**
   * Whether `trace` is written down. Default `true`. Without it a disk is quicker that is opened by the million and never
   * looked back upon; `onOperation` is told everything all the same.
   */
  readonly keepsTrace?: boolean;
  /** A disk's life up to now, to go on from instead of `image`: what `diskAt` makes. */
  readonly recording?: Recording;
}

/**
 * A disk, and the operating system's cache above it, that lose, tear, reorder, zero and garble whatever was not synced;
 * for proving that a program which writes files survives a crash at any moment.
 *
 * Programs reach it through the `FileSystem` of `boot()`. It outlives them: `kill` ends the processes and keeps all that
 * was handed to the operating system, synced or not; `powerCut` decides, by a list of numbers, what of the unsynced was
 * on its way to the disk in time. Each step is recorded, so that one execution yields the image of a crash at every
 * step (`crashPointAt`, `imageAt`, `exploreCrashes`). Same calls, same trace: there is no clock and no randomness in it.
 */
export class SimulatedDisk {
  readonly #machine: SimulatedMachine;

  constructor(options: SimulatedDiskOptions = {}) {
    const recording = options.recording ?? newRecording(options.image ?? new DiskImage());
    this.#machine = new SimulatedMachine(
      recording,
      options.schedule ?? [],
      traitsOf(options),
      options.keepsTrace ?? true,
    );
    this.#machine.capacityBytes = options.capacityBytes ?? Infinity;
    for (const fault of options.faults ?? []) this.#machine.faults.add(fault);
  }

  /** What happened, in order. Of a disk that went on from a recording: since then. */
  get trace(): readonly TraceEvent[] {
    return this.#machine.trace;
  }

  /** What kind of disk it is. */
  get traits(): DiskTraits {
    return this.#machine.traits;
  }

  /** From which crash images are derived. Grows while the disk is used. */
  get recording(): Recording {
    return this.#machine.recording;
  }

  /** How many steps have changed the disk so far. A crash now is a crash at this ordinal. */
  get position(): number {
    return this.#machine.state.position;
  }

  /** A new process. Several can live beside each other; they share the disk, and locks hold between them. */
  boot(): SimulatedFileSystem {
    const process: SimulatedProcess = {
      id: this.#machine.processes.length,
      alive: true,
      openFiles: new Map(),
      unlocked: new Set(),
      changesUnlocked: [],
    };
    this.#machine.processes.push(process);
    this.#machine.note({ type: "boot", process: process.id });
    return new SimulatedFileSystem(this.#machine, process);
  }

  /**
   * The process of that file system dies, or every process: handles and locks are gone, their promises never settle, and
   * later calls fail with `FS_CLOSED`. Files are as they were, and what was not synced is as little durable as before.
   */
  kill(process?: SimulatedFileSystem): void {
    if (process === undefined) this.#machine.killAll();
    else this.#machine.kill(this.#machine.processes[process.process]);
  }

  /**
   * Every process dies, and of what is not synced there remains what `fates` and `profile` leave (crash-fates.ts,
   * crash-profiles.ts). Returns what the disk holds now, all of it durable. Without either nothing is lost: a cut that takes
   * all that it can is `powerCut([], "drop-all")`.
   * @throws FsError `FS_INVALID_ARGUMENT` if a fate is not a non-negative safe integer
   */
  powerCut(fates: Fates = [], profile: Exclude<Profile, "kill"> = "free"): DiskImage {
    checkFates("powerCut", fates);
    this.#machine.cutPower(fates, profile);
    return this.image();
  }

  /**
   * The operating system needs its memory, and drops every page that it takes for written. Where a sync (or a close) has
   * failed, programs read from now on what the disk has, zeros, and no longer what was appended; nothing else changes: no
   * process dies, and what is on its way to the disk stays so. Open handles read it as well.
   */
  evict(): void {
    this.#machine.evict();
  }

  /** What programs see on the disk at this moment. */
  image(): DiskImage {
    return this.#machine.imageAsSeen();
  }

  /**
   * The world ends after the step of that ordinal (now, if that many were taken): no call does or returns anything any
   * more, until `kill` or `powerCut`. `stopped` tells when. Synchronous reads go on, of what there was.
   */
  stopAt(ordinal: number): void {
    this.#machine.stopAt = ordinal;
    if (this.position >= ordinal) this.#machine.stop();
  }

  /** Resolves when `stopAt` has ended the world. */
  get stopped(): Promise<void> {
    return this.#machine.stopped;
  }

  /** Called with each new line of the trace. Must not throw; may call `stopAt`. */
  set onOperation(listener: ((event: TraceEvent) => void) | undefined) {
    this.#machine.onEvent = listener;
  }

  /** Writes a line into the trace. */
  mark(label: string): void {
    this.#machine.note({ type: "mark", label });
  }

  /**
   * How many bytes of the file at `path` are there after a power cut, whatever it takes: those that completed syncs
   * cover, if the entries of the file and of every directory above it are durable as well. 0 if the file cannot be
   * found for certain. Seen from the disk: what a program believes does not count.
   */
  durableBytes(path: string): number {
    const node = this.#machine.state.lookupDurable(path);
    return node?.kind === "file" ? node.durableBytes : 0;
  }

  /** Whether `path` leads where it leads now after every power cut. `false` if it leads nowhere. */
  isEntryDurable(path: string): boolean {
    return this.#machine.state.lookupDurable(path) !== undefined;
  }

  /**
   * How many bytes all files may have together. Appends that find no room fail with `FS_NO_SPACE` after what fits; room
   * comes back when the last name and the last handle of a file are gone. May be changed at any time.
   */
  get capacityBytes(): number {
    return this.#machine.capacityBytes;
  }
  set capacityBytes(bytes: number) {
    this.#machine.capacityBytes = bytes;
  }

  /** What all files take now. */
  get usedBytes(): number {
    return this.#machine.usedBytes;
  }

  /** One more fault; a numbered one counts from the beginning of the disk's life. */
  inject(fault: Fault): void {
    this.#machine.faults.add(fault);
  }

  /** No fault happens any more. What earlier ones did stays done. */
  clearFaults(): void {
    this.#machine.faults.clear();
  }

  /** How many calls there were that a fault could have hit: the range of `Fault.at`. */
  get faultableCalls(): number {
    return this.#machine.faults.calls;
  }

  /** How many of them a fault did hit. */
  get firedFaults(): number {
    return this.#machine.faults.fired;
  }

  /** Calls that have begun and not returned. */
  get waiting(): readonly WaitingCall[] {
    return this.#machine.queue.waiting;
  }

  /** From now on no asynchronous call returns by itself, until `resume`. */
  pause(): void {
    this.#machine.queue.pause();
  }

  resume(): void {
    this.#machine.queue.resume();
  }

  /** Lets one of `waiting`, the first if none is named, return now. */
  release(index = 0): void {
    this.#machine.queue.release(index);
  }
}

/** @throws FsError `FS_INVALID_ARGUMENT` if a fate is not a non-negative safe integer */
export function checkFates(operation: string, fates: Fates): void {
  if (areFates(fates)) return;
  const words = `${operation}: fates are non-negative integers, not ${JSON.stringify(fates)}`;
  throw new FsError("FS_INVALID_ARGUMENT", words, { operation, path: "" });
}

function traitsOf({ platform = "posix", safeFileFlush = false, lyingSyncs = false }: DiskTraits): DiskTraits {
  return { platform, safeFileFlush, lyingSyncs };
}

function newRecording(image: DiskImage): Recording {
  return { image, operations: [], contents: new Map() };
}
