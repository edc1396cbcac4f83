/** What the process that is going to be killed writes: record `number` is known to everybody who knows the number. */
export function crashKey(number: number): string {
  return `record-${String(number).padStart(8, "0")}`;
}

/** From a few bytes to a few thousand, and different for each number. */
export function crashValue(number: number): string {
  return `${number};`.repeat(1 + ((number * 7919) % 400));
}

/** Takes a key apart again; `NaN` if it is none. */
export function crashNumber(key: string): number {
  return key.startsWith("record-") ? Number(key.slice("record-".length)) : Number.NaN;
}
