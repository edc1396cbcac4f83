import { InvalidArgumentError, Option } from "commander";
import { bytes, open, type Store, type SyncPolicy } from "@hashlog/engine";
import type { OtherCommand } from "../command.ts";
import { Complaint } from "../complaint.ts";
import { EXIT } from "../exit-codes.ts";
import type { Host } from "../host.ts";
import { checkDirectory } from "../given-file.ts";
import { parseCount, parsePositive, sharedVolumeOption } from "../options.ts";
import type { Progress } from "../progress.ts";
import { table } from "../table.ts";
import { duration, number, plural } from "../words.ts";

interface BenchGiven {
  readonly keys: number;
  readonly valueBytes: number;
  readonly allowSharedVolume?: boolean;
}

/** One thing that was measured. */
interface Measured {
  readonly what: string;
  /** When a write counts as done. */
  readonly durability: string;
  readonly operations: number;
  readonly ms: number;
}

type BenchStore = Store<Uint8Array, Uint8Array>;

export const bench: OtherCommand<BenchGiven> = {
  kind: "other",
  name: "bench",
  summary: "measure a store on your own disk, for some seconds",
  details:
    "In a directory of its own inside the one that is named, which is removed afterwards, also after Ctrl-C. Each row is measured once: for " +
    "comparisons with other stores, with spread, see the bench folder of the project.",
  parameters: [["[directory]", "on the disk to be measured; the current directory if it is left out"]],
  options: () => [
    new Option("--keys <count>", "entries of the store").argParser(parsePositive).default(100_000, "100000"),
    new Option("--value-bytes <count>", "bytes of a value, 1 MiB at most")
      .argParser(parseValueBytes)
      .default(100, "100"),
    sharedVolumeOption("also on a network or shared volume"),
  ],
  examples: ["hashlog bench . --keys 10000"],
  async run({ parameters: [directory = "."], options }, session) {
    const { keys, valueBytes } = options;
    const { host, output, json } = session;
    await checkDirectory(host.fileSystem, directory);
    const own = await host.files.makeTemporary(directory);
    try {
      const rows = await session.during("measuring", "keys", (update) =>
        new Bench(host, own, options, session.signal, update).run(),
      );
      if (json) {
        return await output.json({
          keys,
          valueBytes,
          rows: rows.map((row) => ({ ...row, perSecond: perSecond(row) })),
        });
      }
      await output.line(shown(rows));
      await output.line(
        `\n${plural(keys, "key")} of 16 bytes, values of ${plural(valueBytes, "byte")}, in ${directory}`,
      );
    } finally {
      await host.files.remove(own);
    }
  },
};

/** A batch of them has to be made in memory. */
function parseValueBytes(text: string): number {
  const value = parseCount(text);
  if (value <= VALUE_BYTES_MOST) return value;
  throw new InvalidArgumentError(`It is ${number(VALUE_BYTES_MOST)} at most.`);
}

class Bench {
  readonly #host: Host;
  readonly #directory: string;
  readonly #keys: number;
  readonly #allowSharedVolume: boolean;
  readonly #value: Uint8Array;
  readonly #signal: AbortSignal;
  readonly #update: Progress["update"];

  constructor(
    host: Host,
    directory: string,
    { keys, valueBytes, allowSharedVolume = false }: BenchGiven,
    signal: AbortSignal,
    update: Progress["update"],
  ) {
    this.#host = host;
    this.#directory = directory;
    this.#keys = keys;
    this.#allowSharedVolume = allowSharedVolume;
    this.#value = new Uint8Array(valueBytes).fill(0x76);
    this.#signal = signal;
    this.#update = update;
  }

  async run(): Promise<Measured[]> {
    const rows = [await this.#load()];
    let db: BenchStore | undefined;
    const opened = await this.#measure("open", "", 1, async () => {
      db = await this.#open("never");
    });
    const store = db!;
    try {
      rows.push(opened);
      rows.push(await this.#reads(store));
      rows.push(
        await this.#measure("get of a key that is not there", "", READS, () => {
          const key = keyOf(this.#keys);
          for (let index = 0; index < READS; index += 1) store.getSync(key);
        }),
      );
    } finally {
      await store.close();
    }
    rows.push(await this.#durable("put, one after the other", 1));
    rows.push(await this.#durable("put, 256 in flight", 256));
    return rows;
  }

  #open(sync: SyncPolicy): Promise<BenchStore> {
    const { fileSystem, clock } = this.#host;
    return open<Uint8Array, Uint8Array, Uint8Array>(this.#directory, {
      ...{ keys: bytes, values: bytes, sync, fileSystem, clock },
      allowSharedVolume: this.#allowSharedVolume,
    });
  }

  async #load(): Promise<Measured> {
    const store = await this.#open("never");
    try {
      return await this.#measure("put, in batches of 1,000", "the system has it", this.#keys, async () => {
        for (let from = 0; from < this.#keys; from += BATCH) {
          this.#check();
          const count = Math.min(BATCH, this.#keys - from);
          await store.batch(
            Array.from({ length: count }, (_, at) => ({ type: "put", key: keyOf(from + at), value: this.#value })),
          );
          this.#update(from + count, this.#keys);
        }
      });
    } finally {
      await store.close();
    }
  }

  #reads(store: BenchStore): Promise<Measured> {
    return this.#measure("get, at random", "", READS, () => {
      // A generator of Lehmer's, as every run is to read the same keys.
      let state = 1;
      for (let index = 0; index < READS; index += 1) {
        state = (state * 48_271) % 2_147_483_647;
        store.getSync(keyOf(state % this.#keys));
      }
    });
  }

  async #durable(what: string, inFlight: number): Promise<Measured> {
    const store = await this.#open("always");
    const { clock } = this.#host;
    const began = clock.elapsedMs();
    let done = 0;
    try {
      while (clock.elapsedMs() - began < DURABLE_MS) {
        this.#check();
        await Promise.all(
          Array.from({ length: inFlight }, (_, index) => store.put(keyOf((done + index) % this.#keys), this.#value)),
        );
        done += inFlight;
      }
      return { what, durability: "synced: safe when the power fails", operations: done, ms: clock.elapsedMs() - began };
    } finally {
      await store.close();
    }
  }

  async #measure(
    what: string,
    durability: string,
    operations: number,
    work: () => Promise<void> | void,
  ): Promise<Measured> {
    this.#check();
    const { clock } = this.#host;
    const began = clock.elapsedMs();
    await work();
    return { what, durability, operations, ms: clock.elapsedMs() - began };
  }

  #check(): void {
    if (this.#signal.aborted) throw new Complaint("measuring was cancelled", EXIT.interrupted, "CLI_INTERRUPTED");
  }
}

function shown(rows: readonly Measured[]): string {
  return table(
    ["", "a second", "takes", "done means"],
    ["left", "right", "right", "left"],
    rows.map((row) => [row.what, number(Math.round(perSecond(row))), duration(row.ms), row.durability]),
  );
}

function perSecond({ operations, ms }: Measured): number {
  return ms > 0 ? (1000 * operations) / ms : 0;
}

/** 16 bytes. */
function keyOf(index: number): Uint8Array {
  return Buffer.from(`key-${String(index).padStart(12, "0")}`);
}

const BATCH = 1000;
const VALUE_BYTES_MOST = 1024 * 1024;
const READS = 100_000;
const DURABLE_MS = 1000;
