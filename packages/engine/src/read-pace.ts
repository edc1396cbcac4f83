import type { Clock } from "@hashlog/fs-io";

/**
 * Whether values may be read synchronously by those who wait for a promise. What the system has in its cache is there in a
 * microsecond or two, and ten times quicker than by asking another thread; what it has not may take as long as a disk takes,
 * and would hold the event loop.
 *
 * So it is tried: after a read that took its time the next ones are done aside, and twice as many each time that a try was
 * slow again, until as many tries in a row were quick. And as promises that are ready at once keep timers and I/O
 * waiting, a turn of the event loop has room for so many answers only: the others wait for the next one, in their order.
 */
export class ReadPace {
  readonly #clock: Pick<Clock, "elapsedMs" | "yield">;
  readonly #readsSynchronously: boolean;
  readonly #answersPerTurn: number;
  /** How many reads are left to be done aside, and how many the next time; how many were quick since. */
  #resting = 0;
  #rest = RESTS_LEAST;
  #quick = 0;
  /** How much room this turn still has. Nobody tells when it is over: whoever finds none begins the next one. */
  #left: number;
  #waiting: { readonly bytes: number; readonly answers: number; readonly resolve: () => void }[] = [];

  /** `answersPerTurn`: see `Limits`. */
  constructor(clock: Pick<Clock, "elapsedMs" | "yield">, readsSynchronously: boolean, answersPerTurn: number) {
    this.#clock = clock;
    this.#readsSynchronously = readsSynchronously;
    this.#answersPerTurn = answersPerTurn;
    this.#left = answersPerTurn;
  }

  /**
   * Whether so many answers, of so many bytes together, may be given in this turn, which then has less room; if not, `turn`
   * waits for one.
   */
  takes(bytes: number, answers: number = 1): boolean {
    if (this.#left <= 0 || this.#waiting.length > 0) return false;
    this.#take(bytes, answers);
    return true;
  }

  /** Resolves in a turn that has room for so many answers, of so many bytes together. */
  turn(bytes: number, answers: number = 1): Promise<void> {
    return new Promise<void>((resolve) => {
      this.#waiting.push({ bytes, answers, resolve });
      if (this.#waiting.length === 1) void this.#takeTurns();
    });
  }

  /** Whether the next value, of so many bytes, is to be read at once. */
  readsAtOnce(bytes: number): boolean {
    return bytes <= BYTES_AT_ONCE_MAX && this.isQuick;
  }

  /** Whether the next value, or the next few, may be read at once. */
  get isQuick(): boolean {
    if (!this.#readsSynchronously) return false;
    if (this.#resting === 0) return true;
    this.#resting -= 1;
    return false;
  }

  /** The moment, for `end`. */
  begin(): number {
    return this.#clock.elapsedMs();
  }

  /** Notes how long a reading took that was done at once; one of no more than `slowMs` was quick. */
  end(begun: number, slowMs: number = SLOW_MS): void {
    if (this.#clock.elapsedMs() - begun >= slowMs) {
      this.#resting = this.#rest;
      this.#rest = Math.min(this.#rest * 2, RESTS_MOST);
      this.#quick = 0;
    } else if (this.#rest > RESTS_LEAST && ++this.#quick >= this.#rest) {
      this.#rest /= 2;
      this.#quick = 0;
    }
  }

  #take(bytes: number, answers: number): void {
    this.#left -= answers + Math.min(bytes, BYTES_AT_ONCE_MAX) / BYTES_OF_A_READ;
  }

  async #takeTurns(): Promise<void> {
    let served = 0;
    while (served < this.#waiting.length) {
      await this.#clock.yield();
      this.#left = this.#answersPerTurn;
      while (served < this.#waiting.length && this.#left > 0) {
        const { bytes, answers, resolve } = this.#waiting[served++]!;
        this.#take(bytes, answers);
        resolve();
      }
      // Not each time, as what is left is moved: there may be a million.
      if (served * 2 > this.#waiting.length) {
        this.#waiting.splice(0, served);
        served = 0;
      }
    }
  }
}

/** What a value takes at least that comes from a disk; from the system's cache it takes a few microseconds. */
const SLOW_MS = 0.1;
const RESTS_LEAST = 4;
const RESTS_MOST = 1024;
/** A larger value takes so long to be copied that another thread may as well do it. */
const BYTES_AT_ONCE_MAX = 64 * 1024;
/** To read so many bytes takes about as long as to begin reading. */
const BYTES_OF_A_READ = 8 * 1024;
