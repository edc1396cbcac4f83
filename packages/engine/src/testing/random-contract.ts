import type { RandomSource } from "../random.ts";
import { ensure, hexOf, type TestFunctions } from "./contract-support.ts";

/** As many bytes as are asked for at once, at most: the platform's own source gives no more. */
const BYTES_MOST = 65_536;

/** That two of so many bits are alike by chance happens to nobody. */
const IDENTITY_BYTES = 16;
const FILLS = 128;

/**
 * The prose of the `RandomSource` port as a suite: what can be seen of it. Whether somebody can predict the bytes, no test
 * can tell. A source that passes can be handed to the engine as `random`.
 *
 *     runRandomContract({ describe, test }, "my source", () => mySource());
 *
 * It brings its own assertions, so that it runs under any runner: `describe` and `test` are the runner's. `newSource` is
 * called anew for each source that a test needs.
 */
export function runRandomContract(runner: TestFunctions, name: string, newSource: () => RandomSource): void {
  runner.describe(`the RandomSource contract, kept by ${name}`, () => {
    runner.test("it fills what it is given, from the first byte to the last, and nothing beside it", () => {
      const source = newSource();
      for (const length of [0, 1, IDENTITY_BYTES, BYTES_MOST]) {
        const [everSet, outside] = everSetIn(source, length);
        ensure(everSet, `every one of ${length} bytes should be set`);
        ensure(outside, `nothing beside ${length} bytes should be changed`);
      }
    });

    runner.test("no two fills are alike", () => {
      const source = newSource();
      const seen = new Set(Array.from({ length: FILLS }, () => identityOf(source)));
      ensure(seen.size === FILLS, `${FILLS} identities should be different ones, and ${seen.size} are`);
    });

    runner.test("no two sources are alike", () => {
      const seen = new Set(Array.from({ length: FILLS }, () => identityOf(newSource())));
      ensure(seen.size === FILLS, `${FILLS} sources should begin differently, and ${seen.size} do`);
    });

    runner.test("every bit is now set and now not", () => {
      const source = newSource();
      const target = new Uint8Array(IDENTITY_BYTES);
      const [ones, zeros] = [new Uint8Array(IDENTITY_BYTES), new Uint8Array(IDENTITY_BYTES)];
      for (let fill = 0; fill < FILLS; fill++) {
        source.fill(target);
        for (const [at, byte] of target.entries()) {
          ones[at]! |= byte;
          zeros[at]! |= ~byte;
        }
      }
      for (const [at, byte] of ones.entries()) {
        ensure((byte & zeros[at]!) === 0xff, `each bit of byte ${at} should have been set and not in ${FILLS} fills`);
      }
    });
  });
}

function identityOf(source: RandomSource): string {
  const target = new Uint8Array(IDENTITY_BYTES);
  source.fill(target);
  return hexOf(target);
}

/** Whether each byte is set by one of a few fills of the middle of a buffer, and whether its ends stay as they were. */
function everSetIn(source: RandomSource, length: number): readonly [everSet: boolean, outside: boolean] {
  const margin = 7;
  const isSet = new Uint8Array(length);
  let outside = true;
  for (let fill = 0; fill < 16; fill++) {
    const buffer = new Uint8Array(length + 2 * margin);
    const target = buffer.subarray(margin, margin + length);
    source.fill(target);
    for (const [at, byte] of target.entries()) isSet[at]! |= byte;
    outside &&= [...buffer.subarray(0, margin), ...buffer.subarray(margin + length)].every((byte) => byte === 0);
  }
  return [isSet.every((bits) => bits !== 0), outside];
}
