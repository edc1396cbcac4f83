/**
 * What the deterministic parts of the short agenda come to, at least: an enumeration that silently became smaller would
 * look like a faster proof. Images are those that no part before had; with several workers, a few of them count for
 * another part, so the numbers are a little below what one run has shown.
 */
export const LEAST: Readonly<
  Record<string, { readonly cases: number; readonly crashes: number; readonly images: number }>
> = {
  corpus: { cases: 68, crashes: 365_000, images: 34_500 },
  "every program of 1": { cases: 99, crashes: 136_000, images: 8000 },
  "one more operation": { cases: 135, crashes: 525_000, images: 8000 },
  // The same crashes, but for those of what a reader syncs: what leaves something new has been there before.
  "one more with readers": { cases: 135, crashes: 525_000, images: 0 },
  "every program of 2": { cases: 3267, crashes: 730_000, images: 10_400 },
  "fixed failures": { cases: 1000, crashes: 0, images: 0 },
  "fixed seeds": { cases: 600, crashes: 122_000, images: 32_500 },
};
