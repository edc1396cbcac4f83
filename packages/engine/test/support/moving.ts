import type { ExportDestination, ExportOptions, ExportReport } from "@hashlog/engine";
import { Writable, type WritableOptions } from "node:stream";

/** A store, a snapshot, or a store that is only read. */
interface Exporting<K> {
  exportTo(destination: ExportDestination, options?: ExportOptions<K>): Promise<ExportReport>;
}

/** A destination of Node's that keeps what it is given; `take` says, a call for each chunk, when it has taken it. */
export class Collector extends Writable {
  readonly chunks: Uint8Array[] = [];
  readonly #take: (done: (error?: Error) => void) => void;

  constructor(take: (done: (error?: Error) => void) => void = (done) => done(), options: WritableOptions = {}) {
    super(options);
    this.#take = take;
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error) => void): void {
    this.chunks.push(chunk);
    this.#take(done);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

/** What an export writes. */
export async function exported<K>(from: Exporting<K>, options: ExportOptions<K> = {}): Promise<Buffer> {
  const collector = new Collector();
  await from.exportTo(collector, options);
  return collector.bytes;
}

/** As `exported`, as lines. */
export async function exportedLines<K>(from: Exporting<K>, options: ExportOptions<K> = {}): Promise<string[]> {
  return (await exported(from, options)).toString("utf8").split("\n").slice(0, -1);
}

/** The first line of an export, and the last. */
export const HEADER = '{"format":"hashlog-entries","version":1}';
export const trailer = (entries: number): string => `{"entries":${entries}}`;

/** The lines of an export with these entries. */
export function exportOf(entries: readonly string[], header: string = HEADER): string {
  return [header, ...entries, trailer(entries.length), ""].join("\n");
}

/** The line of an entry that is text. */
export function line(key: string, value: string): string {
  return JSON.stringify({ key, value });
}
