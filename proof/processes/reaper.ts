import { writeSync } from "node:fs";
import type { Death, Moment, Report, Stage } from "./life.ts";

/** Writes a line for the parent, synchronously: it is in the kernel before anything else happens. */
export function report(line: Report): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let at = 0; at < bytes.length;) at += writeSync(1, bytes, at);
}

/** Knows what the process is in the middle of, and ends it at the call that its death names. */
export class Reaper {
  readonly #death: Death | undefined;
  readonly #lastWords: () => void;
  readonly #stages = new Set<Stage>();
  #calls = 0;

  /** `lastWords` is called before the process kills itself. */
  constructor(death: Death | undefined, lastWords: () => void = () => {}) {
    this.#death = death;
    this.#lastWords = lastWords;
  }

  begin(stage: Stage): void {
    report(["begins", stage]);
    this.#stages.add(stage);
  }

  end(stage: Stage): void {
    if (this.#death?.by === "itself" && this.#death.stage === stage) this.die(`the end of ${stage}`);
    this.#stages.delete(stage);
    report(["ends", stage]);
  }

  /** A call is next. If it is the last one of this process: at which moment it ends. */
  comesTo(call: string): Moment | undefined {
    const death = this.#death;
    if (death?.by !== "itself" || !this.#stages.has(death.stage)) return undefined;
    if (death.only !== undefined && !new RegExp(death.only).test(call)) return undefined;
    this.#calls += 1;
    if (this.#calls !== death.call) return undefined;
    if (death.moment === "before") this.die(`before ${call}`);
    return death.moment;
  }

  /** Ends the process at once, with no chance to tidy up: the signal comes before the next line of the program. */
  die(when: string): void {
    report(["dies", when]);
    this.#lastWords();
    process.kill(process.pid, "SIGKILL");
  }
}
