import { SortedModel } from "./sorted-model.ts";

/** The states that the map has had, one after each write in the order of the calls, by their numbers. */
export class ModelHistory {
  #states: SortedModel[] = [new SortedModel()];
  #acknowledged = 0;
  #durable = 0;

  get last(): SortedModel {
    return this.#states.at(-1)!;
  }

  /** The number of the last state. */
  get lastNumber(): number {
    return this.#states.length - 1;
  }

  /** The last state of which it was acknowledged that it was reached. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** The last state that a power cut cannot take for certain, whatever the sync policy. */
  get durable(): number {
    return this.#durable;
  }

  at(number: number): SortedModel {
    return this.#states[number]!;
  }

  /** All states up to that one, as texts. */
  describe(upTo: number, now: number): string[] {
    return this.#states.slice(0, upTo + 1).map((state) => state.describe(now));
  }

  /** Another write was called. Returns the number of the state that it leads to. */
  push(state: SortedModel): number {
    this.#states.push(state);
    return this.lastNumber;
  }

  acknowledge(number: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, number);
  }

  /** Every write is acknowledged. */
  acknowledgeAll(): void {
    this.#acknowledged = this.lastNumber;
  }

  /** What there is stays, also after a power cut. */
  makeDurable(): void {
    this.acknowledgeAll();
    this.#durable = this.lastNumber;
  }

  /** What came after that state is gone, and it stays. */
  goOnFrom(number: number): void {
    this.#states = this.#states.slice(0, number + 1);
    this.makeDurable();
  }
}
