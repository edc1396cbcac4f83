import { hashImage, type Recording } from "@hashlog/fs-io/testing";

/**
 * Tells the lives of disks apart: two whose hashes up to a step are the same began with the same image and took the same
 * steps, with the same bytes, so that every crash at that step leaves the same.
 */
export class LifeHashes {
  readonly #recording: Recording;
  readonly #hashes: string[];
  #low: number;
  #high = 0x811c9dc5;

  constructor(recording: Recording) {
    this.#recording = recording;
    const begun = hashImage(recording.image);
    this.#low = 0;
    for (let index = 0; index < begun.length; index += 1) this.#add(begun.charCodeAt(index));
    this.#hashes = [this.#shown];
  }

  /** Of the life up to that step. */
  upTo(ordinal: number): string {
    while (this.#hashes.length <= ordinal) this.#take(this.#hashes.length - 1);
    return this.#hashes[ordinal]!;
  }

  #take(step: number): void {
    const operation = this.#recording.operations[step]!;
    // From there on the bytes of a file are others than those that were appended: no life is taken for such a one.
    if (operation.kind === "sync-reverted" || operation.kind === "evict") this.#add(reverted++);
    const text = JSON.stringify(operation);
    for (let index = 0; index < text.length; index += 1) this.#add(text.charCodeAt(index));
    if (operation.kind === "append") {
      const { buffer } = this.#recording.contents.get(operation.file)!;
      const end = operation.offset + operation.bytes;
      for (let at = operation.offset; at < end; at += 1) this.#add(buffer[at]!);
    }
    this.#hashes.push(this.#shown);
  }

  #add(value: number): void {
    this.#high = Math.imul(this.#high ^ value, 0x01000193);
    this.#low = Math.imul((this.#low << 5) ^ (this.#low >>> 27) ^ value, 0x9e3779b1);
  }

  get #shown(): string {
    return `${this.#high} ${this.#low}`;
  }
}

let reverted = 0;
