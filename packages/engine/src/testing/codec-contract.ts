import { KEY_BYTES_MAX } from "@hashlog/format";
import type { Codec } from "../codecs.ts";
import { ensure, hexOf, type TestFunctions } from "./contract-support.ts";

export type { TestFunctions } from "./contract-support.ts";

/** A codec, and what it is tried with. */
export interface CodecFixture<T, Input> {
  readonly codec: Codec<T, Input>;

  /** Values of every kind that the codec is for, none twice; an empty one and a long one among them where there are such. */
  readonly samples: readonly Input[];

  /** Whether what was decoded is what was encoded. */
  readonly isSame: (decoded: T, sample: Input) => boolean;
}

/** How a codec is to be used. */
export interface CodecUse {
  /** Whether keys are encoded with it: then the same key has to have the same bytes, and another one others. */
  readonly keys: boolean;
}

/**
 * The prose of the `Codec` port as a suite. A codec that passes can be handed to `open` as `values`, and with
 * `{ keys: true }` as `keys`.
 *
 *     runCodecContract({ describe, test }, "my codec", { keys: true }, () => ({
 *       codec: myCodec(), samples: [0, 1, -1], isSame: (decoded, sample) => decoded === sample,
 *     }));
 *
 * It brings its own assertions, so that it runs under any runner: `describe` and `test` are the runner's. `newFixture` is
 * called for each test.
 */
export function runCodecContract<T, Input = T>(
  runner: TestFunctions,
  name: string,
  use: CodecUse,
  newFixture: () => CodecFixture<T, Input>,
): void {
  const test = (sentence: string, body: (fixture: CodecFixture<T, Input>) => void): unknown =>
    runner.test(sentence, () => body(newFixture()));
  runner.describe(`the Codec contract, kept by ${name}`, () => {
    test("it has a name", ({ codec }) => {
      ensure(typeof codec.name === "string" && codec.name !== "", "a codec has a name");
    });

    test("it makes bytes of every value, at once", ({ codec, samples }) => {
      ensure(samples.length > 0, "there should be a sample");
      for (const [at, sample] of samples.entries()) {
        ensure(codec.encode(sample) instanceof Uint8Array, `sample ${at} should become a Uint8Array`);
      }
    });

    test("what was encoded comes back", ({ codec, samples, isSame }) => {
      for (const [at, sample] of samples.entries()) {
        ensure(isSame(codec.decode(codec.encode(sample).slice()), sample), `sample ${at} should come back`);
      }
    });

    test("bytes are decoded wherever they lie in a buffer", ({ codec, samples, isSame }) => {
      for (const [at, sample] of samples.entries()) {
        const decoded = codec.decode(amidst(codec.encode(sample)));
        ensure(isSame(decoded, sample), `sample ${at} should come back from the middle of a larger buffer`);
      }
    });

    test("it remembers nothing of what it encoded or decoded before", ({ codec, samples, isSame }) => {
      const encoded = samples.map((sample) => codec.encode(sample).slice());
      for (const [at, bytes] of [...encoded.entries(), ...[...encoded.entries()].reverse()]) {
        ensure(isSame(codec.decode(bytes.slice()), samples[at] as Input), `sample ${at} should come back among others`);
      }
    });

    if (use.keys) keyTests(test);
  });
}

function keyTests<T, Input>(
  test: (sentence: string, body: (fixture: CodecFixture<T, Input>) => void) => unknown,
): void {
  test("the same key has the same bytes every time", ({ codec, samples }) => {
    const first = samples.map((sample) => hexOf(codec.encode(sample)));
    for (const [at, sample] of samples.entries()) {
      ensure(hexOf(codec.encode(sample)) === first[at], `sample ${at} should be encoded as the first time`);
    }
  });

  test("another key has other bytes", ({ codec, samples }) => {
    const seen = new Map<string, number>();
    for (const [at, sample] of samples.entries()) {
      const bytes = hexOf(codec.encode(sample));
      ensure(!seen.has(bytes), `sample ${at} should not have the bytes of sample ${seen.get(bytes)}`);
      seen.set(bytes, at);
    }
  });

  test(`a key has no more than ${KEY_BYTES_MAX} bytes`, ({ codec, samples }) => {
    for (const [at, sample] of samples.entries()) {
      const { length } = codec.encode(sample);
      ensure(length <= KEY_BYTES_MAX, `sample ${at} should have ${KEY_BYTES_MAX} bytes at most, and has ${length}`);
    }
  });
}

/** A copy of the bytes that begins in the middle of a buffer, with other bytes before and behind it. */
function amidst(bytes: Uint8Array): Uint8Array {
  const before = 13;
  const buffer = new Uint8Array(bytes.length + 2 * before).fill(0xa5);
  buffer.set(bytes, before);
  return buffer.subarray(before, before + bytes.length);
}
