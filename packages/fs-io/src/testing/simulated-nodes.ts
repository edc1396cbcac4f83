import type { FileContents } from "./simulated-contents.ts";
import type { FaultKind } from "./simulated-faults.ts";

/** What an entry of a directory leads to. */
export type DiskNode = FileNode | DirectoryNode;

/** A file, by whatever names it is known, or by none any more. */
export interface FileNode {
  readonly kind: "file";
  readonly id: number;
  /** Another object once the file was reverted or evicted, as its bytes are others from there on. */
  contents: FileContents;
  size: number;
  /** So many bytes from the beginning are on the disk whatever happens. */
  durableBytes: number;
  /** How many names programs see it under, and how many open handles there are on it. */
  links: number;
  handles: number;
  /** What its next sync fails of, as an earlier one lied. */
  owed: FaultKind | undefined;
}

/** A directory: its entries as programs see them, and as they certainly are on the disk. */
export interface DirectoryNode {
  readonly kind: "directory";
  readonly id: number;
  readonly entries: Map<string, number>;
  readonly durableEntries: Map<string, number>;
}
