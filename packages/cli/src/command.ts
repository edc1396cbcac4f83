import type { Option } from "commander";
import type { ReadOnlyStore, Store } from "@hashlog/engine";
import type { ExitCode } from "./exit-codes.ts";
import type { Session } from "./session.ts";

/** A store whose keys and values are bytes, open for writing or for reading alone. */
export type AnyStore = WritableStore | ReadableStore;
export type WritableStore = Store<Uint8Array, Uint8Array>;
export type ReadableStore = ReadOnlyStore<Uint8Array, Uint8Array>;

interface CommandBase {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** What the help says besides. */
  readonly details?: string;
  /** `["<key>", "..."]`: in brackets as commander has them, and what each is. Of a store command without the store. */
  readonly parameters: readonly (readonly [name: string, description: string])[];
  /** Made anew for each use: the objects hold state. */
  readonly options?: () => readonly Option[];
  /** Command lines that work, as the help shows them: run by the tests, in a directory with a `store` and a `backup`. */
  readonly examples: readonly string[];
}

/** What was asked for: the parameters in order, those that were left out `undefined`, and the options by name. */
export interface Given<Options> {
  readonly parameters: readonly (string | undefined)[];
  /** Of a last parameter that may come many times. */
  readonly rest: readonly string[];
  readonly options: Options;
}

/** A command about an open store: on the command line its first parameter is the store, in a shell it has none. */
export interface StoreCommand<Options> extends CommandBase {
  readonly kind: "store";
  /** Whether it needs the store for writing. */
  readonly writes: boolean;
  run(store: AnyStore, given: Given<Options>, session: Session): Promise<ExitCode | void>;
}

/** A command that opens what it needs by itself. */
export interface OtherCommand<Options> extends CommandBase {
  readonly kind: "other";
  run(given: Given<Options>, session: Session): Promise<ExitCode | void>;
}

/** Any command. Its options are what its own declaration of them gives, as commander has read and checked them. */
export type Command = StoreCommand<never> | OtherCommand<never>;
