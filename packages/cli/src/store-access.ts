import { bytes, HashlogError, open, type Codec, type OpenProgress } from "@hashlog/engine";
import type { AnyStore, ReadableStore, WritableStore } from "./command.ts";
import { Complaint } from "./complaint.ts";
import { EXIT } from "./exit-codes.ts";
import type { Session } from "./session.ts";

/**
 * Bytes as they are. Without a name, as nobody here knows by which codecs a program made them: an export names none then, and can
 * be imported into any store.
 */
const anyBytes: Codec<Uint8Array> = { ...bytes, name: undefined! };

/** Opens the store that is there, to read it beside whoever writes it. */
export function openForReading(directory: string, session: Session, follow = false): Promise<ReadableStore> {
  const { host, signal } = session;
  const { fileSystem, clock } = host;
  return shown(session, (onProgress) =>
    open<Uint8Array, Uint8Array>(directory, {
      ...{ readOnly: true, follow, keys: anyBytes, values: anyBytes, fileSystem, clock, signal, onProgress },
    }),
  );
}

/** What a command line may ask for of a store that is opened for writing. */
export interface WritingGiven {
  readonly create?: boolean;
  readonly allowSharedVolume?: boolean;
}

/** Opens the store for writing; makes one only where that was asked for. */
export function openForWriting(
  directory: string,
  session: Session,
  { create = false, allowSharedVolume = false }: WritingGiven,
): Promise<WritableStore> {
  const { host, signal } = session;
  const { fileSystem, clock } = host;
  return shown(session, (onProgress) =>
    open<Uint8Array, Uint8Array, Uint8Array>(directory, {
      ...{ createIfMissing: create, allowSharedVolume, keys: anyBytes, values: anyBytes },
      ...{ fileSystem, clock, signal, onProgress },
    }),
  );
}

/** What an opening failed of, in the words of a command line: where there is no store, `creates` tells whether --create makes one. */
export function withRemedy(error: unknown, directory: string, creates: boolean): unknown {
  if (!HashlogError.is(error) || error.code !== "HASHLOG_NOT_FOUND") return error;
  const remedy = creates ? ": --create makes one" : "";
  return new Complaint(`there is no store at ${directory}${remedy}`, EXIT.notFound, error.code, error);
}

/** Whether what was opened may be written. */
export function isWritable(store: AnyStore): store is WritableStore {
  return !("refresh" in store);
}

function shown<T>(session: Session, opening: (onProgress: (progress: OpenProgress) => void) => Promise<T>): Promise<T> {
  return session.during("opening", "bytes", (update) =>
    opening(({ bytesDone, bytesTotal }) => update(bytesDone, bytesTotal)),
  );
}
