import type { Store } from "@hashlog/engine";

/** A store of bytes. */
export type ByteStore = Store<Uint8Array, Uint8Array, Uint8Array | string>;
