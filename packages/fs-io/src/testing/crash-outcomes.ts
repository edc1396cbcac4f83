import { atMostOne, allOf, anyOf, given, type Ways } from "./crash-ways.ts";
import {
  benignFates,
  choicesOf,
  oncePerPoint,
  queuesAt,
  type Choice,
  type CrashKinds,
  type Queue,
} from "./crash-choices.ts";
import { keptEnd } from "./crash-damage.ts";
import { INTACT, type FateKind } from "./crash-fates.ts";
import { unitsByFile, type CrashImages } from "./crash-image.ts";
import type { CrashPoint } from "./crash-point.ts";
import { rulesOf, type ProfileRules } from "./crash-profiles.ts";
import type { Tree } from "./crash-tree.ts";
import type { PendingUnit } from "./crash-units.ts";

/**
 * The crashes at one point that leave different disks, without those that make no difference: what becomes of a file
 * that no name leads to any more, of bytes beyond the length that is left, and of two fates that leave the same bytes.
 *
 *     crashes  =  for each set of names that is left:  the product, over the files that they lead to, of
 *                     for each length that is left:    the product, over the sectors below it, of what is left of them
 *
 * The full product over all units has many times as many members, and exactly the same images.
 */
export const outcomesAt: (point: CrashPoint, options: CrashKinds) => Ways = oncePerPoint((point, profile, kinds) => {
  const queues = queuesAt(point, { profile, kinds });
  if (profile === "kill" || queues.every(({ choices }) => choices.length === 0)) return given([]);
  const rules = rulesOf(profile);
  const names = queues.filter(({ units }) => units.every((index) => point.units[index].kind === "entry"));
  const files = queues.filter((queue) => !names.includes(queue));
  const areApart = rules.reachesOut === "no" && files.every(({ units }) => isOfOneFile(point.units, units));
  if (!areApart) return product(queues);
  const outcomes = new Outcomes(point, point.imagesUnder(profile), rules, kinds);
  return outcomes.ofNames(names, outcomes.ofFiles(files));
});

/** Of more sectors of one file, and of more sets of names, all are gone through, whether they differ or not. */
const SECTORS_MAX = 16;
const NAMES_MAX = 64;

class Outcomes {
  readonly #point: CrashPoint;
  readonly #units: readonly PendingUnit[];
  readonly #images: CrashImages;
  readonly #rules: ProfileRules;
  readonly #kinds: readonly FateKind[];

  constructor(point: CrashPoint, images: CrashImages, rules: ProfileRules, kinds: readonly FateKind[]) {
    this.#point = point;
    this.#units = point.units;
    this.#images = images;
    this.#rules = rules;
    this.#kinds = kinds;
  }

  ofNames(queues: readonly Queue[], files: ReadonlyMap<number, Ways>): Ways {
    const names = product(queues);
    if (names.count > NAMES_MAX) return allOf([names, ...files.values()]);
    const visible = (tree: Tree): Ways[] => tree.files.map((id) => files.get(id)).filter((ways) => ways !== undefined);
    const trees = new Map<string, Ways>();
    for (let number = 0; number < names.count; number++) {
      const fates = benignFates(this.#point);
      names.choose(number, fates);
      const tree = this.#images.tree(fates);
      const shape = shapeOf(tree);
      if (trees.has(shape)) continue;
      const chosenNames: Ways = { count: 1, choose: (_, target) => names.choose(number, target) };
      trees.set(shape, allOf([chosenNames, ...visible(tree)]));
    }
    return anyOf([...trees.values()]);
  }

  ofFiles(queues: readonly Queue[]): Map<number, Ways> {
    const ofFiles = new Map<number, Ways>();
    for (const [id, units] of unitsByFile(this.#units)) {
      const own = queues.filter((queue) => units.includes(queue.units[0]));
      ofFiles.set(id, this.#canBeReduced(units) ? this.#ofFile(id, units) : product(own));
    }
    return ofFiles;
  }

  /** A file that keeps its order has few ways, and all of them differ. */
  #canBeReduced(units: readonly number[]): boolean {
    const sectors = units.filter((index) => this.#units[index].kind === "bytes").length;
    return !this.#rules.lengthFollowsBytes && sectors <= SECTORS_MAX;
  }

  #ofFile(id: number, units: readonly number[]): Ways {
    const sectors = units.filter((index) => this.#units[index].kind === "bytes");
    const lengths = units.filter((index) => this.#units[index].kind === "length").reverse();
    const ways: Ways[] = [];
    for (const [end, choices] of this.#lengthsLeft(id, lengths)) {
      const visible = sectors.filter((index) => this.#units[index].from < end);
      ways.push(allOf([given(choices), ...visible.map((index) => this.#ofSector(index, end))]));
    }
    return anyOf(ways);
  }

  /** Every length that the file can have, with the choices that give it; the longest first. The newest come first. */
  #lengthsLeft(id: number, lengths: readonly number[]): ReadonlyMap<number, readonly Choice[]> {
    const left = new Map<number, readonly Choice[]>();
    const note = (end: number, choices: readonly Choice[]): void => {
      if (!left.has(end)) left.set(end, choices);
    };
    const lost: Choice[] = [];
    for (const index of lengths) {
      const ends = this.#choices(index).map((choice) => ({ choice, end: this.#endOf(index, choice) }));
      // What was kept of a length is above all that came before it.
      for (const { choice, end } of ends) if (end > 0) note(end, [...lost, ...chosen(choice)]);
      const loses = ends.find(({ end }) => end === 0);
      if (loses === undefined) return left;
      lost.push(...chosen(loses.choice));
    }
    note(this.#images.durableBytes(id), lost);
    return left;
  }

  #endOf(index: number, { fate }: Choice): number {
    return keptEnd(this.#units[index], this.#images.outcome(index, fate));
  }

  /** The choices that leave different bytes below the end of the file. */
  #ofSector(index: number, end: number): Ways {
    const { from } = this.#units[index];
    const seen: Uint8Array[] = [];
    const different = this.#choices(index).filter(({ fate }) => {
      const left = this.#images.leftOf(index, this.#images.outcome(index, fate)).subarray(0, end - from);
      if (seen.some((other) => areEqual(left, other))) return false;
      seen.push(left);
      return true;
    });
    return atMostOne(different.slice(1));
  }

  /** What can become of a unit; first, that nothing happens to it. */
  #choices(index: number): readonly Choice[] {
    const unit = this.#units[index];
    return [{ index: unit.fateIndex, fate: INTACT }, ...choicesOf(unit, this.#rules, this.#kinds)];
  }
}

function product(queues: readonly Queue[]): Ways {
  return allOf(queues.map(({ choices }) => atMostOne(choices)));
}

function isOfOneFile(units: readonly PendingUnit[], queue: readonly number[]): boolean {
  return queue.every(
    (index) => units[index].kind !== "entry" && units[index].logged.object === units[queue[0]].logged.object,
  );
}

function chosen(choice: Choice): Choice[] {
  return choice.fate === INTACT ? [] : [choice];
}

/** The same for trees in which the same names lead to the same files. */
function shapeOf({ directories, files, names }: Tree): string {
  const links = names.map(({ path, file }) => `${path}\0${files[file]}`);
  return [...directories, ...links].sort().join("\0\0");
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
