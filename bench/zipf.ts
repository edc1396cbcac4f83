/**
 * Ranks by Zipf's law: rank k, from 1 to `count`, comes with a probability proportional to 1 / k^exponent.
 *
 * Rejection-inversion, after W. Hörmann and G. Derflinger, "Rejection-inversion to generate variates from monotone discrete
 * distributions" (1996): exact, without a table, and about one try for each rank. `H` is an integral of 1 / x^exponent; a
 * rank is drawn from under that curve, and refused as often as the curve lies above the steps.
 */
export class Zipf {
  readonly count: number;
  readonly exponent: number;
  readonly #fraction: () => number;
  readonly #highest: number;
  readonly #lowest: number;
  /** Within so much above the drawn place a rank is certainly taken, and the curve need not be asked. */
  readonly #sure: number;

  /**
   * @param exponent Above 0; 0.99 is what key-value stores are usually measured with.
   * @param fraction Gives numbers from 0 up to, and not, 1.
   */
  constructor(count: number, exponent: number, fraction: () => number) {
    this.count = count;
    this.exponent = exponent;
    this.#fraction = fraction;
    this.#lowest = this.#integral(1.5) - 1;
    this.#highest = this.#integral(count + 0.5);
    this.#sure = 2 - this.#inverse(this.#integral(2.5) - this.#height(2));
  }

  /** From 1, which is the most frequent one, to `count`. */
  next(): number {
    for (;;) {
      const area = this.#highest + this.#fraction() * (this.#lowest - this.#highest);
      const place = this.#inverse(area);
      const rank = Math.min(Math.max(Math.round(place), 1), this.count);
      if (rank - place <= this.#sure || area >= this.#integral(rank + 0.5) - this.#height(rank)) return rank;
    }
  }

  #height(x: number): number {
    return x ** -this.exponent;
  }

  #integral(x: number): number {
    const power = 1 - this.exponent;
    return power === 0 ? Math.log(x) : Math.expm1(power * Math.log(x)) / power;
  }

  #inverse(area: number): number {
    const power = 1 - this.exponent;
    return power === 0 ? Math.exp(area) : Math.exp(Math.log1p(Math.max(area * power, -1)) / power);
  }
}
