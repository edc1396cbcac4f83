import { decodeManifest, encodeManifest, MANIFEST_NAME, type Decoded, type Manifest } from "@hashlog/format";
import { FsError, type FileSystem } from "@hashlog/fs-io";
import type { DirectoryEntries } from "./directory-entries.ts";
import { corrupt, inOwnWords, HashlogError } from "./errors.ts";
import { readSmallFile } from "./files.ts";
import { sameBytes } from "./same-bytes.ts";

/**
 * The manifest as it stands on disk, and its edits: one at a time, each made from the latest, each replacing the file
 * atomically, each testifying the floor.
 *
 * Before an edit the file is read again: a writer whose lock was lost (a suspended machine, say) and that wakes up
 * beside its successor finds another manifest than its own, and stops. An edit that fails once its rename was begun has
 * an unknown outcome: the manifest on disk may be either version, so nothing may be written, and nothing that either
 * version lists may be removed, until the store is opened again.
 */
export class ManifestFile {
  readonly #fileSystem: FileSystem;
  readonly #entries: DirectoryEntries;
  readonly #path: string;
  readonly #epoch: number;
  readonly #floor: () => number;
  #current: Manifest;
  #bytes: Uint8Array;
  #queue: Promise<unknown> = Promise.resolve();
  #failure: HashlogError | undefined;
  /** What an edit of unknown outcome may have left on the disk. */
  #attempted: Uint8Array | undefined;

  constructor(parts: {
    fileSystem: FileSystem;
    entries: DirectoryEntries;
    path: string;
    read: ReadManifest;
    /** The epoch of this opening. */
    epoch: number;
    floor: () => number;
  }) {
    this.#fileSystem = parts.fileSystem;
    this.#entries = parts.entries;
    this.#path = parts.path;
    this.#current = parts.read.manifest;
    this.#bytes = parts.read.bytes;
    this.#epoch = parts.epoch;
    this.#floor = parts.floor;
  }

  get path(): string {
    return this.#path;
  }

  get current(): Manifest {
    return this.#current;
  }

  /** Why no edit can be made any more, if so. */
  get failure(): HashlogError | undefined {
    return this.#failure;
  }

  /**
   * Makes one edit; resolves to the new manifest when it is durable. `change` gets the latest manifest with the floor
   * brought up to date and the epoch of this opening, and is called when it is this edit's turn.
   * @throws HashlogError `HASHLOG_NO_SPACE` | `HASHLOG_IO` | ...: nothing was changed; `HASHLOG_WRITES_DISABLED`: the
   * outcome is unknown, or another process has the store.
   */
  edit(change: (manifest: Manifest) => Manifest): Promise<Manifest> {
    const turn = this.#queue.then(() => this.#edit(change));
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  /**
   * Resolves if no other writer has changed the manifest.
   * @throws HashlogError `HASHLOG_WRITES_DISABLED` if one has; `HASHLOG_IO`
   */
  check(): Promise<void> {
    const turn = this.#queue.then(() => this.#checkUnchanged());
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  /** No edit is made any more. Resolves when none is under way: it is only as long as the lock is held that one is safe. */
  async close(): Promise<void> {
    this.#failure ??= new HashlogError("HASHLOG_CLOSED", "the store is closed", { path: this.#path });
    await this.#queue;
  }

  async #edit(change: (manifest: Manifest) => Manifest): Promise<Manifest> {
    if (this.#failure !== undefined) {
      // mark: manifest/edit-after-failure
      throw this.#failure;
    }
    await this.#checkUnchanged();
    const floor = Math.max(this.#current.floor, this.#floor());
    const next = change({ ...this.#current, floor, epoch: this.#epoch });
    const bytes = encodeManifest(next);
    await this.#replace(bytes);
    this.#current = next;
    this.#bytes = bytes;
    return next;
  }

  async #checkUnchanged(): Promise<void> {
    const found = await readManifestBytes(this.#fileSystem, this.#path).catch((error: unknown) => {
      // mark: manifest/not-readable-before-an-edit
      throw inOwnWords(error, "reading the manifest before changing it failed");
    });
    if (sameBytes(found, this.#bytes)) return;
    if (this.#attempted !== undefined && sameBytes(found, this.#attempted)) return;
    // mark: manifest/changed-by-another-writer
    this.#failure = new HashlogError(
      "HASHLOG_WRITES_DISABLED",
      `another writer has changed ${this.#path}; this one has lost its lock and stops`,
      { path: this.#path },
    );
    throw this.#failure;
  }

  async #replace(bytes: Uint8Array): Promise<void> {
    await this.#entries.replace(this.#path, bytes).catch((error: unknown) => {
      throw this.#classify(error, bytes);
    });
  }

  #classify(error: unknown, bytes: Uint8Array): unknown {
    if (FsError.is(error) && error.outcome === "unchanged") {
      // mark: manifest/edit-changed-nothing
      return inOwnWords(error, "changing the manifest failed");
    }
    // mark: manifest/edit-of-unknown-outcome
    this.#attempted = bytes;
    this.#failure = new HashlogError(
      "HASHLOG_WRITES_DISABLED",
      `a change of ${this.#path} failed with an unknown outcome; open the store again`,
      { path: this.#path, cause: error },
    );
    return this.#failure;
  }
}

export interface ReadManifest {
  readonly manifest: Manifest;
  readonly bytes: Uint8Array;
}

/**
 * Reads the manifest; `undefined` if there is none.
 * @throws HashlogError `HASHLOG_CORRUPT` | `HASHLOG_VERSION` | `HASHLOG_IO`
 */
export async function readManifest(fileSystem: FileSystem, directory: string): Promise<ReadManifest | undefined> {
  const path = fileSystem.join(directory, MANIFEST_NAME);
  if ((await fileSystem.stat(path)) === undefined) return undefined;
  const bytes = await readManifestBytes(fileSystem, path);
  const decoded = decodeManifestBytes(bytes);
  if (decoded.kind === "version") {
    // mark: manifest/of-another-version
    throw ofAnotherVersion(path, decoded.version);
  }
  if (decoded.kind === "damaged") {
    // mark: manifest/damaged
    throw corrupt(`${path} is damaged: ${decoded.reason}`, { path });
  }
  return { manifest: decoded.value, bytes };
}

/** The bytes of a manifest file; of one that is longer than any, no more than shows that. @throws FsError */
export function readManifestBytes(fileSystem: FileSystem, path: string): Promise<Uint8Array> {
  return readSmallFile(fileSystem, path, MANIFEST_BYTES_MOST + 1);
}

/** What the bytes of a manifest file say. */
export function decodeManifestBytes(bytes: Uint8Array): Decoded<Manifest> {
  const decoded = decodeManifest(bytes);
  // Those of a later version may be longer.
  if (bytes.length <= MANIFEST_BYTES_MOST || decoded.kind === "version") return decoded;
  return { kind: "damaged", reason: "it is larger than any manifest" };
}

// That of the 16,383 segments that a store can have is 25 times smaller.
const MANIFEST_BYTES_MOST = 16 * 1024 * 1024;

/** The error for a manifest of a version of the format that is not known here. */
export function ofAnotherVersion(path: string, version: number): HashlogError {
  return new HashlogError(
    "HASHLOG_VERSION",
    `${path} was written in version ${version} of the format, which this version of Hashlog does not know`,
    { path, actual: version },
  );
}

/** Writes the first manifest of a store. */
export async function createManifest(
  fileSystem: FileSystem,
  directory: string,
  manifest: Manifest,
): Promise<ReadManifest> {
  const bytes = encodeManifest(manifest);
  await fileSystem.replace(fileSystem.join(directory, MANIFEST_NAME), bytes);
  return { manifest, bytes };
}

/** The last sequence that a manifest tells of: what is sealed, and what was durable, though a merge may have taken it out since. */
export function lastSequenceIn({ segments, floor }: Pick<Manifest, "segments" | "floor">): number {
  return segments.reduce((last, one) => (one.state === "sealed" ? Math.max(last, one.highestSequence) : last), floor);
}
