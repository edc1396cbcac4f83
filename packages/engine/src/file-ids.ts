/** Ids of new files: each is given once in the life of a store, as far as a manifest or a file tells. */
export class FileIds {
  #next: number;

  /** `next` is above every id that the manifest or a file in the directory bears. */
  constructor(next: number) {
    this.#next = next;
  }

  take(): number {
    const id = this.#next;
    this.#next += 1;
    return id;
  }

  /** What the manifest has to say as its next id. */
  get next(): number {
    return this.#next;
  }
}
