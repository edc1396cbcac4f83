import type { CommitLog } from "./commit-log.ts";
import type { Condition, Conditions } from "./conditions.ts";
import type { ReadVersions } from "./read-versions.ts";
import type { InFlight } from "./in-flight.ts";

/** Writes that are done only if something is true of their keys. */
export class ConditionalWriter {
  readonly #log: CommitLog;
  readonly #conditions: Conditions;
  readonly #inFlight: InFlight;

  constructor(log: CommitLog, conditions: Conditions, inFlight: InFlight) {
    this.#log = log;
    this.#conditions = conditions;
    this.#inFlight = inFlight;
  }

  /**
   * Writes by `write` if the conditions hold at that place in the log. Resolves to whether they did, when that is certain:
   * when the write, or whatever the answer rests on, is acknowledged.
   */
  writeIf(conditions: readonly Condition[], sync: boolean, write: () => Promise<unknown>): Promise<boolean> {
    this.#inFlight.begin();
    const answer = this.#decideAndWrite(conditions, sync, write).finally(() => this.#inFlight.end());
    // As with other writes: one whose answer nobody awaits must not bring the process down.
    answer.catch(() => undefined);
    return answer;
  }

  async #decideAndWrite(
    conditions: readonly Condition[],
    sync: boolean,
    write: () => Promise<unknown>,
  ): Promise<boolean> {
    const known = this.#conditions.newVersions();
    try {
      return await this.#decide(conditions, sync, write, known);
    } finally {
      known.release();
    }
  }

  async #decide(
    conditions: readonly Condition[],
    sync: boolean,
    write: () => Promise<unknown>,
    known: ReadVersions,
  ): Promise<boolean> {
    for (;;) {
      const verdict = this.#conditions.judge(conditions, this.#log.unacknowledged, known);
      if (verdict.kind === "hold") {
        await write();
        return true;
      }
      if (verdict.kind === "fail") {
        await verdict.restsOn;
        if (sync) await this.#log.sync();
        return false;
      }
      await this.#conditions.read(verdict.records, known);
    }
  }
}
