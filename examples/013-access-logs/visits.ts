/**
 * The visits of an access log, to be asked by time and by path. Of each there are two keys, which end with the place of its line in
 * the log, so that each has keys of its own:
 *
 *     time:TIME:PLACE                the visit
 *     path:PATH TIME:PLACE           the visit is listed under its path, which holds no space
 *     taken                          up to which byte the log was taken in
 */
import { stat } from "node:fs/promises";
import { type BatchOperation, json, open, type Store } from "@hashlog/engine";
import { linesOf, parseLine, type Visit } from "./access-log.ts";

type Kept = Visit | number | null;

const BATCH_LINES = 500;

export class Visits {
  readonly #store: Store<string, Kept>;

  private constructor(store: Store<string, Kept>) {
    this.#store = store;
  }

  static async open(directory: string): Promise<Visits> {
    return new Visits(await open(directory, { values: json<Kept>(), ordered: true }));
  }

  /**
   * Takes in what the log has more than the last time, some hundred lines at once, each time together with how far that is: so no
   * line is missing and none is there twice, whenever it is cut off. `onTaken` is told after each batch how many lines there
   * were; what it throws ends it.
   * @throws Error where the log is shorter than what was taken of it: it was begun anew, and that is another log
   */
  async takeIn(log: string, onTaken?: (lines: number) => void): Promise<{ lines: number; refused: number }> {
    let batch: BatchOperation<string, Kept>[] = [];
    let taken = ((await this.#store.get("taken")) as number | undefined) ?? 0;
    if ((await stat(log)).size < taken) {
      throw new Error(`${log} was begun anew: it is shorter than what was taken of it, which is ${taken} bytes`);
    }
    let [lines, refused] = [0, 0];
    const commit = async (): Promise<void> => {
      await this.#store.batch([...batch, { type: "put", key: "taken", value: taken }]);
      batch = [];
      onTaken?.(lines);
    };
    for await (const { line, start, end } of linesOf(log, taken)) {
      const visit = parseLine(line);
      if (visit === undefined) refused += 1;
      else {
        const place = `${digits(visit.timeMs)}:${digits(start)}`;
        batch.push({ type: "put", key: `time:${place}`, value: visit });
        batch.push({ type: "put", key: `path:${visit.path} ${place}`, value: null });
      }
      taken = end;
      lines += 1;
      if (lines % BATCH_LINES === 0) await commit();
    }
    if (lines % BATCH_LINES !== 0) await commit();
    return { lines, refused };
  }

  /** The visits from one moment on, before another, in the order of time. */
  async *between(fromMs: number, toMs: number): AsyncGenerator<Visit> {
    const range = { gte: `time:${digits(fromMs)}`, lt: `time:${digits(toMs)}` };
    for await (const visit of this.#store.values(range)) yield visit as Visit;
  }

  /** How often each path that begins so was visited. Only keys are looked at, which are in memory. */
  async countByPath(beginning: string): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    for await (const key of this.#store.keys({ prefix: `path:${beginning}` })) {
      const path = key.slice("path:".length, key.indexOf(" "));
      counts.set(path, (counts.get(path) ?? 0) + 1);
    }
    return counts;
  }

  /** The last visits of a path, the newest first. */
  async lastOf(path: string, limit: number): Promise<Visit[]> {
    const places: string[] = [];
    for await (const key of this.#store.keys({ prefix: `path:${path} `, reverse: true, limit })) {
      places.push(`time:${key.slice(key.indexOf(" ") + 1)}`);
    }
    return (await this.#store.getMany(places)) as Visit[];
  }

  count(): Promise<number> {
    return this.#store.count({ prefix: "time:" });
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

function digits(number: number): string {
  return String(number).padStart(15, "0");
}
