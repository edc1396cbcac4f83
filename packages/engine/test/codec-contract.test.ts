import { bytes, json, utf8, type Codec } from "@hashlog/engine";
import { runCodecContract, type CodecFixture } from "@hashlog/engine/testing";
import { describe, expect, test } from "vitest";

const TEXTS = ["", "a", "b", "ab", "\u0000", "0", "\u{1f511} und Schlüssel", "é", "e\u0301", "x".repeat(65_535)];

const isSame = (decoded: unknown, sample: unknown): boolean => Object.is(decoded, sample);

runCodecContract({ describe, test }, "utf8", { keys: true }, () => ({ codec: utf8, samples: TEXTS, isSame }));

runCodecContract({ describe, test }, "bytes", { keys: true }, () => ({
  codec: bytes,
  samples: [new Uint8Array(), Uint8Array.of(0), Uint8Array.of(0, 0), Uint8Array.of(255, 0), "as text"],
  isSame: (decoded, sample) => Buffer.from(decoded).equals(Buffer.from(sample)),
}));

runCodecContract({ describe, test }, "json", { keys: false }, () => ({
  codec: json<unknown>(),
  samples: [null, false, 0, -1.5, "", "text", [], [1, [2]], {}, { a: { b: [null] } }],
  isSame: (decoded, sample) => JSON.stringify(decoded) === JSON.stringify(sample),
}));

runCodecContract({ describe, test }, "a codec with one buffer", { keys: true }, () => doubles());

/** Numbers in eight bytes, in one buffer that is used each time: nothing is wrong with it. */
function doubles(): CodecFixture<number, number> {
  const buffer = new Uint8Array(8);
  const codec: Codec<number> = {
    name: "doubles",
    encode: (value) => {
      new DataView(buffer.buffer).setFloat64(0, value);
      return buffer;
    },
    decode: (content) => new DataView(content.buffer, content.byteOffset).getFloat64(0),
  };
  return { codec, samples: [0, 1, -1, 1.5, NaN, Infinity, Number.MAX_VALUE], isSame };
}

/** The codec of doubles with one fault. */
const wrong = (fault: (codec: Codec<number>) => Partial<Codec<number>>): CodecFixture<number, number> => {
  const { codec, ...fixture } = doubles();
  return { ...fixture, codec: { ...codec, ...fault(codec) } };
};

/** A suite is worth what it finds: each of these codecs has one fault, and that sentence must tell. */
const FAULTS: Record<string, [sentence: string, fixture: () => CodecFixture<number, number>]> = {
  "has no name": ["it has a name", () => wrong(() => ({ name: "" }))],
  "gives a string": [
    "it makes bytes of every value, at once",
    () => wrong(() => ({ encode: (value) => String(value) as never })),
  ],
  "gives a promise": [
    "it makes bytes of every value, at once",
    () => wrong((codec) => ({ encode: (value) => Promise.resolve(codec.encode(value)) as never })),
  ],
  "is tried with nothing": ["it makes bytes of every value, at once", () => ({ ...doubles(), samples: [] })],
  "keeps whole numbers only": [
    "what was encoded comes back",
    () => wrong((codec) => ({ encode: (value) => codec.encode(Math.trunc(value)) })),
  ],
  "reads from the beginning of the buffer": [
    "bytes are decoded wherever they lie in a buffer",
    () => wrong(() => ({ decode: (content) => new DataView(content.buffer).getFloat64(0) })),
  ],
  "decodes what it encoded last": [
    "it remembers nothing of what it encoded or decoded before",
    () => {
      let last = 0;
      return wrong((codec) => ({ encode: (value) => codec.encode((last = value)), decode: () => last }));
    },
  ],
  "writes differences": [
    "it remembers nothing of what it encoded or decoded before",
    () => {
      let [written, read] = [0, 0];
      return wrong((codec) => ({
        encode: (value) => {
          const difference = value - written;
          written = value;
          return codec.encode(difference);
        },
        decode: (content) => (read += codec.decode(content)),
      }));
    },
  ],
  "salts keys": [
    "the same key has the same bytes every time",
    () => {
      let salt = 0;
      return wrong((codec) => ({ encode: (value) => Uint8Array.of(...codec.encode(value), (salt += 1)) }));
    },
  ],
  "makes no difference between keys": [
    "another key has other bytes",
    () => wrong((codec) => ({ encode: (value) => codec.encode(Math.abs(value)) })),
  ],
  "makes too long keys": [
    "a key has no more than 65535 bytes",
    () => wrong(() => ({ encode: () => new Uint8Array(65_536) })),
  ],
};

describe("the contract suite of codecs", () => {
  test.each(Object.entries(FAULTS))("finds one that %s", (_fault, [sentence, fixture]) => {
    expect(sentencesOf(fixture, true).get(sentence)).toThrow("the contract is broken");
  });

  test("has no sentence that none of them breaks", () => {
    const broken = new Set(Object.values(FAULTS).map(([sentence]) => sentence));
    expect([...sentencesOf(doubles, true).keys()].filter((sentence) => !broken.has(sentence))).toEqual([]);
  });

  test("asks of values no more than that they come back", () => {
    const [sentence, salting] = FAULTS["salts keys"]!;
    expect(sentencesOf(salting, true).get(sentence)).toThrow("the contract is broken");
    const ofValues = sentencesOf(salting, false);
    expect([...ofValues.keys()]).not.toContain(sentence);
    for (const body of ofValues.values()) expect(body).not.toThrow();
  });
});

function sentencesOf(fixture: () => CodecFixture<number, number>, keys: boolean): Map<string, () => void> {
  const sentences = new Map<string, () => void>();
  const runner = {
    describe: (_name: string, body: () => void): void => body(),
    test: (sentence: string, body: () => void) => sentences.set(sentence, body),
  };
  runCodecContract(runner, "a codec", { keys }, fixture);
  return sentences;
}
