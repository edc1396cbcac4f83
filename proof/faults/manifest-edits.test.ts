import { MANIFEST_NAME, segmentFileName, type Manifest } from "@hashlog/format";
import type { FileSystem } from "@hashlog/fs-io";
import { crashPointAt, fate, SimulatedDisk, tornFate, type TraceEvent } from "@hashlog/fs-io/testing";
import { describe, expect, test } from "vitest";
import { altered } from "../../test/support/altered.ts";
import { manifestOf } from "../world/manifest.ts";
import { quiet, settled } from "../world/quiet.ts";
import { codeOf, long, of, Script } from "../world/script.ts";
import { DIRECTORY, emptyStore, openStore } from "../world/text-store.ts";

/** The manifest is edited when a segment begins, when some are sealed, twice by a merge, for a checkpoint, on closing. */

/** Some of everything that edits the manifest, whatever fails. */
async function liveOn({ store }: Script, values: Map<string, string>): Promise<void> {
  const put = async (key: string, value: string): Promise<void> => {
    await store.put(key, value).then(
      () => values.set(key, value),
      () => undefined,
    );
  };
  await put("b", long("2"));
  await put("c", long("3"));
  await store.compact().catch(() => undefined);
  await put("b", long("4"));
  await store.checkpoint().catch(() => undefined);
  await put("d", long("5"));
  await store.close().catch(() => undefined);
  await quiet();
}

function entriesOf(values: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries(values);
}

describe("an edit of the manifest whose outcome is not known", () => {
  test.each(["replace.rename", "replace.syncDirectory"])(
    "disables writes until the store is opened again, and takes nothing that either version lists: %s",
    async (operation) => {
      let edits = 0;
      for (let nth = 0; nth < 12; nth += 1) {
        for (const kind of ["EIO", "ENOSPC"] as const) {
          const script = await Script.begin({ segments: 0 });
          const values = new Map([["a", "1"]]);
          await script.store.put("a", "1");
          const versions: Manifest[] = [];
          const note = (event: TraceEvent): void => {
            if (event.type === "call" && event.operation === operation) versions.push(manifestOf(script.disk.image()));
          };
          script.disk.onOperation = note;
          script.disk.inject({ at: { operation, nth }, kind });
          await liveOn(script, values);
          script.disk.onOperation = undefined;
          if (script.disk.firedFaults === 0) continue;
          edits += 1;
          const image = script.disk.image();
          for (const version of [versions.at(-1)!, manifestOf(image)]) {
            for (const { segmentId } of version.segments) {
              expect([...image.files.keys()]).toContain(`${DIRECTORY}/${segmentFileName(segmentId)}`);
            }
          }
          for (const profile of ["kill", "drop-all", "free"] as const) {
            const crashed = script.crashAt(script.disk.position, profile);
            await crashed.open();
            expect(await crashed.state()).toMatchObject(entriesOf(values));
            await crashed.store.put("e", "6");
            await crashed.cutPowerAndOpen("drop-all");
            expect(await crashed.state()).toMatchObject({ ...entriesOf(values), e: "6" });
          }
        }
      }
      expect(edits).toBeGreaterThan(8);
    },
  );

  test("refuses every write from then on, and goes on reading", async () => {
    const script = await Script.begin({ segments: 0 });
    await script.store.put("a", long("1"));
    await quiet();
    script.disk.inject({ at: { operation: "replace.rename" }, kind: "EIO" });
    const { store } = script;
    expect(await codeOf(store.put("b", long("2")))).toBe("HASHLOG_WRITES_DISABLED");
    expect(await codeOf(store.put("c", "3"))).toBe("HASHLOG_WRITES_DISABLED");
    expect(await codeOf(store.delete("a"))).toBe("HASHLOG_WRITES_DISABLED");
    expect(await codeOf(store.compact())).toBe("HASHLOG_WRITES_DISABLED");
    expect(await codeOf(store.checkpoint())).toBe("HASHLOG_WRITES_DISABLED");
    expect(store.stats().writes).toBe("disabled");
    expect(await script.state()).toEqual({ a: long("1") });
    await script.reopen();
    await script.store.put("b", "2");
    expect(await script.state()).toEqual({ a: long("1"), b: "2" });
  });
});

describe("an edit of the manifest that certainly was not made", () => {
  test.each(["EIO", "ENOSPC", "EMFILE"] as const)("(%s) is made by the next write that needs it", async (kind) => {
    const script = await Script.begin({ segments: 0 });
    await script.store.put("a", long("1"));
    await quiet();
    script.disk.inject({ at: { operation: "replace.write" }, kind });
    expect(await codeOf(script.store.put("b", long("2")))).toBe(kind === "ENOSPC" ? "HASHLOG_NO_SPACE" : "HASHLOG_IO");
    await script.store.put("c", long("3"));
    await script.cutPowerAndOpen("drop-all");
    expect(await script.state()).toEqual({ a: long("1"), c: long("3") });
  });
});

describe("a manifest whose sync has lied", () => {
  /** The power is cut, and of the manifest's first sector so many bytes are there, with garbage behind them. */
  async function tornBehind(bytes: number): Promise<Script> {
    const script = await Script.begin({ segments: 0 });
    script.disk.inject({ at: { operation: "replace.sync" }, kind: "EIO", failedSync: "late" });
    await script.store.put("a", long("1"));
    const manifest = of(`${MANIFEST_NAME}.new`);
    const fates = crashPointAt(script.disk, script.disk.position).units.flatMap((unit) => {
      const isTorn = manifest(unit) && unit.kind === "bytes" && unit.from === 0 && unit.standing === "cache-only";
      return unit.fateIndex < 0 ? [] : [isTorn ? tornFate("torn-prefix", bytes, fate("garbage")) : 0];
    });
    return new Script(new SimulatedDisk({ image: script.disk.powerCut(fates, "free") }), { segments: 0 });
  }

  test.each([
    ["within its magic", 5, "HASHLOG_CORRUPT"],
    // A later version could look like that: FORMAT.md, chapter 8.
    ["right behind its magic", 8, "HASHLOG_VERSION"],
    ["behind its version", 12, "HASHLOG_CORRUPT"],
  ] as const)(
    "and of which a crash leaves garbage from %s on is told, and is no empty store",
    async (_, bytes, code) => {
      expect(await codeOf((await tornBehind(bytes)).open())).toBe(code);
    },
  );
});

describe("a writer that has lost its lock without noticing it", () => {
  /** Two writers on one disk, of which the second was let in as if the first were dead. */
  async function twoWriters(): Promise<{ first: Script; second: Script }> {
    const disk = new SimulatedDisk({ image: await emptyStore() });
    const first = new Script(disk, { segments: 0 });
    await first.open(withoutLock(disk.boot()));
    await first.store.put("a", long("1"));
    await quiet();
    const second = new Script(disk, { segments: 0 });
    await second.open(withoutLock(disk.boot()));
    return { first, second };
  }

  test("stops at its next edit of the manifest, and leaves its successor's store as it is", async () => {
    for (const work of ["put", "compact", "checkpoint", "close"] as const) {
      const { first, second } = await twoWriters();
      await second.store.put("b", long("2"));
      if (work === "close") {
        await settled(
          first.store.close().catch(() => undefined),
          "closing",
        );
      } else {
        const run = (): Promise<unknown> => (work === "put" ? first.store.put("z", long("9")) : first.store[work]());
        expect(await codeOf(run())).toBe("HASHLOG_WRITES_DISABLED");
        expect(await codeOf(first.store.put("z", "9"))).toBe("HASHLOG_WRITES_DISABLED");
      }
      await second.store.put("c", "3");
      expect(await second.state()).toEqual({ a: long("1"), b: long("2"), c: "3" });
      await second.store.compact();
      await second.cutPowerAndOpen("drop-all");
      expect(await second.state()).toEqual({ a: long("1"), b: long("2"), c: "3" });
    }
  });

  test("does no harm by what it appends before that", async () => {
    const { first, second } = await twoWriters();
    await second.store.put("b", "2");
    // It still goes into the segment that it has open, which the successor has sealed.
    await first.store.put("z", "9").catch(() => undefined);
    await second.store.put("c", "3");
    await second.store.compact();
    await second.cutPowerAndOpen("drop-all");
    expect(await second.state()).toEqual({ a: long("1"), b: "2", c: "3" });
  });

  test("stops also when its successor has closed the store again", async () => {
    const { first, second } = await twoWriters();
    await second.store.put("b", "2");
    await second.close();
    expect(await codeOf(first.store.put("z", long("9")))).toBe("HASHLOG_WRITES_DISABLED");
    await first.store.close().catch(() => undefined);
    const third = new Script(first.disk, { segments: 0 });
    await third.open();
    expect(await third.state()).toEqual({ a: long("1"), b: "2" });
  });

  test("notices that its successor has raised the epoch, also where nothing else has changed", async () => {
    const disk = new SimulatedDisk({ image: await emptyStore() });
    const shape = { sync: "always", segments: 0 } as const;
    const first = await openStore(withoutLock(disk.boot()), shape);
    const { epoch } = manifestOf(disk.image());
    await openStore(withoutLock(disk.boot()), shape);
    expect(manifestOf(disk.image()).epoch).toBe(epoch + 1);
    expect(await codeOf(first.put("a", "1"))).toBe("HASHLOG_WRITES_DISABLED");
  });
});

function withoutLock(fileSystem: FileSystem): FileSystem {
  return altered(fileSystem, { lock: () => Promise.resolve({ release: () => Promise.resolve() }) });
}
