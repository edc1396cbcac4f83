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
  /** `["<key>", "..."]`: in brackets as commander has them, and what each is. Without the store that a command about one begins with. */
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

/** Refuses what can be told to be wrong without the store, before that is opened, or made. */
type Check<Options> = (given: Given<Options>, session: Session) => Promise<void> | void;

/** A command that reads a store: on the command line its first parameter is the store, in a shell it has none. */
export interface ReadCommand<Options> extends CommandBase {
  readonly kind: "read";
  readonly check?: Check<Options>;
  run(store: AnyStore, given: Given<Options>, session: Session): Promise<ExitCode | void>;
}

/** As a `ReadCommand`, of one that needs the store open for writing. */
export interface WriteCommand<Options> extends CommandBase {
  readonly kind: "write";
  readonly check?: Check<Options>;
  run(store: WritableStore, given: Given<Options>, session: Session): Promise<ExitCode | void>;
}

/** A command that opens what it needs by itself. */
export interface OtherCommand<Options> extends CommandBase {
  readonly kind: "other";
  run(given: Given<Options>, session: Session): Promise<ExitCode | void>;
}

/** Any command. Its options are what its own declaration of them gives, as commander has read and checked them. */
export type Command = ReadCommand<never> | WriteCommand<never> | OtherCommand<never>;
