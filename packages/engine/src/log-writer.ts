import { recordBytes } from "@hashlog/format";
import type { Keydir } from "@hashlog/index";
import type { CommitLog } from "./commit-log.ts";
import { operationsBytes, type EncodedOperation } from "./operations.ts";
import { newLocation } from "./segment-table.ts";
import { unheard } from "./unheard.ts";

/** Writes as the log takes them: records of a group, which share its fate. */
export class LogWriter {
  readonly #log: CommitLog;
  readonly #keydir: Keydir;
  readonly #location = newLocation();

  constructor(log: CommitLog, keydir: Keydir) {
    this.#log = log;
    this.#keydir = keydir;
  }

  /** Resolves to `true` when the put is acknowledged. `sync` asks for more than the policy may. */
  put(key: Uint8Array, value: Uint8Array, expiresAtMs: number, sync: boolean): Promise<true> {
    const group = this.#log.group(recordBytes(key.length, value.length, expiresAtMs !== 0), sync);
    group.addPut(key, value, expiresAtMs);
    return group.settled;
  }

  /** Resolves, when the delete is acknowledged, to whether the key was there at its place in the log. */
  delete(key: Uint8Array, sync: boolean): Promise<boolean> {
    const { isIdle, state } = this.#log;
    // After a failure what was refused may be in the log, and come back: until it has resumed, only a tombstone is an answer.
    if (isIdle && state.kind === "ready" && !this.#keydir.find(key, 0, key.length, this.#location)) {
      // Nothing to delete, and nothing on its way that could change that: the answer rests on acknowledged writes alone,
      // and where a sync was asked for on durable ones.
      return sync ? unheard(this.#log.sync().then(() => false)) : Promise.resolve(false);
    }
    return this.#log.group(recordBytes(key.length, 0, false), sync).addDelete(key);
  }

  /** Resolves to `true` when all of the operations, which are one commit, are acknowledged. */
  batch(operations: readonly EncodedOperation[], sync: boolean): Promise<true> {
    const group = this.#log.group(operationsBytes(operations), sync);
    for (const { key, value, expiresAtMs } of operations) {
      if (value === undefined) group.addTombstone(key);
      else group.addPut(key, value, expiresAtMs);
    }
    return group.settled;
  }
}
