/**
 * Bytes at rest that are read in pieces: what a scan, a hint reader and a merge need of a file, in this package's own
 * words, so that any file system (or a plain array) will do.
 */
export interface ByteSource {
  /** How many bytes there are. Nothing beyond is ever asked for. */
  readonly bytes: number;

  /**
   * Reads `bytes` bytes at `position` into `target` from `at`; resolves to how many were read, fewer only at the end.
   * Whatever it rejects with reaches the caller of the scan unchanged.
   */
  read(target: Uint8Array, at: number, bytes: number, position: number): Promise<number>;
}

/** A source over bytes in memory. Keeps a reference to `content`. */
export function bytesSource(content: Uint8Array): ByteSource {
  return {
    bytes: content.length,
    read(target, at, bytes, position) {
      const piece = content.subarray(position, position + bytes);
      target.set(piece, at);
      return Promise.resolve(piece.length);
    },
  };
}
