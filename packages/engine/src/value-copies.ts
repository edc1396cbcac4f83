/**
 * Copies of values, for callers to keep. A small `Uint8Array` of its own costs several times what is copied into it, as each has an
 * `ArrayBuffer` that is allocated outside of the heap: 440 ns for 100 bytes on Node 24 where a part of a larger one costs 90. So
 * copies of up to 2 KiB are parts of slabs of 16 KiB, as Node's own buffers are: `byteOffset` tells where one begins, around it
 * are other values of the same store, and a slab is kept as long as one of them is. It cannot be transferred, to another thread or
 * into a stream of bytes, which would take the others away; where that cannot be had each copy has a buffer of its own. Up to
 * 64 bytes V8 allocates in the heap, and quickest.
 */
export class ValueCopies {
  #slab = NO_BYTES;
  #used = 0;

  /** A copy of `source[start..end)`. */
  copy(source: Uint8Array, start: number, end: number): Uint8Array {
    const bytes = end - start;
    if (keepHere === undefined || bytes <= HEAP_BYTES_MAX || bytes > COPY_BYTES_MAX) return source.slice(start, end);
    if (this.#used + bytes > this.#slab.length) this.#newSlab();
    const begin = this.#used;
    // The next one begins where numbers of eight bytes may lie.
    this.#used = (begin + bytes + 7) & ~7;
    const copy = new Uint8Array(this.#slab.buffer, begin, bytes);
    copy.set(source.subarray(start, end));
    return copy;
  }

  #newSlab(): void {
    this.#slab = new Uint8Array(SLAB_BYTES);
    this.#used = 0;
    keepHere!(this.#slab.buffer);
  }
}

const SLAB_BYTES = 16 * 1024;
const COPY_BYTES_MAX = SLAB_BYTES / 8;
const HEAP_BYTES_MAX = 64;
const NO_BYTES = new Uint8Array(0);

/** Marks a slab as one that cannot be transferred; `undefined` where nothing can keep it here, and there are no slabs. */
const keepHere = findUntransferable();

function findUntransferable(): ((buffer: ArrayBuffer) => void) | undefined {
  const host = globalThis.process as Partial<NodeJS.Process> | undefined;
  const mark = host?.getBuiltinModule?.("node:worker_threads")?.markAsUntransferable;
  return mark !== undefined && isHeeded(mark) ? mark : undefined;
}

/** Node 20 marks, and a stream of bytes takes the buffer all the same. */
function isHeeded(mark: (buffer: ArrayBuffer) => void): boolean {
  const probe = new Uint8Array(1);
  mark(probe.buffer);
  try {
    const stream = new ReadableStream({ type: "bytes", start: (controller) => controller.enqueue(probe) });
    void stream.cancel();
  } catch {
    // Refused, as it should be.
  }
  return probe.length === 1;
}
