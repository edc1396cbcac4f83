import { invalidArgument } from "./errors.ts";

/**
 * Holds work to a number of bytes a second: a bucket of tokens, one for a byte, that fills at that rate and never holds
 * more than `burstBytes`. Work may be done on credit, as it comes in slices whose size nobody can choose; then whoever
 * does it waits until the debt is paid. Knows no clock: the caller says how much time has passed.
 */
export class ByteRate {
  readonly #bytesPerMs: number;
  readonly #burstBytes: number;
  /** Below 0: owed. */
  #tokens: number;

  /**
   * @param bytesPerSecond above 0; `Infinity` for no limit
   * @param burstBytes how much may be done at once after a time of rest, 0 or more. Default: what the rate gives in 100 ms
   * @throws MergeError `MERGE_INVALID_ARGUMENT`
   */
  constructor(bytesPerSecond: number, burstBytes: number = bytesPerSecond / 10) {
    if (!(bytesPerSecond > 0)) throw invalidArgument("bytesPerSecond must be above 0");
    if (!(burstBytes >= 0)) throw invalidArgument("burstBytes must be 0 or more");
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#burstBytes = burstBytes;
    this.#tokens = burstBytes;
  }

  /**
   * Takes what was done, and returns how long to wait before any more is, in whole milliseconds; 0 for not at all.
   * @param bytes done since the last call, 0 or more
   * @param elapsedMs passed since the last call, the waiting included. Below 0, by a clock that was set back, counts as 0.
   */
  delayMs(bytes: number, elapsedMs: number): number {
    if (this.#bytesPerMs === Infinity) return 0;
    const filled = this.#tokens + Math.max(elapsedMs, 0) * this.#bytesPerMs;
    this.#tokens = Math.min(filled, this.#burstBytes) - bytes;
    return this.#tokens >= 0 ? 0 : Math.ceil(-this.#tokens / this.#bytesPerMs);
  }
}
