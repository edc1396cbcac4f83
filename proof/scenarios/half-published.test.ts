import { open, utf8, type Store } from "@hashlog/engine";
import { memoryFileSystem, type FileSystem } from "@hashlog/fs-io";
import { expect, test } from "vitest";

/** What a crash at this moment would leave, the process alone being gone; with one bit of a file changed, if wanted. */
async function copyOf(
  from: FileSystem,
  damage?: { readonly name: string; readonly offset: number },
): Promise<FileSystem> {
  const copy = memoryFileSystem();
  await copy.makeDirectory("/store");
  for (const name of await from.list("/store")) {
    const source = await from.openRead(`/store/${name}`);
    const bytes = new Uint8Array(source.size());
    await source.read(bytes, 0, bytes.length, 0);
    await source.close();
    if (name === damage?.name) bytes[damage.offset]! ^= 1;
    const target = await copy.create(`/store/${name}`);
    target.append(bytes, 0, bytes.length);
    await target.close();
  }
  return copy;
}

function openText(fileSystem: FileSystem): Promise<Store<string, string>> {
  return open("/store", { fileSystem, values: utf8 });
}

test("a deleted key stays deleted when a crash leaves a merge half published, whatever order its output has", async () => {
  const first = memoryFileSystem();
  let store = await openText(first);
  // Damaged later: it stays outside of every merge, so that no tombstone and nothing with an expiry may go.
  await store.put("outside", "x".repeat(300));
  await store.compact();
  await store.put("a", "old", { ttlMs: 1e12 });
  await store.put("b", "1");
  await store.close();

  const fileSystem = await copyOf(first, { name: "hashlog-0000000001.segment", offset: 200 });
  store = await openText(fileSystem);
  // The delete goes to a segment that joins the store before the merge's output does: the next merge reads it first.
  let deleted: Promise<boolean> | undefined;
  const onProgress = ({ phase }: { phase: string }): void => {
    if (phase === "sync") deleted ??= store.delete("a");
  };
  expect((await store.compact({ onProgress })).leftOut.length).toBe(1);
  expect(await deleted).toBe(true);
  await store.checkpoint();
  await store.put("c", "1");

  const crashed: FileSystem[] = [];
  const replace = fileSystem.replace.bind(fileSystem);
  fileSystem.replace = async (path, bytes) => {
    await replace(path, bytes);
    crashed.push(await copyOf(fileSystem));
  };
  expect((await store.compact()).tombstonesKept).toBe(1);
  expect(crashed.length).toBeGreaterThan(2);
  const roads = new Set<string>();
  for (const image of crashed) {
    const reopened = await openText(image);
    roads.add(reopened.stats().open.road);
    expect([reopened.has("a"), reopened.getSync("b"), reopened.getSync("c")]).toEqual([false, "1", "1"]);
    await reopened.close();
  }
  expect(roads).toContain("checkpoint");
  await store.close();
});
