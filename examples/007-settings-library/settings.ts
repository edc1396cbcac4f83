/**
 * Settings of a program, with types and defaults, that survive whatever ends the program. This is the whole of the library: what
 * is beneath it shows neither in its types nor in its errors, and could be something else tomorrow.
 */
import { type FileSystem, HashlogError, json, open, type Store } from "@hashlog/engine";

export type SettingsErrorCode = "UNKNOWN_SETTING" | "WRONG_TYPE" | "IN_USE" | "DAMAGED" | "UNAVAILABLE";

export class SettingsError extends Error {
  readonly code: SettingsErrorCode;

  constructor(code: SettingsErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "SettingsError";
    this.code = code;
  }
}

export interface SettingsOptions {
  /** Where the settings are kept: the machine's files, if not another is given. Tests give one in memory. */
  readonly fileSystem?: FileSystem | undefined;
}

/** Opens the settings in that directory, or makes it. What nobody has set yet is as in `defaults`. */
export async function openSettings<S extends object>(
  directory: string,
  defaults: S,
  options: SettingsOptions = {},
): Promise<Settings<S>> {
  const { fileSystem } = options;
  return new Settings(await translated(open(directory, { values: json<unknown>(), fileSystem })), defaults);
}

export class Settings<S extends object> {
  readonly #store: Store<string, unknown>;
  readonly #defaults: S;
  readonly #listeners: ((name: keyof S & string) => void)[] = [];

  /** @internal Made by `openSettings`. */
  constructor(store: Store<string, unknown>, defaults: S) {
    this.#store = store;
    this.#defaults = defaults;
  }

  get<N extends keyof S & string>(name: N): S[N] {
    this.#mustBeKnown(name);
    try {
      return (this.#store.getSync(name) as S[N] | undefined) ?? this.#defaults[name];
    } catch (error) {
      throw translation(error);
    }
  }

  /** Resolves when they are on the disk: all of them or, if the program or the power fails before, none. */
  async set(values: Partial<S>): Promise<void> {
    const entries = Object.entries(values);
    for (const [name, value] of entries) {
      this.#mustBeKnown(name);
      const [expected, found] = [kindOf(this.#defaults[name as keyof S]), kindOf(value)];
      if (found !== expected) throw new SettingsError("WRONG_TYPE", `${name} is ${expected}, not ${found}`);
    }
    await translated(this.#store.batch(entries.map(([key, value]) => ({ type: "put", key, value }))));
    this.#tell(entries.map(([name]) => name));
  }

  /** As if it had never been set. */
  async reset(name: keyof S & string): Promise<void> {
    this.#mustBeKnown(name);
    if (await translated(this.#store.delete(name))) this.#tell([name]);
  }

  /** Calls the listener after every change from now on, once it is safe. */
  onChange(listener: (name: keyof S & string) => void): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  #tell(names: readonly string[]): void {
    for (const listener of this.#listeners) for (const name of names) listener(name as keyof S & string);
  }

  #mustBeKnown(name: string): void {
    if (!Object.hasOwn(this.#defaults, name)) throw new SettingsError("UNKNOWN_SETTING", `there is no setting ${name}`);
  }
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? "an array" : value === null ? "null" : `a ${typeof value}`;
}

/** The users of this library know its own errors; what lies beneath is the `cause`. */
function translation(error: unknown): unknown {
  if (!HashlogError.is(error)) return error;
  if (error.code === "HASHLOG_LOCKED") return new SettingsError("IN_USE", "somebody has these settings open", error);
  if (error.code === "HASHLOG_CORRUPT")
    return new SettingsError("DAMAGED", "the settings on the disk are damaged", error);
  return new SettingsError("UNAVAILABLE", `the settings cannot be read or written: ${error.message}`, error);
}

async function translated<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    throw translation(error);
  }
}
