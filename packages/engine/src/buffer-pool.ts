/** Buffers of acknowledged groups, kept for the next ones. */
export class BufferPool {
  readonly #free: Uint8Array[] = [];

  take(): Uint8Array {
    return this.#free.pop() ?? new Uint8Array(BUFFER_BYTES_FIRST);
  }

  give(buffer: Uint8Array): void {
    if (buffer.length <= BUFFER_BYTES_KEPT && this.#free.length < BUFFERS_KEPT) this.#free.push(buffer);
  }
}

const BUFFER_BYTES_FIRST = 16 * 1024;
const BUFFER_BYTES_KEPT = 4 * 1024 * 1024;
const BUFFERS_KEPT = 3;
