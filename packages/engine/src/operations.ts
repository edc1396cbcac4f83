import { recordBytes } from "@hashlog/format";

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
