import { checkpointFileName, hintFileName, MANIFEST_NAME, segmentFileName } from "@hashlog/format";
import { memoryFileSystem } from "@hashlog/fs-io";
import { runFileSystemContract } from "@hashlog/fs-io/testing";
import { describe, expect, test } from "vitest";
import { countingFileSystem, kindOf, sumOfWritten } from "./counting-file-system.ts";

runFileSystemContract({ describe, test }, "the counting one over the one in memory", async () => {
  const { fileSystem } = countingFileSystem(memoryFileSystem());
  await fileSystem.makeDirectory("/store");
  return { fileSystem, directory: "/store", dispose: async () => {} };
});

describe("a file system that counts", () => {
  test("tells what was appended and replaced, by kind of file", async () => {
    const { fileSystem, counts } = countingFileSystem(memoryFileSystem());
    await fileSystem.makeDirectory("/store");
    const path = (name: string): string => fileSystem.join("/store", name);
    const segment = await fileSystem.create(path(segmentFileName(1)));
    segment.append(new Uint8Array(10), 2, 9);
    const hint = await fileSystem.create(path(hintFileName(1)));
    hint.append(new Uint8Array(5), 0, 5);
    await fileSystem.replace(path(MANIFEST_NAME), new Uint8Array(3));
    expect(counts().written).toEqual({ segments: 7, hints: 5, checkpoints: 0, others: 3 });
    expect(sumOfWritten(counts().written)).toBe(15);
  });

  test("tells how many handles are open, however often one is closed", async () => {
    const { fileSystem, counts } = countingFileSystem(memoryFileSystem());
    await fileSystem.makeDirectory("/store");
    const file = await fileSystem.create("/store/one");
    const again = await fileSystem.openRead("/store/one");
    expect(counts().openHandles).toBe(2);
    await file.close();
    await file.close();
    expect(counts().openHandles).toBe(1);
    await again.close();
    expect(counts().openHandles).toBe(0);
  });

  test("knows kinds by names, wherever the file lies", () => {
    expect(kindOf(`/somewhere/${checkpointFileName(3)}`)).toBe("checkpoints");
    expect(kindOf(`C:\\somewhere\\${segmentFileName(3)}`)).toBe("segments");
    expect(kindOf("else")).toBe("others");
  });
});
