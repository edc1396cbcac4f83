/**
 * What decoding a small structure gives. Damage is a value, not an error: what it means is for the caller to decide.
 * `"version"` is a structure of a later format version, recognised by its magic and version alone; only an upgrade reads
 * it, and it must not be mistaken for damage.
 */
export type Decoded<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "version"; readonly version: number }
  | { readonly kind: "damaged"; readonly reason: string };
