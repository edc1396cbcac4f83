import type { Store } from "@hashlog/engine";

/** A store as `open` gives it where no codec is named. */
export type TextStore = Store<string, Uint8Array, Uint8Array | string>;
