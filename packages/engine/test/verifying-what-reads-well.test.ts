import { open, verify, type KeydirFactory } from "@hashlog/engine";
import { hintFileName, MANIFEST_NAME } from "@hashlog/format";
import { FsError } from "@hashlog/fs-io";
import { hashKeydir, HintBuilder, type Keydir } from "@hashlog/index";
import { describe, expect, test } from "vitest";
import { atRest } from "./support/at-rest.ts";
import { manifestIn } from "./support/manifests.ts";
import { altered } from "../../../test/support/altered.ts";
import { readFile } from "./support/recount.ts";
import { sixRecords } from "./support/six-records.ts";
import { spoil } from "./support/spoil.ts";
import { filler, rejection, utf8Bytes } from "./support/values.ts";
import { shared } from "./support/verifying.ts";
import { memoryWorld, type World } from "./support/worlds.ts";

describe("what reads well and is wrong is a finding, and does harm", () => {
  type Said = readonly (readonly [sequence: number, offset: number, valueBytes: number, expiresAtMs: number])[];

  /** Writes the hint file of segment 2 as it would be if these were its records: all of `key`, two of them. */
  async function sayOfSegment2(
    world: World,
    key: string,
    said: Said,
    tombstones: readonly number[] = [],
  ): Promise<void> {
    const { hashKey, segments } = manifestIn(await readFile(world.fileSystem, world.path(MANIFEST_NAME)));
    const listed = segments[1]!;
    expect(listed).toMatchObject({ state: "sealed", segmentId: 2 });
    const builder = new HintBuilder({ hashKey });
    for (const [index, [sequence, offset, ...rest]] of said.entries()) {
      const bytes = utf8Bytes(key.replace("N", String(index + 2)));
      if (tombstones.includes(index)) builder.delete(bytes, 0, bytes.length, sequence, offset);
      else builder.put(bytes, 0, bytes.length, sequence, offset, ...rest);
    }
    const blocks: Uint8Array[] = [];
    const { segmentId, identity } = listed;
    const sealedBytes = listed.state === "sealed" ? listed.sealedBytes : 0;
    builder.encode({ segmentId, identity, sealedBytes }, (block) => blocks.push(block.slice()));
    await spoil(world, hintFileName(2), () => Uint8Array.from(blocks.flatMap((block) => [...block])));
  }

  /** The first record of a segment; the second one lies behind it, a fence, and the header of its own frame. */
  const FIRST = 32 + 32;
  const SECOND = FIRST + 18 + 5 + 150 + 32 + 32;

  describe("a hint that does not say what its segment says", () => {
    const right: Said = [
      [3, FIRST, 150, 0],
      [4, SECOND, 150, 0],
    ];

    test.each<[string, string, Said, (readonly number[])?]>([
      ["of another key", "kex N", right],
      ["of another sequence", "key N", [right[0]!, [5, SECOND, 150, 0]]],
      [
        "of other places",
        "key N",
        [
          [3, SECOND, 150, 0],
          [4, FIRST, 150, 0],
        ],
      ],
      ["of another length", "key N", [right[0]!, [4, SECOND, 149, 0]]],
      [
        "of lengths that are as many bytes in all",
        "key N",
        [
          [3, FIRST, 151, 0],
          [4, SECOND, 149, 0],
        ],
      ],
      ["of an expiry", "key N", [right[0]!, [4, SECOND, 142, 1]]],
      ["of a deletion", "key N", [right[0]!, [4, SECOND, 0, 0]], [1]],
      ["of one record alone", "key N", [[3, FIRST, 150, 0]]],
      ["of two records of one key", "key 2", right],
    ])("%s", async (_of, key, said, tombstones) => {
      const world = await memoryWorld();
      await sixRecords(world);
      await sayOfSegment2(world, "key N", right);
      expect((await verify(world.directory, shared(world))).findings).toEqual([]);
      await sayOfSegment2(world, key, said, tombstones);
      const { findings } = await verify(world.directory, shared(world));
      expect(findings).toMatchObject([{ subject: "hint", harmless: false, segmentId: 2 }]);
    });

    test("of the older one of two records of a key", async () => {
      const world = await memoryWorld();
      const db = await world.open({ segmentBytesMax: 512 });
      for (let index = 0; index < 6; index += 1) await db.put("key 1", filler(150, index));
      await atRest(db);
      await db.close();
      await sayOfSegment2(world, "key 1", right);
      expect((await verify(world.directory, shared(world))).findings).toEqual([]);
      await sayOfSegment2(world, "key 1", [
        [3, SECOND, 150, 0],
        [4, FIRST, 150, 0],
      ]);
      const { findings } = await verify(world.directory, shared(world));
      expect(findings).toMatchObject([{ subject: "hint", harmless: false, segmentId: 2 }]);
    });
  });

  /** Keydirs that forget one key when it is put. */
  const forgetful =
    (forgotten: string): KeydirFactory =>
    (options) => {
      const keydir = hashKeydir(options);
      const put: Keydir["put"] = (bytes, start, end, location, replaced) => {
        if (Buffer.from(bytes.subarray(start, end)).toString() === forgotten) return false;
        return keydir.put(bytes, start, end, location, replaced);
      };
      return altered(keydir, { put });
    };

  test("a key that is not in memory, and not in the checkpoint", async () => {
    const world = await memoryWorld();
    world.leaveUnchecked();
    const db = await open(world.directory, { ...shared(world), index: forgetful("key 2") });
    for (let index = 0; index < 6; index += 1) await db.put(`key ${index}`, "value");
    const { findings } = await db.verify();
    expect(findings).toMatchObject([{ subject: "index", harmless: false, keys: 1 }]);
    await db.close();
    const closed = await verify(world.directory, shared(world));
    expect(closed.findings).toMatchObject([{ subject: "checkpoint", harmless: false, keys: 1 }]);
  });

  test("what the statistics count", async () => {
    const world = await memoryWorld();
    world.leaveUnchecked();
    const silent: KeydirFactory = (options) => {
      const keydir = hashKeydir(options);
      const put: Keydir["put"] = (...of) => {
        keydir.put(...of);
        return false;
      };
      return altered(keydir, { put });
    };
    const db = await open(world.directory, { ...shared(world), index: silent, compaction: false });
    await db.put("a", "1");
    await db.put("a", "2");
    const { findings } = await db.verify();
    expect(findings.map(({ subject, what }) => [subject, what])).toEqual([
      ["statistics", "stats() counts 2 as liveRecords of segment 1, and the log gives 1"],
      ["statistics", "stats() counts 40 as liveBytes of segment 1, and the log gives 20"],
    ]);
    await db.close();
  });

  test("a manifest of which the store itself does not know whether it wrote it is none", async () => {
    const world = await memoryWorld();
    let isLost = false;
    const fileSystem = altered(world.fileSystem, {
      replace: async (path: string, bytes: Uint8Array) => {
        await world.fileSystem.replace(path, bytes);
        if (isLost) throw new FsError("FS_IO", "who knows", { operation: "replace", path, outcome: "unknown" });
      },
    });
    const db = await world.open({ fileSystem });
    await db.put("a", "1");
    isLost = true;
    expect(await rejection(db.checkpoint())).toMatchObject({ code: "HASHLOG_WRITES_DISABLED" });
    expect((await db.verify()).findings).toEqual([]);
    world.leaveUnchecked();
  });

  test("a key is none that had expired, and that a merge took out which was not finished", async () => {
    const world = await memoryWorld();
    let segments = 0;
    let failed = 0;
    const fileSystem = altered(world.fileSystem, {
      replace: async (path: string, bytes: Uint8Array) => {
        const listed = manifestIn(bytes).segments.length;
        const isFewer = listed < segments;
        segments = Math.max(listed, segments);
        if (isFewer) {
          failed += 1;
          throw new FsError("FS_NO_SPACE", "full", { operation: "replace", path, outcome: "unchanged" });
        }
        await world.fileSystem.replace(path, bytes);
      },
    });
    const db = await world.open({ fileSystem });
    await db.put("a", "1");
    await db.put("expires", "soon", { ttlMs: 1 });
    await db.put("b", "2");
    world.clock.advance(100 * 86_400_000);
    // The edit that takes its inputs out.
    await rejection(db.compact());
    expect(failed).toBeGreaterThan(0);
    // Opened anew it would have that key again, and not show it.
    world.leaveUnchecked();
    expect((await db.verify()).findings).toEqual([]);
  });

  test("a manifest that another writer has changed", async () => {
    const world = await memoryWorld();
    const db = await world.open();
    await db.put("a", "1");
    const bytes = await readFile(world.fileSystem, world.path(MANIFEST_NAME));
    bytes[50]! ^= 1;
    await world.fileSystem.replace(world.path(MANIFEST_NAME), bytes);
    const { findings } = await db.verify();
    expect(findings).toMatchObject([{ subject: "manifest", harmless: false, path: world.path(MANIFEST_NAME) }]);
    world.leaveUnchecked();
  });
});
