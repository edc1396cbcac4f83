import { garbleSector, keptEnd, leftOfUnit, sectorOf, strayWrite, type StrayWrite } from "./crash-damage.ts";
import { fateKind, INTACT, type Fates } from "./crash-fates.ts";
import { rulesOf, type Profile, type ProfileRules } from "./crash-profiles.ts";
import { FateReader } from "./crash-settling.ts";
import { cachedTree, survivingTree, type Tree } from "./crash-tree.ts";
import { unitsOf, type PendingUnit } from "./crash-units.ts";
import { DiskImage, ImageFile } from "./disk-image.ts";
import { DIRECTORY, hashPath, HashSum, type ImageHash } from "./image-hash.ts";
import type { FileNode } from "./simulated-nodes.ts";
import { residueOf } from "./simulated-residue.ts";
import type { DiskState } from "./simulated-state.ts";

/** What a crash that comes now leaves of a disk. */
export function crashImage(state: DiskState, fates: Fates, profile: Profile): DiskImage {
  if (profile === "kill") return imageAsSeen(state);
  return new CrashImages(unitsOf(state.log), rulesOf(profile), () => state).image(fates);
}

/** What programs see: all that was handed to the operating system is there. */
export function imageAsSeen(state: DiskState): DiskImage {
  const tree = cachedTree(state);
  return imageOf(tree, filesAsSeen(state, tree), residueOf(state));
}

/** The hash of `imageAsSeen`. */
export function hashAsSeen(state: DiskState): ImageHash {
  const tree = cachedTree(state);
  return new HashedTree(tree).hash(filesAsSeen(state, tree));
}

function filesAsSeen(state: DiskState, tree: Tree): ImageFile[] {
  return tree.files.map((id) => {
    const { contents, size } = fileOf(state, id);
    return contents.prefix(size);
  });
}

/**
 * What crashes leave at one moment, under one profile: the durable state, and above it the units that the fates let
 * through, in the order in which they were issued.
 *
 * Images of one moment differ in a file or two and in a few names, so trees and damaged files are kept, to be used
 * again. A file of which nothing is damaged shares its bytes with the disk.
 */
export class CrashImages {
  readonly #rules: ProfileRules;
  readonly #units: readonly PendingUnit[];
  readonly #reader: FateReader;
  readonly #state: () => DiskState;
  readonly #names: readonly number[];
  readonly #unitsOfFile: ReadonlyMap<number, readonly number[]>;
  readonly #trees: Map<string, HashedTree> = new Map();
  readonly #files: Map<string, ImageFile> = new Map();
  #residue: readonly ImageFile[] | undefined;
  #keptBytes = 0;

  /** `state` gives the disk at that moment, whenever it is asked. */
  constructor(units: readonly PendingUnit[], rules: ProfileRules, state: () => DiskState) {
    this.#units = units;
    this.#rules = rules;
    this.#state = state;
    this.#reader = new FateReader(units, rules);
    this.#names = [...units.keys()].filter((index) => units[index].kind === "entry");
    this.#unitsOfFile = unitsByFile(units);
  }

  image(fates: Fates): DiskImage {
    const settled = this.#reader.settle(fates);
    const { tree } = this.#treeOf(settled);
    this.#residue ??= residueOf(this.#state());
    return imageOf(tree, this.#filesOf(tree, settled), this.#residue);
  }

  /** The hash of that image, without the image: where nothing is damaged, all that it is made of is known. */
  hash(fates: Fates): ImageHash {
    const settled = this.#reader.settle(fates);
    const hashed = this.#treeOf(settled);
    return hashed.hash(this.#filesOf(hashed.tree, settled));
  }

  /** The names that are left, and the files that they lead to. */
  tree(fates: Fates): Tree {
    return this.#treeOf(this.#reader.settle(fates)).tree;
  }

  /** What becomes of one unit by that number, if nothing before it is cut. */
  outcome(index: number, fate: number): number {
    return this.#reader.outcome(index, fate);
  }

  /** What lies in place of a unit of bytes, if that becomes of it. */
  leftOf(index: number, outcome: number): Uint8Array {
    return leftOfUnit(this.#units[index], outcome, this.#state());
  }

  /** How many bytes of a file are there whatever happens. */
  durableBytes(file: number): number {
    return fileOf(this.#state(), file).durableBytes;
  }

  #filesOf(tree: Tree, settled: readonly number[]): ImageFile[] {
    const strays = this.#strayWrites(settled);
    return tree.files.map((id) => this.#file(id, settled, strays));
  }

  #treeOf(settled: readonly number[]): HashedTree {
    let key = "";
    for (const index of this.#names) {
      if (settled[index] !== INTACT) key += `${index}:${settled[index]} `;
    }
    let tree = this.#trees.get(key);
    if (tree === undefined) {
      const outcomes = this.#names.map((index) => ({ logged: this.#units[index].logged, outcome: settled[index] }));
      tree = new HashedTree(survivingTree(this.#state(), outcomes));
      this.#trees.set(key, tree);
    }
    return tree;
  }

  #file(id: number, settled: readonly number[], strays: readonly StrayWrite[]): ImageFile {
    const file = fileOf(this.#state(), id);
    const units = this.#unitsOfFile.get(id) ?? NONE;
    const bytes = this.#length(file, units, settled);
    const damaged = units.length === 0 ? NONE : units.filter((i) => this.#isDamaged(i, settled[i], bytes));
    const landed = strays.length === 0 ? NO_STRAYS : strays.filter((stray) => stray.file === id);
    if (landed.length > 0) return this.#build(file, bytes, damaged, settled, landed);
    if (damaged.length === 0) return file.contents.prefix(bytes);
    const key = damaged.reduce((words, index) => `${words} ${index}:${settled[index]}`, `${id} ${bytes}`);
    return this.#kept(key, bytes, () => this.#build(file, bytes, damaged, settled, landed));
  }

  #length(file: FileNode, units: readonly number[], settled: readonly number[]): number {
    let bytes = file.durableBytes;
    for (const index of units) {
      const unit = this.#units[index];
      if (unit.kind === "length" || this.#rules.lengthFollowsBytes) {
        bytes = Math.max(bytes, keptEnd(unit, settled[index]));
      }
    }
    return bytes;
  }

  #isDamaged(index: number, outcome: number, bytes: number): boolean {
    const unit = this.#units[index];
    if (outcome === INTACT || unit.kind !== "bytes") return false;
    return (this.#fillsSector(outcome) ? sectorOf(unit) : unit.from) < bytes;
  }

  #fillsSector(outcome: number): boolean {
    return this.#rules.reachesOut === "garbage fills the sector" && fateKind(outcome) === "garbage";
  }

  #build(
    file: FileNode,
    bytes: number,
    damaged: readonly number[],
    settled: readonly number[],
    landed: readonly StrayWrite[],
  ): ImageFile {
    const content = file.contents.buffer.slice(0, bytes);
    for (const index of damaged) overwrite(content, this.#units[index].from, this.leftOf(index, settled[index]));
    for (const index of damaged) {
      if (this.#fillsSector(settled[index])) garbleSector(content, this.#units[index], settled[index]);
    }
    for (const { at, bytes: stray } of landed) overwrite(content, at, stray);
    return new ImageFile(content);
  }

  #strayWrites(settled: readonly number[]): readonly StrayWrite[] {
    if (this.#rules.reachesOut !== "writes go astray") return NO_STRAYS;
    const writes = this.#units.map((unit, index) =>
      fateKind(settled[index]) === "astray" ? strayWrite(unit, settled[index], this.#state()) : undefined,
    );
    return writes.filter((write) => write !== undefined);
  }

  #kept(key: string, bytes: number, build: () => ImageFile): ImageFile {
    let file = this.#files.get(key);
    if (file !== undefined) return file;
    file = build();
    this.#keptBytes += bytes;
    if (this.#keptBytes > KEPT_BYTES_MAX) {
      this.#files.clear();
      this.#keptBytes = bytes;
    }
    this.#files.set(key, file);
    return file;
  }
}

/** A tree, and the part of its images' hashes that does not depend on what the files hold. */
class HashedTree {
  readonly tree: Tree;
  #begun: { readonly directories: ImageHash; readonly paths: readonly ImageHash[] } | undefined;

  constructor(tree: Tree) {
    this.tree = tree;
  }

  /** Of the image in which these are the tree's files. */
  hash(contents: readonly ImageFile[]): ImageHash {
    this.#begun ??= this.#begin();
    const { directories, paths } = this.#begun;
    const sum = new HashSum(directories);
    for (let i = 0; i < paths.length; i++) sum.add(paths[i], contents[this.tree.names[i].file].hash);
    return sum;
  }

  #begin(): { readonly directories: ImageHash; readonly paths: readonly ImageHash[] } {
    const directories = new HashSum();
    for (const path of this.tree.directories) directories.add(hashPath(path), DIRECTORY);
    return { directories, paths: this.tree.names.map(({ path }) => hashPath(path)) };
  }
}

/** Damaged files that are kept for the next image: more are made again. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024;

const NONE: readonly number[] = [];
const NO_STRAYS: readonly StrayWrite[] = [];

/** Where the units of each file stand, in their order. */
export function unitsByFile(units: readonly PendingUnit[]): ReadonlyMap<number, readonly number[]> {
  const byFile = new Map<number, number[]>();
  for (const [index, { kind, logged }] of units.entries()) {
    if (kind === "entry") continue;
    const own = byFile.get(logged.object);
    if (own === undefined) byFile.set(logged.object, [index]);
    else own.push(index);
  }
  return byFile;
}

function fileOf(state: DiskState, id: number): FileNode {
  return state.nodes.get(id) as FileNode;
}

function overwrite(content: Uint8Array, at: number, bytes: Uint8Array): void {
  const room = content.length - at;
  if (room > 0) content.set(bytes.length > room ? bytes.subarray(0, room) : bytes, at);
}

function imageOf(tree: Tree, contents: readonly ImageFile[], residue: readonly ImageFile[]): DiskImage {
  const files = new Map<string, ImageFile>();
  for (const { path, file } of tree.names) files.set(path, contents[file]);
  return new DiskImage(tree.directories, files, residue);
}
