/** The values that the writer writes: by key and number, so that a wrong one shows. */

/** Every one of them is written by a loop of its own. */
export const KEYS = 8;

/**
 * @param {string} key
 * @param {number} number
 */
export function valueOf(key, number) {
  return `${number} ${`${key}.${number} `.repeat(1 + ((number * 7) % 40))}`;
}
