/**
 * Where randomness comes from, as a port: nothing else in the engine makes any. `runRandomContract` of
 * `@hashlog/engine/testing` proves what can be seen of a source.
 */
export interface RandomSource {
  /**
   * Fills all of `target`, 65,536 bytes at most, and nothing beside it, with bytes that nobody can predict, others each time
   * and of each source: identities and hash keys are made of them.
   */
  fill(target: Uint8Array): void;
}

/** The platform's cryptographic random source. */
export const systemRandom: RandomSource = {
  fill: (target) => {
    globalThis.crypto.getRandomValues(target);
  },
};

/** `bytes` fresh random bytes. */
export function randomBytes(random: RandomSource, bytes: number): Uint8Array {
  const target = new Uint8Array(bytes);
  random.fill(target);
  return target;
}

/** A random integer of `bytes` bytes that is not 0: an identity of zero would look like a block of zeros. */
export function randomIdentity(random: RandomSource, bytes: number): bigint {
  for (;;) {
    const identity = randomBytes(random, bytes).reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
    if (identity !== 0n) return identity;
  }
}

/** A random number from 0 to 1, 1 excluded. */
export function randomShare(random: RandomSource): number {
  return new DataView(randomBytes(random, 4).buffer).getUint32(0) / 2 ** 32;
}
