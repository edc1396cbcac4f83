import type { Choice } from "./crash-choices.ts";

/**
 * A numbered set of things that can happen, built of smaller ones as sums and products, so that there is no need to
 * list what is counted by the million. Number 0 is always the mildest.
 */
export interface Ways {
  readonly count: number;
  /** Writes the way of that number, below `count`, into fates in which nothing happens. */
  choose(number: number, fates: number[]): void;
}

/** All of these choices together: one way. */
export function given(choices: readonly Choice[]): Ways {
  return {
    count: 1,
    choose: (_, fates) => {
      for (const { index, fate } of choices) fates[index] = fate;
    },
  };
}

/** Nothing, or one of these choices. */
export function atMostOne(choices: readonly Choice[]): Ways {
  return {
    count: choices.length + 1,
    choose: (number, fates) => {
      if (number > 0) fates[choices[number - 1].index] = choices[number - 1].fate;
    },
  };
}

/** One of the ways of one of these. */
export function anyOf(alternatives: readonly Ways[]): Ways {
  return {
    count: alternatives.reduce((sum, { count }) => sum + count, 0),
    choose: (number, fates) => {
      let rest = number;
      for (const alternative of alternatives) {
        if (rest < alternative.count) return alternative.choose(rest, fates);
        rest -= alternative.count;
      }
    },
  };
}

/** A way of each of these, independently of each other. */
export function allOf(parts: readonly Ways[]): Ways {
  const open = parts.filter(({ count }) => count > 1);
  const fixed = parts.filter(({ count }) => count === 1);
  return {
    count: open.reduce((product, { count }) => product * count, 1),
    choose: (number, fates) => {
      for (const part of fixed) part.choose(0, fates);
      let rest = number;
      for (const part of open) {
        part.choose(rest % part.count, fates);
        rest = Math.floor(rest / part.count);
      }
    },
  };
}
