import { fateKind, INTACT } from "./crash-fates.ts";
import type { DirectoryNode } from "./simulated-nodes.ts";
import { changeEntries, type DiskState, type LoggedOperation } from "./simulated-state.ts";
import type { EntryOperation } from "./simulated-trace.ts";

/** All that can be found from the root: directories, and the names of files. */
export interface Tree {
  /** All but the root, each after the one that holds it. */
  readonly directories: readonly string[];
  /** The numbers of the files, each once. */
  readonly files: readonly number[];
  /** Every name of a file; `file` is its place in `files`, as one file may have several names. */
  readonly names: readonly { readonly path: string; readonly file: number }[];
}

/** What programs see. */
export function cachedTree(state: DiskState): Tree {
  return walk(state, (directory) => directory.entries);
}

/** What is durable, and above it the operations of the log on names, as far as they were kept. */
export function survivingTree(
  state: DiskState,
  operations: readonly { readonly logged: LoggedOperation; readonly outcome: number }[],
): Tree {
  const changed = new Map<number, Map<string, number>>();
  for (const { logged, outcome } of operations) {
    if (fateKind(outcome) === "lost") continue;
    let entries = changed.get(logged.object);
    if (entries === undefined) {
      entries = new Map((state.nodes.get(logged.object) as DirectoryNode).durableEntries);
      changed.set(logged.object, entries);
    }
    change(entries, logged.operation as EntryOperation, outcome);
  }
  return walk(state, (directory) => changed.get(directory.id) ?? directory.durableEntries);
}

/** Does to a directory what is left of the step. Only renames have parts. */
function change(entries: Map<string, number>, operation: EntryOperation, outcome: number): void {
  if (outcome === INTACT || operation.kind !== "rename") return changeEntries(entries, operation);
  if (fateKind(outcome) === "torn-prefix") {
    entries.set(operation.name, operation.target);
    return;
  }
  entries.delete(operation.from);
  entries.delete(operation.name);
}

function walk(state: DiskState, entriesOf: (directory: DirectoryNode) => ReadonlyMap<string, number>): Tree {
  const directories: string[] = [];
  const places = new Map<number, number>();
  const names: { path: string; file: number }[] = [];
  const visit = (directory: DirectoryNode, path: string): void => {
    for (const [name, id] of entriesOf(directory)) {
      const entryPath = `${path}/${name}`;
      const node = state.nodes.get(id);
      if (node?.kind === "directory") {
        directories.push(entryPath);
        visit(node, entryPath);
      } else {
        const file = places.get(id) ?? places.size;
        places.set(id, file);
        names.push({ path: entryPath, file });
      }
    }
  };
  visit(state.root, "");
  return { directories, files: [...places.keys()], names };
}
