/** The contract suites that the packages export, run on what the packages bring. */
import { bitcaskStrategy, sizeTieredStrategy } from "@hashlog/compactor";
import { runStrategyContract } from "@hashlog/compactor/testing";
import { json, utf8 } from "@hashlog/engine";
import { runCodecContract, runRandomContract } from "@hashlog/engine/testing";
import { memoryFileSystem, nodeFileSystem, systemClock } from "@hashlog/fs-io";
import { runClockContract, runFileSystemContract } from "@hashlog/fs-io/testing";
import { hashKeydir } from "@hashlog/index";
import { runIndexContract } from "@hashlog/index/testing";
import { describe, test } from "./harness.mjs";
import { temporaryDirectory } from "./machine.mjs";

runFileSystemContract({ describe, test }, "the machine's file system", async () => ({
  fileSystem: nodeFileSystem(),
  ...(await temporaryDirectory()),
}));

runFileSystemContract({ describe, test }, "the one in memory", async () => {
  const fileSystem = memoryFileSystem();
  await fileSystem.makeDirectory("/store");
  return { fileSystem, directory: "/store", dispose: async () => {} };
});

runIndexContract({ describe, test }, "the one in typed arrays", hashKeydir);

runStrategyContract({ describe, test }, "the one that Bitcask has", bitcaskStrategy);

runStrategyContract({ describe, test }, "the one by sizes", sizeTieredStrategy);

runClockContract({ describe, test }, "the machine's", () => ({ clock: systemClock }));

runRandomContract({ describe, test }, "the platform's", () => ({
  fill: (target) => void globalThis.crypto.getRandomValues(target),
}));

// Of one, two, three and four bytes, and at the limits between them.
const TEXTS = [
  "",
  "a",
  "\u007f\u0080",
  "é",
  "\u07ff\u0800",
  "€",
  "\ud7ff\ue000\uffff",
  "😀",
  "\ufeffa",
  "long ".repeat(10_000),
];

runCodecContract({ describe, test }, "utf8", { keys: true }, () => ({
  codec: utf8,
  samples: TEXTS,
  isSame: (decoded, sample) => decoded === sample,
}));

runCodecContract({ describe, test }, "json", { keys: false }, () => ({
  /** @type {import("@hashlog/engine").Codec<unknown>} */
  codec: json(),
  samples: [null, true, 0, -1.5, "é 😀", [], [1, [2]], { a: { b: "c" } }],
  isSame: (decoded, sample) => JSON.stringify(decoded) === JSON.stringify(sample),
}));
