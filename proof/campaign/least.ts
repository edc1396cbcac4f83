/**
 * What the deterministic parts of the short agenda come to, at least: an enumeration that silently became smaller would
 * look like a faster proof. Images are those that no part before had; with several workers, a few of them count for
 * another part, so the numbers are a little below what one run has shown.
 */
export const LEAST: Readonly<
  Record<string, { readonly cases: number; readonly crashes: number; readonly images: number }>
> = {
  corpus: { cases: 30, crashes: 110_000, images: 11_000 },
  "every program of 1": { cases: 75, crashes: 45_000, images: 2500 },
  "every program of 2": { cases: 1875, crashes: 290_000, images: 4800 },
  "fixed failures": { cases: 1000, crashes: 0, images: 0 },
  "fixed seeds": { cases: 600, crashes: 110_000, images: 24_000 },
};
