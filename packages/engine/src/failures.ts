/**
 * Failures of files that nobody needs yet, or any more: a hint, a checkpoint, a removal, a seal. Each is tried again
 * another time and loses nothing, so nobody is told but `stats()`.
 */
export class Failures {
  count = 0;
  last: unknown;

  note(error: unknown): void {
    this.count += 1;
    this.last = error;
  }
}
