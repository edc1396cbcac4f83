import { describeStep, type SimulatedDisk, type TraceEvent } from "@hashlog/fs-io/testing";
import { DIRECTORY } from "./text-store.ts";

/** Is told what happens, in words, line by line. */
export type Narrator = (line: string) => void;

/**
 * Tells what happens on disks, step by step: what is done with the store, each line with the number of steps that the disk
 * has taken by then, and indented beneath it what the disk did, and which of its calls failed.
 *
 *        5  put "a", 430 characters
 *        6      create hashlog-0000000001.segment
 *        7      append 32 bytes to hashlog-0000000001.segment at 0
 */
export class Teller {
  readonly #narrate: Narrator | undefined;
  #disk: SimulatedDisk | undefined;
  /** The ordinal from which its steps are counted. */
  #begun = 0;
  /** How much of its trace is told, and how many steps it had taken by then. */
  #told = 0;
  #steps = 0;
  #underWay = new Map<number, string>();

  /** Without a narrator nothing is told, and nothing looked at. */
  constructor(narrate?: Narrator) {
    this.#narrate = narrate;
  }

  /** Whether anybody listens. */
  get isHeard(): boolean {
    return this.#narrate !== undefined;
  }

  /** From now on it tells of that disk. Steps are counted from those on that it had taken when there were `begun`. */
  watch(disk: SimulatedDisk, begun: number = disk.position): void {
    this.catchUp();
    this.#disk = disk;
    this.#begun = begun;
    this.#steps = disk.position;
    this.#told = disk.trace.length;
    this.#underWay = new Map();
  }

  /** Something that is done with the store on that disk, or comes of it. */
  tell(what: string): void {
    this.catchUp();
    this.#line(what);
  }

  /** A line as it is. */
  say(line: string): void {
    this.catchUp();
    this.#narrate?.(line);
  }

  /** Tells what the disk has done since it was looked at last. */
  catchUp(): void {
    if (this.#narrate === undefined || this.#disk === undefined) return;
    const { trace } = this.#disk;
    for (; this.#told < trace.length; this.#told += 1) this.#take(trace[this.#told]!);
  }

  #take(event: TraceEvent): void {
    if (event.type === "call") this.#underWay.set(event.call, `${event.operation} ${event.path}`);
    if (event.type === "step") {
      this.#steps = event.ordinal + 1;
      this.#line(`    ${describeStep(event.operation)}`);
    }
    if (event.type !== "return") return;
    if (event.outcome !== "ok") this.#line(`    ${this.#underWay.get(event.call)} fails: ${event.outcome}`);
    this.#underWay.delete(event.call);
  }

  #line(what: string): void {
    this.#narrate?.(`${String(this.#steps - this.#begun).padStart(5)}  ${withoutDirectory(what)}`);
  }
}

/** With paths from the store's directory on. */
export function withoutDirectory(words: string): string {
  return words.replaceAll(`${DIRECTORY}/`, "");
}
