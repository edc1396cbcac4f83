export class ByteRate {
  readonly #rate: number;
  #dueMs = 0;
  constructor(bytesPerSecond: number) {
    this.#rate = bytesPerSecond;
  }
  delayMs(bytes: number, elapsedMs: number): number {
    this.#dueMs = Math.max(this.#dueMs, elapsedMs) + (bytes / this.#rate) * 1000;
    return Math.max(0, this.#dueMs - elapsedMs);
  }
}
