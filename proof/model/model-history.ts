import { SortedModel } from "./sorted-model.ts";

/** The states that the map has had, one after each write in the order of the calls, by their numbers. */
export class ModelHistory {
  #states: SortedModel[] = [new SortedModel()];
  /** Numbers of the states that a `clear` has led to. */
  readonly #clears = new Set<number>();
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

  /** All states up to that one, as texts; of those below `from` nothing is told. */
  describe(from: number, upTo: number, now: number): string[] {
    return this.#states.slice(0, upTo + 1).map((state, number) => (number < from ? "" : state.describe(now)));
  }

  /** Another write was called. Returns the number of the state that it leads to. */
  push(state: SortedModel): number {
    this.#states.push(state);
    return this.lastNumber;
  }

  /** `clear` was called, and has resolved. */
  pushCleared(state: SortedModel): void {
    this.#clears.add(this.push(state));
    this.makeDurable();
  }

  /**
   * Whether that is what a `clear` may have left so far: it is not one moment in the log. Returns the number of the state
   * before it, which is at least `least`.
   */
  clearedInPart(text: string, least: number, now: number): number | undefined {
    const shown = new Map(JSON.parse(text) as [string, string][]);
    const isWithin = (inner: ReadonlyMap<string, string>, outer: ReadonlyMap<string, string>): boolean =>
      [...inner].every(([key, value]) => outer.get(key) === value);
    const cleared = [...this.#clears].find((number) => {
      if (number <= least) return false;
      const [before, after] = [number - 1, number].map((one) => new Map(this.at(one).range({}, now)));
      return isWithin(after!, shown) && isWithin(shown, before!);
    });
    return cleared === undefined ? undefined : cleared - 1;
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
    for (const cleared of this.#clears) if (cleared > number) this.#clears.delete(cleared);
    this.makeDurable();
  }
}
