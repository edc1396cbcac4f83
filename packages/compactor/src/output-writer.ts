import {
  crc32,
  FRAME_HEADER_BYTES,
  moveRecord,
  newRecordFields,
  type Place,
  readRecord,
  type RecordFields,
  sealFrameHeader,
  sealRecord,
  writeRecordHeader,
} from "@hashlog/format";
import { IntegerLog } from "./integer-log.ts";
import type { MergeSettings } from "./options.ts";
import { OutputTotals } from "./output-totals.ts";
import type { FinishedOutput, MergeOutput, MergeStore } from "./ports.ts";

/**
 * Bytes of records in a frame of an output. Enough that the headers do not count (32 in 131,072), and few enough that a
 * reader takes a frame, and the file system a write, without holding the event loop.
 */
export const FRAME_PAYLOAD_BYTES: number = 128 * 1024;

/** An output that is finished, and what it must read back as. */
export interface WrittenOutput {
  readonly finished: FinishedOutput;
  /** Of each frame, in their order, the checksum of all its records together. */
  readonly frameChecksums: IntegerLog;
}

/**
 * Packs the records that stay into sparse frames, and the frames into as few outputs as `outputBytesMax` allows:
 *
 *     output 1                                        output 2
 *     | header | frame: record record ... | frame |   | header | frame: one large record |
 *
 * An output is created by the first record that needs it, so none is ever empty. Each is synced as it grows, and when
 * the next one begins; the copying goes on while the last sync runs.
 */
export class OutputWriter {
  /** Everything created so far: what must be abandoned if the merge does not publish. */
  readonly created: MergeOutput[] = [];
  readonly written: WrittenOutput[] = [];
  /** Bytes appended to all outputs. */
  bytesWritten = 0;

  readonly #store: MergeStore;
  readonly #settings: MergeSettings;
  readonly #ordinary = new Uint8Array(FRAME_HEADER_BYTES + FRAME_PAYLOAD_BYTES);
  #output: MergeOutput | undefined;
  #totals = new OutputTotals();
  #frameChecksums = new IntegerLog();
  #unsyncedBytes = 0;
  /** The last sync that was begun. */
  #syncing: Promise<void> = Promise.resolve();
  /** The frame that is being filled: room for its header, then records up to `#end`. */
  #frame: Uint8Array = this.#ordinary;
  #end = FRAME_HEADER_BYTES;
  #frameRecords = 0;
  #frameLowest = Infinity;
  readonly #tombstone: RecordFields = newRecordFields();

  constructor(store: MergeStore, settings: MergeSettings) {
    this.#store = store;
    this.#settings = settings;
  }

  /** The output that the next record goes to. Only after `makeRoom`. */
  get output(): MergeOutput {
    return this.#output!;
  }

  /** Whether `add` can take a record of `bytes` bytes as things are; if not, `makeRoom` comes first. */
  hasRoom(bytes: number): boolean {
    return this.#output !== undefined && this.#end + bytes <= this.#frame.length && this.#fitsOutput(this.#end + bytes);
  }

  /** Ends the frame, and the output too, as far as a record of `bytes` bytes needs it. */
  async makeRoom(bytes: number): Promise<void> {
    await this.#endFrame();
    if (this.#output !== undefined && !this.#fitsOutput(FRAME_HEADER_BYTES + bytes)) await this.#endOutput();
    if (this.#output === undefined) await this.#beginOutput();
    const frameBytes = FRAME_HEADER_BYTES + bytes;
    this.#frame = frameBytes > this.#ordinary.length ? new Uint8Array(frameBytes) : this.#ordinary;
  }

  /**
   * Copies the record `bytes[at..record.end)`, which lies at `sourceOffset` of the file that `source` is of, verbatim.
   * `false` if it does not verify: the merge must be given up then. There must be room.
   */
  add(bytes: Uint8Array, at: number, record: RecordFields, source: Place, sourceOffset: number): boolean {
    const { position, place } = this.output;
    const start = this.#end;
    const end = start + (record.end - at);
    this.#frame.set(bytes.subarray(at, record.end), start);
    // Verified where it lies now: the copy is proved, not what it was made from.
    if (!moveRecord(this.#frame, start, end, source, sourceOffset, place, position + start)) return false;
    this.#count(record, end);
    return true;
  }

  /** Writes a tombstone of the key of `record`, which lies in `bytes`, with the same sequence. There must be room. */
  addTombstone(bytes: Uint8Array, { sequence, keyStart, keyEnd }: RecordFields): void {
    const { position, place } = this.output;
    const start = this.#end;
    const keyAt = writeRecordHeader(this.#frame, start, sequence, keyEnd - keyStart, 0, true, 0);
    this.#frame.set(bytes.subarray(keyStart, keyEnd), keyAt);
    const end = keyAt + (keyEnd - keyStart);
    sealRecord(this.#frame, start, end, place, position + start);
    readRecord(this.#frame, start, end, this.#tombstone);
    this.#count(this.#tombstone, end);
  }

  /** Ends the last output. Everything written is durable then, but for the directory entries. */
  async finish(): Promise<void> {
    await this.#endFrame();
    if (this.#output !== undefined) await this.#endOutput();
    await this.#syncing;
  }

  /** Resolves, never rejects, when no sync is under way any more: the files may be closed then. */
  async settle(): Promise<void> {
    await this.#syncing.catch(() => {});
  }

  #count(record: RecordFields, end: number): void {
    this.#totals.add(record, end - this.#end);
    this.#end = end;
    this.#frameRecords += 1;
    if (record.sequence < this.#frameLowest) this.#frameLowest = record.sequence;
  }

  /** Whether the output may hold `bytes` more. One that was just begun is not asked: it takes whatever comes first. */
  #fitsOutput(bytes: number): boolean {
    return this.output.position + bytes <= this.#settings.outputBytesMax;
  }

  async #beginOutput(): Promise<void> {
    this.#output = await this.#store.createOutput();
    this.created.push(this.#output);
    this.#totals = new OutputTotals();
    this.#frameChecksums = new IntegerLog();
    this.#unsyncedBytes = 0;
  }

  async #endFrame(): Promise<void> {
    if (this.#frameRecords === 0) return;
    const { output } = this;
    this.#sealFrame(output);
    this.#frameChecksums.push(crc32(this.#frame, FRAME_HEADER_BYTES, this.#end));
    output.append(this.#frame, 0, this.#end);
    this.bytesWritten += this.#end;
    this.#unsyncedBytes += this.#end;
    this.#end = FRAME_HEADER_BYTES;
    this.#frameRecords = 0;
    this.#frameLowest = Infinity;
    if (this.#unsyncedBytes >= this.#settings.syncEveryBytes) await this.#beginSync(output);
  }

  /** One at a time: it waits for the one before, and rejects with what that failed of. */
  async #beginSync(output: MergeOutput): Promise<void> {
    await this.#syncing;
    this.#unsyncedBytes = 0;
    this.#syncing = output.sync();
    // Whoever waits for it is told.
    this.#syncing.catch(() => {});
  }

  #sealFrame(output: MergeOutput): void {
    const header = {
      recordCount: this.#frameRecords,
      firstSequence: this.#frameLowest,
      floor: this.#store.floor(),
      acknowledgedWhenSynced: false,
      sparse: true,
    };
    sealFrameHeader(this.#frame, 0, this.#end, header, output.place, output.position);
  }

  async #endOutput(): Promise<void> {
    const { output } = this;
    if (this.#unsyncedBytes > 0) await this.#beginSync(output);
    this.written.push({ finished: this.#totals.finish(output), frameChecksums: this.#frameChecksums });
    this.#output = undefined;
  }
}
