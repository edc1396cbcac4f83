import type { FsError } from "../errors.ts";
import type { Fates } from "./crash-fates.ts";
import { crashImage } from "./crash-image.ts";
import type { Profile } from "./crash-profiles.ts";
import type { DiskImage } from "./disk-image.ts";
import type { Contents } from "./simulated-contents.ts";
import { evictions } from "./simulated-eviction.ts";
import { FaultPlan, type Fault } from "./simulated-faults.ts";
import { CompletionQueue } from "./simulated-queue.ts";
import type { FileNode } from "./simulated-nodes.ts";
import { DiskState } from "./simulated-state.ts";
import { fsFailure, parentOf } from "./simulated-steps.ts";
import { asTaken, type DiskTraits } from "./simulated-traits.ts";
import type { MicroOperation, TraceEvent } from "./simulated-trace.ts";

/** All that is needed to bring a disk to any moment of its life again. */
export interface Recording {
  /** What it began with. */
  readonly image: DiskImage;
  /** The steps, in order. */
  readonly operations: MicroOperation[];
  readonly contents: Contents;
}

/** A process that uses the disk: dead processes get nothing done any more. */
export interface SimulatedProcess {
  readonly id: number;
  alive: boolean;
  /** The file of each handle that it has open. */
  readonly openFiles: Map<object, FileNode>;
  /** The directories that it had locked, and gave back. */
  readonly unlocked: Set<string>;
  /** What it has changed in these, each by its call. */
  readonly changesUnlocked: string[];
}

/** The calls that change the names in a directory, as the trace has them. */
const CHANGES: ReadonlySet<string> = new Set([
  ...["makeDirectory", "create", "remove", "link", "replace.write", "replace.rename"],
]);

/**
 * The works behind a simulated disk, shared by it, the file systems that it boots and their handles: takes steps and
 * writes them down, lets calls return in their order, and stops everything at a chosen step.
 */
export class SimulatedMachine {
  readonly recording: Recording;
  readonly state: DiskState;
  readonly trace: TraceEvent[] = [];
  readonly faults: FaultPlan = new FaultPlan();
  readonly queue: CompletionQueue;
  /** Who holds which lock, by the directory's number and the lock's name. */
  readonly locks: Map<string, SimulatedProcess> = new Map();
  readonly processes: SimulatedProcess[] = [];
  readonly traits: DiskTraits;
  readonly #keepsTrace: boolean;
  capacityBytes: number = Infinity;
  isStopped = false;
  onEvent: ((event: TraceEvent) => void) | undefined;
  stopAt: number = Infinity;
  #calls = 0;
  #tellStopped: (() => void)[] = [];

  constructor(recording: Recording, choices: readonly number[], traits: DiskTraits, keepsTrace: boolean) {
    this.recording = recording;
    this.traits = traits;
    this.#keepsTrace = keepsTrace;
    this.queue = new CompletionQueue(choices);
    this.state = new DiskState(recording.image, recording.contents);
    for (const operation of recording.operations) replay(this.state, operation);
  }

  get usedBytes(): number {
    let bytes = 0;
    for (const node of this.state.nodes.values()) {
      if (node.kind === "file" && (node.links > 0 || node.handles > 0)) bytes += node.size;
    }
    return bytes;
  }

  get freeBytes(): number {
    return this.capacityBytes === Infinity ? Infinity : Math.max(0, this.capacityBytes - this.usedBytes);
  }

  /** Takes one step, unless the world has stopped. */
  step(wanted: MicroOperation): void {
    if (this.isStopped) return;
    const operation = asTaken(wanted, this.traits);
    const ordinal = this.state.position;
    replay(this.state, operation);
    this.recording.operations.push(operation);
    if (this.#isWatched) this.note({ type: "step", ordinal, operation });
    if (this.state.position >= this.stopAt) this.stop();
  }

  /** From now on nothing changes the disk, and no promise settles. */
  stop(): void {
    if (this.isStopped) return;
    this.isStopped = true;
    this.queue.clear();
    for (const tell of this.#tellStopped.splice(0)) tell();
  }

  get stopped(): Promise<void> {
    if (this.isStopped) return Promise.resolve();
    return new Promise((resolve) => this.#tellStopped.push(resolve));
  }

  /** What the cache alone holds leaves it: of that file, or of all. */
  evict(file?: FileNode): void {
    for (const operation of evictions(this.state, file)) this.step(operation);
  }

  imageAsSeen(): DiskImage {
    return crashImage(this.state, [], "kill");
  }

  note(event: TraceEvent): void {
    if (this.#keepsTrace) this.trace.push(event);
    this.onEvent?.(event);
  }

  /** Whether anybody would ever know of an event. */
  get #isWatched(): boolean {
    return this.#keepsTrace || this.onEvent !== undefined;
  }

  /** A call that returns at once. `work` is given the fault that the call is to have. */
  call<T>(process: SimulatedProcess, operation: string, path: string, work: (fault: Fault | undefined) => T): T {
    mustBeAlive(process, operation, path);
    if (this.isStopped) return work(undefined);
    const call = this.#begin(process, operation, path);
    return this.#finish(call, this.faults.next(operation, path), work);
  }

  /**
   * A call whose promise settles later, in its turn, with what `work` does then. In a dead process it is refused; once
   * the world has stopped, or its process has died, it never settles.
   */
  submit<T>(process: SimulatedProcess, operation: string, path: string, work: Work<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      mustBeAlive(process, operation, path);
      if (this.isStopped) return;
      const call = this.#begin(process, operation, path);
      const fault = this.faults.next(operation, path);
      const complete = (): void => {
        if (!process.alive) return;
        if (CHANGES.has(operation) && process.unlocked.has(parentOf(path))) {
          process.changesUnlocked.push(`${operation} of ${path}`);
        }
        try {
          const value = this.#finish(call, fault, work);
          if (!this.isStopped) resolve(value);
        } catch (error) {
          if (!this.isStopped) reject(error);
        }
      };
      this.queue.push({ call, operation, path, complete });
    });
  }

  #begin(process: SimulatedProcess, operation: string, path: string): number {
    const call = this.#calls++;
    if (this.#isWatched) this.note({ type: "call", call, process: process.id, operation, path });
    return call;
  }

  /** Does the work of a call that has begun, and notes how it ended; a call in which the world stopped has no end. */
  #finish<T>(call: number, fault: Fault | undefined, work: Work<T>): T {
    if (!this.#isWatched) return work(fault);
    let outcome: Extract<TraceEvent, { type: "return" }>["outcome"] = "ok";
    try {
      return work(fault);
    } catch (error) {
      outcome = (error as FsError).code;
      throw error;
    } finally {
      if (!this.isStopped) this.note({ type: "return", call, outcome });
    }
  }

  /** The process dies: its handles and locks are gone, and what it waited for never comes. */
  kill(process: SimulatedProcess): void {
    if (!process.alive) return;
    process.alive = false;
    this.note({ type: "kill", process: process.id });
    for (const [lock, holder] of this.locks) {
      if (holder === process) this.locks.delete(lock);
    }
    for (const handle of process.openFiles.keys()) this.closeHandle(process, handle);
  }

  openHandle(process: SimulatedProcess, handle: object, file: FileNode): void {
    process.openFiles.set(handle, file);
    file.handles++;
  }

  closeHandle(process: SimulatedProcess, handle: object): void {
    const file = process.openFiles.get(handle);
    if (file === undefined) return;
    process.openFiles.delete(handle);
    file.handles--;
  }

  /** Whether somebody's open handle keeps the file's names as they are. */
  isHeld(file: FileNode): boolean {
    return this.traits.platform === "windows" && file.handles > 0;
  }

  /** Whether there is such a thing as syncing a directory. */
  get syncsDirectories(): boolean {
    return this.traits.platform !== "windows";
  }

  /** All processes die; the disk goes on. */
  killAll(): void {
    for (const process of this.processes) this.kill(process);
    this.queue.clear();
    this.isStopped = false;
    this.stopAt = Infinity;
  }

  /** All processes die, and what the log holds is decided. */
  cutPower(fates: Fates, profile: Profile): void {
    this.killAll();
    this.step({ kind: "power-cut", fates, profile });
  }
}

type Work<T> = (fault: Fault | undefined) => T;

/** Brings a state one step on. */
export function replay(state: DiskState, operation: MicroOperation): void {
  if (operation.kind === "power-cut") state.cutPower(crashImage(state, operation.fates, operation.profile));
  else state.apply(operation);
}

function mustBeAlive(process: SimulatedProcess, operation: string, path: string): void {
  if (!process.alive) throw fsFailure("FS_CLOSED", operation, path, "the process is dead");
}
