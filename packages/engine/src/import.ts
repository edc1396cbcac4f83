import { recordBytes } from "@hashlog/format";
import type { Clock } from "@hashlog/fs-io";
import { unlessAborted } from "./abortable.ts";
import { abortSignal, checkOptions, methods, ofType, type Check } from "./check-options.ts";
import { EntryWriter, type EntryWriterParts, type IfExists } from "./entry-writer.ts";
import { HashlogError, invalidArgument, throwIfAborted, wordsOf } from "./errors.ts";
import { EXPORT_FORMAT, EXPORT_VERSION, type CodecNames, type ExportedEntry } from "./exported-entry.ts";
import { readLine, type Line } from "./line-reader.ts";
import { LineSplitter } from "./line-splitter.ts";
import { iteratorOf, LONE_SURROGATE, SourceBytes, type ImportSource } from "./source-bytes.ts";
import { TRACES } from "./tracing.ts";
import { checkCommitBytes, checkKeyBytes } from "./write-options.ts";

/** Options of `importFrom`. */
export interface ImportOptions {
  /**
   * What to do with an entry whose key is there, at its place in the log: `"overwrite"` (default) what is there, `"skip"` the entry,
   * or `"fail"`, which ends the import.
   */
  readonly ifExists?: IfExists | undefined;
  /**
   * Import the bytes as they are although the source names other codecs than the store's. Default `false`: refused, as the
   * store could not read them.
   */
  readonly ignoreCodecs?: boolean | undefined;
  /**
   * Bytes of the longest line that is taken, which has to be in memory: 1,024 to 4,294,967,295. Default 268,435,456 (256 MiB). A
   * longer one is refused, so that what is no export does not fill the memory.
   */
  readonly lineBytesMax?: number | undefined;
  /** Ends the import, which then rejects with `HASHLOG_ABORTED`; what was written stays. */
  readonly signal?: AbortSignal | undefined;
  /** Called whenever some entries were written, of a thousand at most, and now and then where there are none to be written. */
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined;
}

const IMPORT_CHECKS: Readonly<Record<keyof ImportOptions, Check>> = {
  ifExists: (value) => (IF_EXISTS.includes(value) ? undefined : `one of ${IF_EXISTS.join(", ")}`),
  ignoreCodecs: ofType("boolean"),
  lineBytesMax: (value) =>
    Number.isInteger(value) && (value as number) >= LINE_BYTES_LEAST && (value as number) <= LINE_BYTES_MOST
      ? undefined
      : `an integer from ${LINE_BYTES_LEAST} to ${LINE_BYTES_MOST}`,
  signal: abortSignal,
  onProgress: ofType("function"),
};

const IF_EXISTS: readonly unknown[] = ["overwrite", "skip", "fail"] satisfies IfExists[];
const LINE_BYTES_LEAST = 1024;
const LINE_BYTES_MOST = 2 ** 32 - 1;
const LINE_BYTES_DEFAULT = 256 * 1024 * 1024;

/** How far an import has come. */
export interface ImportProgress {
  /** Entries that were written. */
  readonly entriesDone: number;
  /** Bytes that were read of the source. */
  readonly bytesDone: number;
}

/** What an import has done. */
export interface ImportReport {
  /** Entries that were written. */
  readonly entries: number;
  /** Entries that were left out, as their keys were there, with `ifExists: "skip"`. */
  readonly skipped: number;
  /** Entries that were left out, as they had expired. */
  readonly expired: number;
  /** Bytes of the source. */
  readonly bytes: number;
  readonly durationMs: number;
}

/** What it takes to import. */
export interface ImportParts extends EntryWriterParts {
  readonly directory: string;
  readonly codecs: CodecNames;
  readonly clock: Pick<Clock, "elapsedMs" | "yield">;
  readonly hasPassed: (expiresAtMs: number) => boolean;
  /** Throws once nothing may be written any more. */
  readonly checkOpen: () => void;
  /** Resolves when everything that was written is durable. */
  readonly sync: () => Promise<void>;
}

/**
 * Writes the entries that a source gives as lines (EXPORT-FORMAT.md), in commits of bounded size, one after another. What comes
 * before a line that is wrong is written and durable all the same; the error says which line that is, and how many entries were
 * written.
 * @throws HashlogError `HASHLOG_INVALID_ARGUMENT` for a line that is wrong, and where the last one is missing; `HASHLOG_VERSION`;
 * `HASHLOG_IO` with the source's error as its cause; what writing throws
 */
export function importEntries(parts: ImportParts, source: ImportSource, options: ImportOptions): Promise<ImportReport> {
  return TRACES.import.around(
    () => ({ directory: parts.directory }),
    () => importFrom(parts, source, options),
    (trace, report) => {
      trace.report = report;
    },
  );
}

async function importFrom(parts: ImportParts, source: ImportSource, options: ImportOptions): Promise<ImportReport> {
  checkOptions(options, IMPORT_CHECKS, "importFrom");
  const begun = parts.clock.elapsedMs();
  const iterator = iteratorOf(source);
  const one = new Import(parts, options);
  try {
    throwIfAborted(options.signal, IMPORTING);
    parts.checkOpen();
    await one.takeAll(iterator);
  } catch (error) {
    leave(source, iterator);
    throw error;
  }
  return { ...one.report, durationMs: parts.clock.elapsedMs() - begun };
}

/** The next piece; `undefined` at the end. */
async function nextOf(
  iterator: AsyncIterator<unknown> | Iterator<unknown>,
): Promise<{ readonly value: unknown } | undefined> {
  const { done, value } = await iterator.next();
  return done === true ? undefined : { value };
}

/** Tells the source that nobody reads on. It may never answer. */
function leave(source: ImportSource, iterator: AsyncIterator<unknown> | Iterator<unknown>): void {
  void (async () => iterator.return?.())().catch(() => undefined);
  // The iterator of a stream of Node's that keeps its reader waiting hears of it only with the next piece.
  if (isNodeStream(source)) source.destroy();
}

function isNodeStream(source: object): source is { destroy(): unknown } {
  return methods("pipe", "destroy")(source) === undefined;
}

/** A line that is wrong, or the source itself. */
class WrongSource extends Error {
  readonly error: HashlogError;

  constructor(error: HashlogError) {
    super(error.message);
    this.error = error;
  }
}

async function wrongOf(work: () => Promise<void>): Promise<WrongSource | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof WrongSource) return error;
    throw error;
  }
}

class Import {
  readonly #parts: ImportParts;
  readonly #options: ImportOptions;
  readonly #writer: EntryWriter;
  readonly #lineBytesMax: number;
  readonly #lines: LineSplitter;
  readonly #pieces = new SourceBytes();
  /** Which lines have been there: the first, entries, the last. */
  #hasHeader = false;
  #entries = 0;
  #hasTrailer = false;
  #expired = 0;
  #bytes = 0;
  /** What was read since the event loop was given away: bytes, and for each line what handling it costs beside them. */
  #work = 0;

  constructor(parts: ImportParts, options: ImportOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#writer = new EntryWriter(parts, options.ifExists ?? "overwrite");
    this.#lineBytesMax = options.lineBytesMax ?? LINE_BYTES_DEFAULT;
    this.#lines = new LineSplitter(this.#lineBytesMax);
  }

  get report(): Omit<ImportReport, "durationMs"> {
    const { written, skipped } = this.#writer;
    return { entries: written, skipped, expired: this.#expired, bytes: this.#bytes };
  }

  /** Resolves when all that the source gives is written and durable. */
  async takeAll(iterator: AsyncIterator<unknown> | Iterator<unknown>): Promise<void> {
    try {
      const wrong = await wrongOf(() => this.#readAll(iterator));
      // What comes before it is good, and counted in what is said of it.
      const wrongBefore = await wrongOf(() => this.#flush());
      this.#parts.checkOpen();
      await this.#parts.sync();
      const first = wrongBefore ?? wrong;
      if (first !== undefined) throw first.error;
    } catch (error) {
      throw this.#inWords(error);
    }
  }

  async #readAll(iterator: AsyncIterator<unknown> | Iterator<unknown>): Promise<void> {
    for (;;) {
      const piece = await this.#nextPiece(iterator);
      if (piece === undefined) break;
      this.#lines.push(piece);
      while (this.#lines.next()) {
        await this.#takeLine();
        if (this.#work < WORK_OF_A_TURN) continue;
        await this.#giveWay();
        this.#mayGoOn();
      }
      if (this.#lines.isTooLong) throw this.#tooLong();
    }
    if (this.#pieces.endsInHalf) throw this.#wrong(LONE_SURROGATE, this.#lines.number + 1);
    if (this.#lines.last()) await this.#takeLine(", and it is the last one: the source may have been cut off");
    if (this.#lines.isTooLong) throw this.#tooLong();
    if (this.#hasTrailer) return;
    const missing = this.#hasHeader ? "the last one, with the number of entries, is missing" : "there is none";
    throw this.#wrong(`${missing}: the source was cut off`, this.#lines.number + 1);
  }

  async #nextPiece(iterator: AsyncIterator<unknown> | Iterator<unknown>): Promise<Uint8Array | undefined> {
    const { signal } = this.#options;
    throwIfAborted(signal, IMPORTING);
    // Also what an iterator throws at once.
    const next = nextOf(iterator).catch((error: unknown) => {
      const words = `the source gives no more: ${wordsOf(error)}`;
      throw new WrongSource(new HashlogError("HASHLOG_IO", words, { cause: error }));
    });
    const piece = await unlessAborted(next, signal, IMPORTING);
    if (piece === undefined) return undefined;
    const bytes = this.#pieces.of(piece.value);
    if (typeof bytes === "string") throw this.#wrong(bytes, this.#lines.number + 1);
    this.#bytes += bytes.length;
    return bytes;
  }

  /** Takes the line that was found. `hint`: what to say besides if it is wrong. */
  async #takeLine(hint: string = ""): Promise<void> {
    const { bytes, start, end, number } = this.#lines;
    this.#work += end - start + WORK_OF_A_LINE;
    const line = readLine(bytes, start, end);
    if (line.kind === "blank") return;
    if (line.kind === "wrong") throw this.#wrong(line.reason + hint, number);
    if (this.#hasTrailer) throw this.#wrong("there is something behind the last one", number);
    if (this.#hasHeader === (line.kind === "header")) {
      throw this.#wrong(this.#hasHeader ? "it is a first one once more" : NO_HEADER, number);
    }
    if (line.kind === "header") this.#takeHeader(line);
    else if (line.kind === "trailer") this.#takeTrailer(line.entries);
    else await this.#takeEntry(line);
  }

  #takeHeader({ format, version, keys, values }: Extract<Line, { kind: "header" }>): void {
    if (format !== EXPORT_FORMAT)
      throw this.#wrong(`its format is "${format}", not "${EXPORT_FORMAT}"`, this.#lines.number);
    if (version !== EXPORT_VERSION) {
      const message = `the source is of version ${version} of its format; this package reads ${EXPORT_VERSION}`;
      throw new WrongSource(
        new HashlogError("HASHLOG_VERSION", message, { expected: EXPORT_VERSION, actual: version }),
      );
    }
    this.#hasHeader = true;
    if (this.#options.ignoreCodecs === true) return;
    const { codecs } = this.#parts;
    this.#checkCodec("keys", codecs.keys, keys);
    this.#checkCodec("values", codecs.values, values);
  }

  #checkCodec(of: "keys" | "values", expected: string | undefined, actual: string | undefined): void {
    if (actual === undefined || actual === expected) return;
    const message = `the ${of} were encoded by "${actual}", and those of this store are by "${expected}"`;
    throw new WrongSource(
      invalidArgument(`${message}: give ignoreCodecs to import the bytes as they are`, {
        expected,
        actual,
        line: this.#lines.number,
      }),
    );
  }

  #takeTrailer(entries: number): void {
    this.#hasTrailer = true;
    if (entries === this.#entries) return;
    throw this.#wrong(`it says that there are ${entries} entries, and there were ${this.#entries}`, this.#lines.number);
  }

  async #takeEntry(entry: ExportedEntry): Promise<void> {
    const { number } = this.#lines;
    try {
      checkKeyBytes(entry.key, "import");
      checkCommitBytes(recordBytes(entry.key.length, entry.value.length, entry.expiresAtMs !== 0));
    } catch (error) {
      throw this.#wrong((error as HashlogError).message, number);
    }
    this.#entries += 1;
    if (this.#parts.hasPassed(entry.expiresAtMs)) {
      this.#expired += 1;
      return;
    }
    if (this.#writer.isFullFor(entry)) await this.#flush();
    this.#writer.add(entry, number);
  }

  async #flush(): Promise<void> {
    this.#mayGoOn();
    const line = await this.#writer.flush();
    if (line !== undefined) throw this.#wrong('its key is in the store already, and ifExists is "fail"', line);
    await this.#giveWay();
  }

  /** What is in memory comes without waiting, also where nothing of it is to be written, and others want their turn. */
  async #giveWay(): Promise<void> {
    this.#work = 0;
    this.#options.onProgress?.({ entriesDone: this.#writer.written, bytesDone: this.#bytes });
    await this.#parts.clock.yield();
  }

  /** @throws HashlogError `HASHLOG_CLOSED` | `HASHLOG_ABORTED` */
  #mayGoOn(): void {
    throwIfAborted(this.#options.signal, IMPORTING);
    this.#parts.checkOpen();
  }

  #tooLong(): WrongSource {
    return this.#wrong(`it is longer than ${this.#lineBytesMax} bytes (lineBytesMax)`, this.#lines.number + 1);
  }

  #wrong(reason: string, line: number): WrongSource {
    return new WrongSource(invalidArgument(`line ${line}: ${reason}`, { line }));
  }

  /** What an import failed of, with how far it came. */
  #inWords(error: unknown): unknown {
    if (!HashlogError.is(error)) return error;
    const { written } = this.#writer;
    const { path, segmentId, offset, expected, actual, line, cause } = error;
    const message = `importing failed after ${written} entries: ${error.message}`;
    const details = { path, segmentId, offset, expected, actual, line, cause: cause ?? error };
    return new HashlogError(error.code, message, { ...details, entriesDone: written });
  }
}

const IMPORTING = "the import";
/** Together a few milliseconds. */
const WORK_OF_A_TURN = 512 * 1024;
const WORK_OF_A_LINE = 256;
const NO_HEADER = `it is not the first line of an export, {"format":"${EXPORT_FORMAT}","version":${EXPORT_VERSION}}`;
