/**
 * A shorter list of which `breaks` still holds: parts are left out, halves first, then quarters, down to single ones,
 * until no single one can go (delta debugging; Zeller and Hildebrandt 2002).
 */
export async function shorten<T>(
  list: readonly T[],
  breaks: (shorter: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  let shortest = list;
  for (let size = list.length; size >= 1;) {
    const before = shortest.length;
    for (let from = shortest.length - size; from >= 0; from -= size) {
      const shorter = [...shortest.slice(0, from), ...shortest.slice(from + size)];
      if (await breaks(shorter)) shortest = shorter;
    }
    if (size > 1 || before === shortest.length) size = Math.floor(size / 2);
  }
  return shortest;
}
