import type { SimulatedDisk } from "@hashlog/fs-io/testing";
import type { Obligation } from "../oracle/obligation.ts";
import { mustHaveReadOn } from "../properties/p14-forward-progress.ts";
import { mustShowAState } from "../properties/p21-sorted-map.ts";
import { settled } from "../world/quiet.ts";
import { openTextReader, type StoreShape, type TextReader } from "../world/text-store.ts";
import { VirtualClock } from "../world/virtual-clock.ts";
import { readSync } from "./reads.ts";

/** What a reader has to know of what it reads. */
interface BesideWhat {
  readonly disk: SimulatedDisk;
  readonly shape: StoreShape;
  readonly nowMs: () => number;
  /** How many units were acknowledged by now. */
  readonly acknowledged: () => number;
  /** What may be shown now that holds at least so many. */
  readonly showing: (least: number) => Obligation;
}

/**
 * Somebody who reads the store in a process of its own. The reader stays open over everything that becomes of the writer
 * but a power cut, and shows the state after some of the commits (P21): none fewer than were acknowledged when it was
 * asked to catch up, none fewer than it has shown before, and none that a crash could take back beyond the sync policy.
 */
export class ReaderBeside {
  readonly #what: BesideWhat;
  #clock: VirtualClock;
  #opening: Promise<TextReader> | undefined;
  #reader: TextReader | undefined;
  /** After so many commits is the state that it has shown, at least. */
  #shown = 0;
  #waiting: Promise<unknown>[] = [];

  constructor(what: BesideWhat) {
    this.#what = what;
    this.#clock = new VirtualClock(what.nowMs());
  }

  /** Opens it; or lets it catch up. */
  catchUp(): void {
    const least = this.#what.acknowledged();
    this.#waiting.push(this.#opening === undefined ? this.#open(least) : this.#refresh(this.#opening, least));
    // Told when somebody waits for it.
    this.#waiting.at(-1)!.catch(() => undefined);
  }

  /** Looks at what it shows. @throws PropertyViolation */
  look(): void {
    if (this.#reader !== undefined) this.#look(this.#reader, this.#shown);
  }

  /** Resolves when it has done what it was asked for. */
  async settle(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    await settled(Promise.all(waiting), "reading beside the writer");
    this.look();
  }

  tick(milliseconds: number): void {
    this.#clock.tick(milliseconds);
  }

  /** The power was cut: it is gone. */
  die(): void {
    this.#opening = undefined;
    this.#reader = undefined;
    this.#waiting = [];
    this.#shown = 0;
    this.#clock = new VirtualClock(this.#what.nowMs());
  }

  /** It catches up once more, and is closed. */
  async end(): Promise<void> {
    if (this.#opening === undefined) return;
    this.catchUp();
    await this.settle();
    const reader = this.#reader!;
    await settled(reader.close(), "closing a reader");
    mustHaveReadOn(reader.stats());
  }

  async #open(least: number): Promise<void> {
    const { disk, shape } = this.#what;
    const opening = openTextReader(disk.boot(), shape, this.#clock);
    this.#opening = opening;
    const reader = await opening;
    // It may have died since.
    if (opening !== this.#opening) return;
    this.#reader = reader;
    this.#look(reader, least);
  }

  async #refresh(opening: Promise<TextReader>, least: number): Promise<void> {
    const reader = await opening;
    await reader.refresh();
    if (opening !== this.#opening) return;
    this.#look(reader, Math.max(this.#shown, least));
  }

  #look(reader: TextReader, least: number): void {
    this.#shown = mustShowAState(readSync(reader), this.#what.showing(least));
  }
}
