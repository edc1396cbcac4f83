/** A store as the comparison sees it: the same calls for each, by which each is asked in the quickest way that it documents. */
export interface Contender {
  /** Puts all of them, and resolves when they are acknowledged. The arrays, and the keys in them, are used again afterwards. */
  batch(keys: readonly Buffer[], values: readonly Buffer[]): Promise<unknown>;
  /** Resolves when the write is acknowledged. The key is used again once the call has returned. */
  put(key: Buffer, value: Buffer): Promise<unknown>;
  /** Many at a time. Where a store reads synchronously only, that. */
  get(key: Buffer): Promise<Uint8Array | undefined>;
  getSync?(key: Buffer): Uint8Array | undefined;
  /** Resolves when nothing goes on in the background any more, or at once where only the process's work can tell. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** What a write's acknowledgement is worth. */
export type Durability = "not synced" | "synced";

/** What a contender is opened with. */
export interface OpenSettings {
  readonly directory: string;
  readonly durability: Durability;
  /** Of the bare loops, and of whoever wants to know before. */
  readonly valueBytes: number;
}

/** Who takes part, in the order of the tables. */
export interface Entrant {
  readonly name: string;
  /** Left out where the commit and the version of Node say it all. */
  readonly version?: string;
  /** What it is opened with, in words, for each durability that it takes part with. */
  readonly durabilities: Readonly<Partial<Record<Durability, string>>>;
  /** No store, but the least that one has to do. */
  readonly isBare?: boolean;
  /** Hashlog opened in another way: no peer of the one with its defaults. */
  readonly isVariant?: boolean;
  /** What it can do; left out: everything. */
  readonly does?: readonly Doing[];
  open(settings: OpenSettings): Promise<Contender>;
}

/** What a workload asks for. */
export type Doing = "batch" | "put" | "get" | "getSync";
