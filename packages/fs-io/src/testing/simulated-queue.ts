/**
 * Calls that have begun and not returned, and which of them returns next.
 *
 * Without choices they return in the order in which they began, one a microtask. With choices, each is taken modulo the
 * number of calls that wait; so any list of small integers is a schedule, and one that is shorter or has smaller numbers
 * is closer to first come, first served.
 */
export class CompletionQueue {
  #waiting: Waiting[] = [];
  readonly #choices: readonly number[];
  #nextChoice = 0;
  #patience: number;
  #isScheduled = false;
  #isPaused = false;

  constructor(choices: readonly number[]) {
    this.#choices = choices;
    this.#patience = this.#initialPatience;
  }

  /** `complete` is called once, in a later microtask. */
  push(description: WaitingCall, complete: () => void): void {
    this.#waiting.push({ description, complete });
    this.#schedule();
  }

  get waiting(): readonly WaitingCall[] {
    return this.#waiting.map(({ description }) => description);
  }

  /** Nothing returns by itself until `resume`. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#schedule();
  }

  /** Lets the waiting call of that index return now. */
  release(index: number): void {
    const [released] = this.#waiting.splice(index, 1);
    released?.complete();
  }

  /** What waits will never return. */
  clear(): void {
    this.#waiting = [];
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isPaused || this.#waiting.length === 0) return;
    this.#isScheduled = true;
    queueMicrotask(this.#step);
  }

  readonly #step = (): void => {
    this.#isScheduled = false;
    if (this.#isPaused || this.#waiting.length === 0) return;
    if (this.#patience > 0) {
      this.#patience--;
    } else {
      this.#patience = this.#initialPatience;
      this.release(this.#choose());
    }
    this.#schedule();
  };

  #choose(): number {
    const choice = this.#choices[this.#nextChoice++] ?? 0;
    return choice % this.#waiting.length;
  }

  /** A choice is worth something only once everybody who is about to call has called. */
  get #initialPatience(): number {
    return this.#choices.length === 0 ? 0 : MICROTASKS_UNTIL_QUIET;
  }
}

/** A call that waits to return. */
export interface WaitingCall {
  readonly call: number;
  readonly operation: string;
  readonly path: string;
}

interface Waiting {
  readonly description: WaitingCall;
  readonly complete: () => void;
}

/** More than the awaits between a call's return and the caller's next one. */
const MICROTASKS_UNTIL_QUIET = 32;
