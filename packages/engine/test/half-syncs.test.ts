import { HashlogError, open } from "@hashlog/engine";
import { nodeFileSystem } from "@hashlog/fs-io";
import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { snapshotOf } from "./support/directory-snapshot.ts";
import { rejection } from "./support/values.ts";
import { nodeWorld } from "./support/worlds.ts";

const BUN_ON_MACOS = { platform: "darwin", runtime: "bun" };

/** A store promises that what it acknowledges survives a power cut: better none than one that cannot keep it. */
describe("where syncs do not reach what keeps the bytes (Bun on macOS)", () => {
  const fileSystem = nodeFileSystem(BUN_ON_MACOS);

  test("a new store is refused, and nothing is made", async () => {
    const { directory } = await nodeWorld();
    const error = await rejection(open(directory, { fileSystem }));
    expect(HashlogError.is(error)).toBe(true);
    expect(error).toMatchObject({ code: "HASHLOG_NOT_SUPPORTED", cause: { code: "FS_NOT_SUPPORTED" } });
    expect(String(error)).toContain("allowDriveCache");
    expect(existsSync(directory)).toBe(false);
  });

  test("a store that is there is refused and left as it is, and can be read", async () => {
    const world = await nodeWorld();
    const db = await world.open();
    await db.put("a", "1");
    await db.close();
    const before = await snapshotOf(world);
    const refused = await rejection(open(world.directory, { fileSystem }));
    expect(refused).toMatchObject({ code: "HASHLOG_NOT_SUPPORTED" });
    expect(await snapshotOf(world)).toEqual(before);
    const reader = await open(world.directory, { fileSystem, readOnly: true });
    expect(reader.getSync("a")).toEqual(new TextEncoder().encode("1"));
    await reader.close();
  });

  test("a store is written where that was asked for", async () => {
    const world = await nodeWorld();
    const allowing = nodeFileSystem({ ...BUN_ON_MACOS, allowDriveCache: true });
    const db = await open(world.directory, { fileSystem: allowing });
    await db.put("a", "1");
    await db.close();
    const again = await open(world.directory, { fileSystem: allowing });
    expect(again.has("a")).toBe(true);
    await again.close();
  });
});
