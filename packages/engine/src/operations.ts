import { recordBytes } from "@hashlog/format";
import { describeType, encodesAnew, type Codec } from "./codecs.ts";
import { invalidArgument } from "./errors.ts";
import { checkEncoded, resolveOperation, type ConditionalOperation } from "./write-options.ts";

/** One operation of a batch, its key and value as bytes; a delete has no value. */
export interface EncodedOperation {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
  readonly expiresAtMs: number;
  /** The version that the key must have for the batch to be done; 0: it must be absent; `undefined`: any. */
  readonly version?: number | undefined;
}

/** The bytes that the operations take in a frame. */
export function operationsBytes(operations: readonly EncodedOperation[]): number {
  return operations.reduce(
    (sum, { key, value, expiresAtMs }) => sum + recordBytes(key.length, value?.length ?? 0, expiresAtMs !== 0),
    0,
  );
}

/**
 * Checks and encodes the operations of a batch.
 * @param by.keyForCall the bytes of a key, as they stay until the call returns
 * @param by.now the time that a time to live begins with
 * @throws HashlogError `HASHLOG_INVALID_ARGUMENT`
 */
export function encodeOperations<K, VI>(
  operations: readonly ConditionalOperation<K, VI>[],
  by: {
    readonly keyForCall: (key: K) => Uint8Array;
    readonly values: Pick<Codec<unknown, VI>, "name" | "encode">;
    readonly now: number;
  },
): EncodedOperation[] {
  const { keyForCall, values, now } = by;
  if (!Array.isArray(operations)) {
    throw invalidArgument(`the operations of a batch are ${describeType(operations)}, not an array`);
  }
  const list: EncodedOperation[] = [];
  for (let index = 0; index < operations.length; index += 1) {
    const operation = (operations as readonly ConditionalOperation<K, VI>[])[index]!;
    const { isPut, expiresAtMs, version } = resolveOperation(operation, now);
    const key = keyForCall(operation.key);
    if (!isPut) {
      list.push({ key, value: undefined, expiresAtMs, version });
      continue;
    }
    const given = (operation as { readonly value: VI }).value;
    const encoded = values.encode(given);
    checkEncoded(encoded, values.name);
    const value = encoded === given || encodesAnew(values) ? encoded : new Uint8Array(encoded);
    list.push({ key, value, expiresAtMs, version });
  }
  return list;
}
