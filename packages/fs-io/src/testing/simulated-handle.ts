import type { AppendFile } from "../file-system.ts";
import { checkRange } from "../range.ts";
import { bytesKept, faultError, type Fault } from "./simulated-faults.ts";
import type { SimulatedMachine, SimulatedProcess } from "./simulated-machine.ts";
import type { FileNode } from "./simulated-nodes.ts";
import { appendWithin, failToFlush, fsFailure, syncFile } from "./simulated-steps.ts";

/** What a handle was opened for. */
export type HandleUse = "reading" | "appending";

/** An open file of a simulated file system. Dies with its process. */
export class SimulatedHandle implements AppendFile {
  readonly path: string;
  readonly #machine: SimulatedMachine;
  readonly #process: SimulatedProcess;
  readonly #file: FileNode;
  readonly #use: HandleUse;
  readonly #underWay: Set<Promise<unknown>> = new Set();
  #closing: Promise<void> | undefined;

  constructor(machine: SimulatedMachine, process: SimulatedProcess, path: string, file: FileNode, use: HandleUse) {
    this.path = path;
    this.#machine = machine;
    this.#process = process;
    this.#file = file;
    this.#use = use;
    machine.openHandle(process, this, file);
  }

  size(): number {
    this.#mustBeOpen("size");
    return this.#file.size;
  }

  append(source: Uint8Array, start: number, end: number): void {
    this.#mustBeOpen("append");
    checkRange("append", this.path, source, start, end, 0);
    this.#machine.call(this.#process, "append", this.path, (fault) => {
      if (fault === undefined) return appendWithin(this.#machine, "append", this.path, this.#file, source, start, end);
      const kept = bytesKept(fault, end - start);
      appendWithin(this.#machine, "append", this.path, this.#file, source, start, start + kept);
      throw faultError(fault.kind, "append", this.path);
    });
  }

  readSync(target: Uint8Array, at: number, bytes: number, position: number): number {
    this.#mustBeOpen("readSync");
    checkRange("readSync", this.path, target, at, at + bytes, position);
    return this.#machine.call(this.#process, "readSync", this.path, (fault) =>
      this.#read("readSync", fault, target, at, bytes, position),
    );
  }

  read(target: Uint8Array, at: number, bytes: number, position: number): Promise<number> {
    return this.#track(() => {
      this.#mustBeOpen("read");
      checkRange("read", this.path, target, at, at + bytes, position);
      return this.#machine.submit(this.#process, "read", this.path, (fault) =>
        this.#read("read", fault, target, at, bytes, position),
      );
    });
  }

  sync(): Promise<void> {
    return this.#track(() => {
      this.#mustBeOpen("sync");
      const upTo = this.#machine.state.position;
      return this.#machine.submit(this.#process, "sync", this.path, (fault) => {
        const kind = syncFile(this.#machine, this.path, this.#file, upTo, fault);
        if (kind !== undefined) throw faultError(kind, "sync", this.path);
      });
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeWhenUnused();
    return this.#closing;
  }

  async #closeWhenUnused(): Promise<void> {
    if (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
    if (!this.#process.alive) return;
    try {
      this.#machine.call(this.#process, "close", this.path, (fault) => this.#letGo(fault));
    } catch {
      // By the port's contract a close never rejects: what could not be written then, no sync has vouched for.
    }
  }

  /** The handle is gone in any case. */
  #letGo(fault: Fault | undefined): void {
    this.#machine.closeHandle(this.#process, this);
    if (fault === undefined) return;
    if (this.#use === "appending") failToFlush(this.#machine, this.path, this.#file);
    throw faultError(fault.kind, "close", this.path);
  }

  #read(
    operation: string,
    fault: Fault | undefined,
    target: Uint8Array,
    at: number,
    bytes: number,
    position: number,
  ): number {
    if (fault !== undefined && fault.kind !== "short") throw faultError(fault.kind, operation, this.path);
    const there = Math.max(0, Math.min(bytes, this.#file.size - position));
    const count = fault === undefined ? there : bytesKept(fault, there);
    if (count > 0) target.set(this.#file.contents.buffer.subarray(position, position + count), at);
    return count;
  }

  /** A call that `close` waits for. Its promise is given on as it is: each further one would cost several microtasks. */
  #track<T>(begin: () => Promise<T>): Promise<T> {
    let promise: Promise<T>;
    try {
      promise = begin();
    } catch (error) {
      return Promise.reject(error);
    }
    const forget = (): void => {
      this.#underWay.delete(promise);
    };
    this.#underWay.add(promise);
    promise.then(forget, forget);
    return promise;
  }

  #mustBeOpen(operation: string): void {
    if (this.#closing === undefined && this.#process.alive) return;
    throw fsFailure("FS_CLOSED", operation, this.path, "the handle is closed");
  }
}
