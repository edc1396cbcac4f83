import { KEY_BYTES_MAX } from "@hashlog/format";
import { MergeError } from "./errors.ts";
import type { MergeInput } from "./ports.ts";

/**
 * Reads keys of inputs at ascending offsets, many with one read where they lie close together.
 */
export class KeyReader {
  /** The key last read is `bytes[start..start + keyBytes)`, until the next `read`. */
  readonly bytes: Uint8Array = new Uint8Array(2 * KEY_BYTES_MAX);
  start = 0;

  #input: MergeInput | undefined;
  /** What `bytes` holds of `#input`. */
  #from = 0;
  #to = 0;

  /** Makes the `keyBytes` bytes at `offset` of `input` available. */
  async read(input: MergeInput, offset: number, keyBytes: number): Promise<void> {
    if (input !== this.#input || offset < this.#from || offset + keyBytes > this.#to) {
      await this.#fill(input, offset, keyBytes);
    }
    this.start = offset - this.#from;
  }

  async #fill(input: MergeInput, offset: number, keyBytes: number): Promise<void> {
    this.#input = undefined;
    const wanted = Math.min(this.bytes.length, input.sealedBytes - offset);
    const count = await input.source.read(this.bytes, 0, wanted, offset);
    if (count < keyBytes) {
      const message = `segment ${input.segmentId} became shorter while it was merged`;
      throw new MergeError("MERGE_IO", message, { outcome: "retired", segmentId: input.segmentId });
    }
    this.#input = input;
    this.#from = offset;
    this.#to = offset + count;
  }
}
