import { recordBytes } from "@hashlog/format";
import { encodesAnew, type Codec } from "./codecs.ts";
import { describeType } from "./describe-type.ts";
import { HashlogError, invalidArgument } from "./errors.ts";
import { checkEncoded, checkThere, resolveOperation, type ConditionalOperation } from "./write-options.ts";

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

/** What the operations of a batch are encoded by. */
interface OperationEncoding<K, VI> {
  /** The bytes of a key, as they stay until the call returns. */
  readonly keyForCall: (key: K) => Uint8Array;
  readonly values: Pick<Codec<unknown, VI>, "name" | "encode">;
  /** The time that a time to live begins with. */
  readonly now: number;
}

/**
 * Checks and encodes the operations of a batch.
 * @throws HashlogError `HASHLOG_INVALID_ARGUMENT`
 */
export function encodeOperations<K, VI>(
  operations: readonly ConditionalOperation<K, VI>[],
  by: OperationEncoding<K, VI>,
): EncodedOperation[] {
  if (!Array.isArray(operations)) {
    throw invalidArgument(`the operations of a batch are ${describeType(operations)}, not an array`);
  }
  const list: EncodedOperation[] = [];
  for (let index = 0; index < operations.length; index += 1) {
    try {
      list.push(encodeOperation((operations as readonly ConditionalOperation<K, VI>[])[index]!, by));
    } catch (error) {
      throw ofOperation(index, error);
    }
  }
  // No code of the caller's runs any more: what was there may be gone by now.
  for (const [index, { key, value }] of list.entries()) {
    try {
      checkThere(key);
      if (value !== undefined) checkThere(value);
    } catch (error) {
      throw ofOperation(index, error);
    }
  }
  return list;
}

function encodeOperation<K, VI>(
  operation: ConditionalOperation<K, VI>,
  { keyForCall, values, now }: OperationEncoding<K, VI>,
): EncodedOperation {
  const { isPut, expiresAtMs, version } = resolveOperation(operation, now);
  const key = keyForCall(operation.key);
  if (!isPut) return { key, value: undefined, expiresAtMs, version };
  const given = (operation as { readonly value: VI }).value;
  const encoded = values.encode(given);
  checkEncoded(encoded, values.name);
  const value = encoded === given || encodesAnew(values) ? encoded : new Uint8Array(encoded);
  return { key, value, expiresAtMs, version };
}

/** Says which operation it is that is wrong. Any other error is a codec's own, and is handed on as it is. */
function ofOperation(index: number, error: unknown): unknown {
  if (!HashlogError.is(error) || error.code !== "HASHLOG_INVALID_ARGUMENT") return error;
  const { code, message, expected, actual, cause } = error;
  return new HashlogError(code, `operations[${index}]: ${message}`, { expected, actual, cause });
}
