import { MANIFEST_NAME } from "@hashlog/format";
import type { AppendFile, FileSystem } from "@hashlog/fs-io";
import { diskAt, hashImage, SimulatedDisk, type DiskImage } from "@hashlog/fs-io/testing";
import { describe, expect, test } from "vitest";
import { altered } from "../../test/support/altered.ts";
import { codeOf, long, Script } from "../world/script.ts";
import { DIRECTORY } from "../world/text-store.ts";

/** A store whose process was killed, and of which three acknowledged writes lie above the testified floor. */
async function killedWithATail(): Promise<Script> {
  const script = await Script.begin({ sync: "never", segments: 0 });
  await script.store.put("a", "1", { sync: true });
  await script.store.put("b", long("2"));
  await script.store.put("c", "3");
  await script.store.put("a", "4");
  script.disk.kill();
  return script;
}

const CONTENTS = { a: "4", b: long("2"), c: "3" };

describe("a log that is not read as it was written", () => {
  test("because a read comes short, fails the opening instead of ending there", async () => {
    const past = await killedWithATail();
    let failed = 0;
    for (let nth = 0; nth < 30; nth += 1) {
      const script = new Script(diskAt(past.disk, past.disk.position), { sync: "never", segments: 0 });
      script.disk.inject({ at: { operation: "read", path: ".segment", nth }, kind: "short", sticky: true });
      const opening = script.open();
      const hasFailed = await opening.then(
        () => false,
        () => true,
      );
      script.disk.clearFaults();
      if (hasFailed) {
        expect(["HASHLOG_CORRUPT", "HASHLOG_IO"]).toContain(await codeOf(opening));
        failed += 1;
        await script.open();
      }
      expect(await script.state()).toEqual(CONTENTS);
      await script.cutPowerAndOpen("drop-all");
      expect(await script.state()).toEqual(CONTENTS);
    }
    expect(failed).toBeGreaterThan(5);
  });

  test("because the copy of its tail reads otherwise, fails the opening, and leaves no key that points nowhere", async () => {
    const script = await killedWithATail();
    expect(await codeOf(script.open(misreadingWhatItMade(script.disk.boot())))).toBe("HASHLOG_CORRUPT");
    await script.open();
    expect(await script.state()).toEqual(CONTENTS);
  });
});

/** A store whose manifest is the one from before its first write; the segments since testify, as nothing else does. */
async function withAnOlderManifest(): Promise<DiskImage> {
  const path = `${DIRECTORY}/${MANIFEST_NAME}`;
  const script = await Script.begin({ segments: 0 });
  const older = script.disk.image().bytes(path)!;
  await script.store.put("a", long("1"));
  await script.store.put("b", long("2"));
  script.disk.kill();
  return script.disk.image().withFile(path, older);
}

test("a segment that would testify, and is not read as it was written, fails the opening instead of being cleared away", async () => {
  const image = await withAnOlderManifest();
  const codes: string[] = [];
  for (let nth = 0; nth < 6; nth += 1) {
    for (const keepBytes of [0, 50]) {
      const script = new Script(new SimulatedDisk({ image }), { segments: 0 });
      script.disk.inject({ at: { operation: "read", path: ".segment", nth }, kind: "short", keepBytes, sticky: true });
      codes.push(await codeOf(script.open()));
      expect(hashImage(script.disk.image())).toBe(hashImage(image));
    }
  }
  // The reads that fail, and the sight of the older manifest where all that matters was read before.
  expect(new Set(codes)).toEqual(new Set(["HASHLOG_IO", "HASHLOG_CORRUPT"]));
});

/** Segments that it creates read as zeros. */
function misreadingWhatItMade(fileSystem: FileSystem): FileSystem {
  const create = async (path: string): Promise<AppendFile> => {
    const file = await fileSystem.create(path);
    return path.endsWith(".segment") ? misreading(file) : file;
  };
  return altered(fileSystem, { create });
}

function misreading(file: AppendFile): AppendFile {
  const read: AppendFile["read"] = (target, at, bytes) => {
    target.fill(0, at, at + bytes);
    return Promise.resolve(bytes);
  };
  return altered(file, { read });
}
