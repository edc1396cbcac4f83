import { createHistogram, monitorEventLoopDelay, performance } from "node:perf_hooks";

/** How a piece of work went. */
export interface Measured {
  readonly operations: number;
  readonly seconds: number;
  /** Of those that were timed: one in sixteen where they are done synchronously, else one in eight; of a batch, as a whole. */
  readonly latencyNs: { readonly p50: number; readonly p99: number; readonly p999: number; readonly most: number };
  /**
   * How late the event loop was, p99; `null` where the work is done synchronously, and holds it itself. Between two turns lie at
   * most a thousand operations of a store that answers at once, a batch of those, or what its calls take longer than 2 ms.
   */
  readonly loopLateMs: number | null;
}

/** Lets work go on until its time is over, and times it. */
export class Stopwatch {
  readonly #secondsMost: number;
  readonly #latency = createHistogram();
  #begun = 0;
  #ended = 0;
  #operations = 0;
  #loopLateMs: number | null = null;

  constructor(secondsMost: number) {
    this.#secondsMost = secondsMost;
  }

  /** Does one operation after the other, and gives the event loop away now and then. */
  async sync(operation: () => void): Promise<void> {
    this.#begin();
    const until = this.#begun + this.#secondsMost * 1000;
    let now = this.#begun;
    while (now < until) {
      for (let index = 0; index < SYNC_OPERATIONS; index += SYNC_TIMED_EACH) {
        const begun = performance.now();
        operation();
        now = performance.now();
        this.#record(now - begun);
        for (let untimed = 1; untimed < SYNC_TIMED_EACH; untimed += 1) operation();
      }
      this.#operations += SYNC_OPERATIONS;
      await new Promise((resolve) => setImmediate(resolve));
      now = performance.now();
    }
    this.#ended = now;
  }

  /**
   * Keeps so many going until there are no `more`, or the time is over; what comes of each is given to `check`. Nothing stands
   * between the store's promise and whoever waits for it: one more of them would take as long as a quick read.
   */
  async inFlight<T>(
    count: number,
    operation: () => Promise<T>,
    { check, more = () => true }: { readonly check?: (result: T) => void; readonly more?: () => boolean } = {},
  ): Promise<void> {
    const late = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
    late.enable();
    this.#begin();
    const until = this.#begun + this.#secondsMost * 1000;
    let calls = 0;
    let isOver = false;
    const turns = new Turns(this.#begun);
    const one = async (): Promise<void> => {
      while (!isOver && more()) {
        if (turns.next !== undefined) {
          await turns.next;
          continue;
        }
        calls += 1;
        if (count > 1 && calls % TIMED_EACH !== 0) {
          const result = await operation();
          check?.(result);
        } else {
          const begun = performance.now();
          const result = await operation();
          const ended = performance.now();
          this.#record(ended - begun);
          isOver ||= ended >= until;
          check?.(result);
          turns.isTime(ended);
        }
        this.#operations += 1;
        turns.isDone(this.#operations);
      }
    };
    await Promise.all(Array.from({ length: count }, one));
    this.#ended = performance.now();
    late.disable();
    // It counts the resolution as delay, and nothing where the event loop was held from the beginning to the end.
    this.#loopLateMs =
      late.count === 0 ? this.#ended - this.#begun : Math.max(0, late.percentile(99) / 1e6 - LOOP_RESOLUTION_MS);
  }

  /** A call of `inFlight` did so many operations more than one. */
  also(operations: number): void {
    this.#operations += operations;
  }

  get measured(): Measured {
    const at = (percentile: number): number => this.#latency.percentile(percentile);
    return {
      operations: this.#operations,
      seconds: (this.#ended - this.#begun) / 1000,
      latencyNs: { p50: at(50), p99: at(99), p999: at(99.9), most: this.#latency.max },
      loopLateMs: this.#loopLateMs,
    };
  }

  #begin(): void {
    this.#begun = performance.now();
  }

  #record(ms: number): void {
    this.#latency.record(Math.max(1, Math.round(ms * 1e6)));
  }
}

/**
 * When the event loop is given away. A store that answers at once never does so itself, so that everything else would wait for
 * ever; and it has to be given away by all that are in flight, as one alone that waits for its turn leaves the others busy.
 */
class Turns {
  /** The turn that everyone has to wait for, where it is time for one. */
  next: Promise<void> | undefined;
  #begunMs: number;
  #operationsBefore = 0;

  constructor(begunMs: number) {
    this.#begunMs = begunMs;
  }

  /** So late it is now: after something slow it is time for a turn however few operations that was. */
  isTime(nowMs: number): void {
    if (nowMs - this.#begunMs >= TURN_MS) this.#give();
  }

  /** So many operations were done in all. */
  isDone(operations: number): void {
    if (operations - this.#operationsBefore < TURN_OPERATIONS) return;
    this.#operationsBefore = operations;
    this.#give();
  }

  #give(): void {
    this.next ??= new Promise((resolve) => {
      setImmediate(() => {
        this.next = undefined;
        this.#begunMs = performance.now();
        resolve();
      });
    });
  }
}

const SYNC_OPERATIONS = 1024;
const SYNC_TIMED_EACH = 16;
const TIMED_EACH = 8;
const TURN_OPERATIONS = 1000;
const TURN_MS = 2;
const LOOP_RESOLUTION_MS = 1;
