import type { Timer } from "@hashlog/fs-io";
import type { StoreParts } from "./store-parts.ts";

/** Tells when the log is quiet, to whoever puts work off that only a later opening profits from. */
export class Quiet {
  readonly #parts: Pick<StoreParts, "clock" | "limits" | "writePace">;
  readonly #onQuiet: () => void;
  #timer: Timer | undefined;
  /** Bytes that the log had taken when the timer was set. */
  #appendedBefore = 0;
  #isOver = false;

  constructor(parts: Pick<StoreParts, "clock" | "limits" | "writePace">, onQuiet: () => void) {
    this.#parts = parts;
    this.#onQuiet = onQuiet;
  }

  /** `onQuiet` will be called, once, when the log has taken next to nothing for a second. */
  await(): void {
    if (this.#timer !== undefined || this.#isOver) return;
    this.#appendedBefore = this.#parts.writePace.appendedBytes;
    this.#timer = this.#parts.clock.setTimer(() => this.#look(), LOOK_MS);
  }

  /** `onQuiet` is not called any more. */
  stop(): void {
    this.#isOver = true;
    this.#timer?.cancel();
  }

  #look(): void {
    this.#timer = undefined;
    const { limits, writePace } = this.#parts;
    if (writePace.appendedBytes - this.#appendedBefore > limits.quietBytesMost) {
      // mark: quiet/not-yet
      this.await();
      return;
    }
    // mark: quiet/at-last
    this.#onQuiet();
  }
}

const LOOK_MS = 1000;
