import { HashlogError, type HashlogErrorCode } from "@hashlog/engine";

/** What `hashlog` ends with. Documented in README.md, and never given another meaning. */
export const EXIT = {
  /** It was done. */
  done: 0,
  /** It was done, and the answer is no: no such key, a condition that did not hold, damage that a verification found. */
  no: 1,
  /** The command line is wrong. Nothing was done. */
  usage: 2,
  /** There is no store, or no file, where the command line says. */
  notFound: 3,
  /** Another process has the store open for writing. */
  locked: 4,
  /** The data are damaged, or of a version that this program does not know. */
  damaged: 5,
  /** The machine refused: a volume that is full, permissions, an input or output that failed. */
  machine: 6,
  /** A mistake in this program. */
  bug: 70,
  /** Ended by Ctrl-C. */
  interrupted: 130,
} as const;

/** One of the exit codes. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const OF_STORE: Readonly<Record<HashlogErrorCode, ExitCode>> = {
  HASHLOG_LOCKED: EXIT.locked,
  HASHLOG_CORRUPT: EXIT.damaged,
  HASHLOG_VERSION: EXIT.damaged,
  HASHLOG_NOT_FOUND: EXIT.notFound,
  HASHLOG_INVALID_ARGUMENT: EXIT.usage,
  HASHLOG_READ_ONLY: EXIT.usage,
  HASHLOG_COMPACTED: EXIT.no,
  HASHLOG_ABORTED: EXIT.interrupted,
  HASHLOG_NO_SPACE: EXIT.machine,
  HASHLOG_NOT_PERMITTED: EXIT.machine,
  HASHLOG_NOT_SUPPORTED: EXIT.machine,
  HASHLOG_WRITES_DISABLED: EXIT.machine,
  HASHLOG_IO: EXIT.machine,
  HASHLOG_CLOSED: EXIT.bug,
};

/** The exit code of an error of the store. */
export function exitCodeOf(error: HashlogError): ExitCode {
  return OF_STORE[error.code];
}
