import { damage } from "./crash-damage.ts";
import { fateKind, INTACT, tearPoint, type Fates } from "./crash-fates.ts";
import { rulesOf, settleFates, type Profile, type ProfileRules } from "./crash-profiles.ts";
import { unitsOf, type PendingUnit } from "./crash-units.ts";
import { DiskImage, ImageFile } from "./disk-image.ts";
import type { DirectoryNode, FileNode } from "./simulated-nodes.ts";
import { changeEntries, type DiskState } from "./simulated-state.ts";
import type { EntryOperation } from "./simulated-trace.ts";

/**
 * What a crash leaves of a disk: its durable state, and above it the units of the log that the fates let through, in
 * the order in which they were issued. A file of which nothing is pending, or nothing is damaged, shares its bytes with
 * the disk; only a damaged one is copied. `units` are those of the state's log, where they are known already.
 */
export function crashImage(
  state: DiskState,
  fates: Fates,
  profile: Profile,
  units: readonly PendingUnit[] = unitsOf(state.log),
): DiskImage {
  if (profile === "kill") return collect(state, cachedView);
  const rules = rulesOf(profile);
  return collect(state, survivingView(state, units, settleFates(units, fates, rules), rules));
}

/** How a walk through the disk's tree sees directories and files. */
interface View {
  entries(directory: DirectoryNode): ReadonlyMap<string, number>;
  file(file: FileNode): ImageFile;
}

const cachedView: View = {
  entries: (directory) => directory.entries,
  file: (file) => file.contents.prefix(file.size),
};

function survivingView(
  state: DiskState,
  units: readonly PendingUnit[],
  fates: readonly number[],
  rules: ProfileRules,
): View {
  const directories = new Map<number, Map<string, number>>();
  const files = new Map<number, FileRemains>();
  for (const [index, unit] of units.entries()) {
    if (unit.kind === "entry") keepEntry(directories, state, unit, fates[index]);
    else remainsOf(files, state, unit.logged.object).take(unit, fates[index], rules);
  }
  return {
    entries: (directory) => directories.get(directory.id) ?? directory.durableEntries,
    file: (file) => files.get(file.id)?.build(state) ?? file.contents.prefix(file.durableBytes),
  };
}

function keepEntry(
  directories: Map<number, Map<string, number>>,
  state: DiskState,
  { logged }: PendingUnit,
  fate: number,
): void {
  if (fate !== INTACT) return;
  let entries = directories.get(logged.object);
  if (entries === undefined) {
    entries = new Map((state.nodes.get(logged.object) as DirectoryNode).durableEntries);
    directories.set(logged.object, entries);
  }
  changeEntries(entries, logged.operation as EntryOperation);
}

function remainsOf(files: Map<number, FileRemains>, state: DiskState, id: number): FileRemains {
  let remains = files.get(id);
  if (remains === undefined) {
    remains = new FileRemains(state.nodes.get(id) as FileNode);
    files.set(id, remains);
  }
  return remains;
}

/** What is left of one file with something pending on it: how long it is, and which units of it are not whole. */
class FileRemains {
  readonly #file: FileNode;
  readonly #damaged: { readonly unit: PendingUnit; readonly fate: number }[] = [];
  #bytes: number;
  #built: ImageFile | undefined;

  constructor(file: FileNode) {
    this.#file = file;
    this.#bytes = file.durableBytes;
  }

  take(unit: PendingUnit, fate: number, rules: ProfileRules): void {
    if (unit.kind === "bytes" && fate !== INTACT) this.#damaged.push({ unit, fate });
    if (unit.kind === "length" || rules.lengthFollowsBytes) this.#bytes = Math.max(this.#bytes, keptEnd(unit, fate));
  }

  /** One and the same file at each call: it may have several names. */
  build(state: DiskState): ImageFile {
    this.#built ??= this.#build(state);
    return this.#built;
  }

  #build(state: DiskState): ImageFile {
    const visible = this.#damaged.filter(({ unit }) => unit.from < this.#bytes);
    if (visible.length === 0) return this.#file.contents.prefix(this.#bytes);
    const content = this.#file.contents.buffer.slice(0, this.#bytes);
    for (const { unit, fate } of visible) damage(content, unit, fate, state);
    return new ImageFile(content);
  }
}

/** Where the kept part of a unit ends: 0 if nothing at its beginning was kept. */
function keptEnd({ from, to }: PendingUnit, fate: number): number {
  if (fate === INTACT) return to;
  return fateKind(fate) === "torn-prefix" ? from + tearPoint(fate, to - from) : 0;
}

function collect(state: DiskState, view: View): DiskImage {
  const directories: string[] = [];
  const files = new Map<string, ImageFile>();
  const visit = (directory: DirectoryNode, path: string): void => {
    for (const [name, id] of view.entries(directory)) {
      const entryPath = `${path}/${name}`;
      const node = state.nodes.get(id);
      if (node?.kind === "file") files.set(entryPath, view.file(node));
      if (node?.kind !== "directory") continue;
      directories.push(entryPath);
      visit(node, entryPath);
    }
  };
  visit(state.root, "");
  return new DiskImage(directories, files);
}
