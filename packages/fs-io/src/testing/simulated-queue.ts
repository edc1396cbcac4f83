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
  push(call: WaitingCall & { readonly complete: () => void }): void {
    this.#waiting.push(call);
    this.#schedule();
  }

  get waiting(): readonly WaitingCall[] {
    return this.#waiting.map(({ call, operation, path }) => ({ call, operation, path }));
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
    const released = index === 0 ? this.#waiting.shift() : this.#waiting.splice(index, 1)[0];
    released?.complete();
  }

  /** What waits will never return. */
  clear(): void {
    this.#waiting = [];
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isPaused || this.#waiting.length === 0) return;
    this.#isScheduled = true;
    // Cheaper than `queueMicrotask`, which makes a resource for those who trace asynchronous calls.
    void RESOLVED.then(this.#step);
  }

  readonly #step = (): void => {
    this.#isScheduled = false;
    if (this.#isPaused || this.#waiting.length === 0) return;
    if (this.#patience > 0) {
      this.#patience--;
    } else {
      const chosen = this.#choose();
      this.#patience = this.#initialPatience;
      this.release(chosen);
    }
    this.#schedule();
  };

  #choose(): number {
    const choice = this.#choices[this.#nextChoice++] ?? 0;
    return choice % this.#waiting.length;
  }

  /** A choice is worth something only once everybody who is about to call has called. Without one nobody waits. */
  get #initialPatience(): number {
    return this.#nextChoice < this.#choices.length ? MICROTASKS_UNTIL_QUIET : 0;
  }
}

/** A call that waits to return. */
export interface WaitingCall {
  readonly call: number;
  readonly operation: string;
  readonly path: string;
}

interface Waiting extends WaitingCall {
  readonly complete: () => void;
}

const RESOLVED = Promise.resolve();

/** More than the awaits between a call's return and the caller's next one. */
const MICROTASKS_UNTIL_QUIET = 32;
