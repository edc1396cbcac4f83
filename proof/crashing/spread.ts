/** As many of them, spread evenly, the first and the last among them. */
export function spread<T>(choices: readonly T[], count: number): readonly T[] {
  if (choices.length <= count) return choices;
  return Array.from(
    { length: count },
    (_, index) => choices[Math.floor((index * (choices.length - 1)) / Math.max(1, count - 1))]!,
  );
}
