import { HashlogError, open, verify, type Store } from "@hashlog/engine";
import {
  decodeManifest,
  encodeManifest,
  encodeSegmentHeader,
  hintFileName,
  MANIFEST_NAME,
  placeOf,
  sealFrame,
  segmentFileName,
  FRAME_HEADER_BYTES,
  SEGMENT_HEADER_BYTES,
  type Manifest,
} from "@hashlog/format";
import { SimulatedDisk, hashImage, type DiskImage } from "@hashlog/fs-io/testing";
import { expect, test } from "vitest";
import { atRest } from "./support/at-rest.ts";
import { entriesOf } from "./support/values.ts";

/**
 * A manifest whose checksum is right may be an older one: a write of it never reached the disk, or somebody has restored
 * it from a backup. Nothing that was written since may be cleared away because of it, and no sequence given twice.
 */
const PATH = `/store/${MANIFEST_NAME}`;

interface Life {
  readonly store: Store<string, Uint8Array, Uint8Array | string>;
  readonly disk: SimulatedDisk;
}

/** Opens the store on a disk, does something, and returns what the disk holds then. */
async function live(image: DiskImage | undefined, work: (life: Life) => Promise<unknown>): Promise<DiskImage> {
  const disk = new SimulatedDisk(image === undefined ? {} : { image });
  const store = await open("/store", { fileSystem: disk.boot(), segmentBytesMax: 512 });
  await work({ store, disk });
  disk.kill();
  return disk.image();
}

function withManifestOf(image: DiskImage, older: DiskImage): DiskImage {
  return image.withFile(PATH, older.bytes(PATH)!);
}

function manifestOf(image: DiskImage): Manifest {
  const decoded = decodeManifest(image.bytes(PATH)!);
  if (decoded.kind !== "ok") throw new Error("the manifest does not parse");
  return decoded.value;
}

/** What an opening says of the disk, and that it leaves it as it is. */
async function refusal(image: DiskImage): Promise<Partial<HashlogError>> {
  const disk = new SimulatedDisk({ image });
  const error = await open("/store", { fileSystem: disk.boot() }).then(
    () => undefined,
    (reason: unknown) => reason as HashlogError,
  );
  expect(hashImage(disk.image())).toBe(hashImage(image));
  return { code: error!.code, path: error!.path! };
}

test("a manifest from before a segment was begun is refused, whatever has become of the segment since", async () => {
  const empty = await live(undefined, async () => undefined);
  const young = await live(empty, ({ store }) => store.put("first", "1"));
  const grown = await live(young, async ({ store }) => {
    for (let index = 0; index < 20; index += 1) await store.put(`key ${index}`, "x".repeat(40));
  });
  const merged = await live(grown, ({ store }) => store.compact());
  const damage = { code: "HASHLOG_CORRUPT", path: PATH };
  expect(await refusal(withManifestOf(grown, young))).toEqual(damage);
  expect(await refusal(withManifestOf(young, empty))).toEqual(damage);
  // Of a merge only the outputs are left, and they testify as well.
  expect(await refusal(withManifestOf(merged, empty))).toEqual(damage);
});

test("a manifest from a clean close is refused when the segment has grown since, as its sequences would be given again", async () => {
  const closed = await live(undefined, async ({ store }) => {
    await store.put("a", "1");
    await store.close();
  });
  const later = await live(closed, async ({ store }) => {
    await store.put("b", "2");
    await store.close();
  });
  expect(manifestOf(later).segments).toHaveLength(1);
  expect(await refusal(withManifestOf(later, closed))).toEqual({ code: "HASHLOG_CORRUPT", path: PATH });
});

test("an older manifest that knows all segments does as well as the newest", async () => {
  let older: DiskImage | undefined;
  const newest = await live(undefined, async ({ store, disk }) => {
    await store.put("a", "1");
    older = disk.image();
    await store.put("b", "2");
    await store.close();
  });
  expect(newest.bytes(PATH)).not.toEqual(older!.bytes(PATH));
  await live(withManifestOf(newest, older!), async ({ store }) => {
    expect((await entriesOf(store)).map(([key]) => key).sort()).toEqual(["a", "b"]);
  });
});

test("a hint beside a segment that the manifest has as not sealed is of another time, and goes", async () => {
  let older: DiskImage | undefined;
  const newest = await live(undefined, async ({ store, disk }) => {
    for (let index = 0; index < 3; index += 1) await store.put(`key ${index}`, "x".repeat(150));
    older = disk.image();
    await atRest(store);
  });
  const [first, second] = manifestOf(older!).segments;
  expect([first!.state, second!.state]).toEqual(["unsealed", "unsealed"]);
  const name = hintFileName(first!.segmentId);
  expect(newest.bytes(`/store/${name}`)).toBeDefined();
  const closed = await live(withManifestOf(newest, older!), async ({ store }) => {
    expect(store.stats().open.filesRemoved).toContain(name);
    // Before another is written.
    await store.close();
  });
  expect((await verify("/store", { fileSystem: new SimulatedDisk({ image: closed }).boot() })).findings).toEqual([]);
});

test("what a crash leaves is still cleared away: segments without a frame, with less than is there, or with garbage", async () => {
  const image = await live(undefined, ({ store }) => store.put("a", "1"));
  const { nextFileId, segments } = manifestOf(image);
  const place = placeOf(77n);
  const header = encodeSegmentHeader({ segmentId: nextFileId, identity: place.identity });
  const copy = new Uint8Array(SEGMENT_HEADER_BYTES + FRAME_HEADER_BYTES);
  copy.set(header);
  const fence = { recordCount: 0, firstSequence: 2, floor: 1, acknowledgedWhenSynced: false, sparse: false };
  sealFrame(copy, SEGMENT_HEADER_BYTES, copy.length, fence, place, SEGMENT_HEADER_BYTES);
  const foreign = image.bytes(`/store/${segmentFileName(segments[0]!.segmentId)}`)!;
  const leftovers = [header, copy, header.subarray(0, 9), new Uint8Array(200), foreign, new Uint8Array(0)];
  for (const content of leftovers) {
    const name = segmentFileName(nextFileId);
    await live(image.withFile(`/store/${name}`, content), async ({ store }) => {
      expect(store.stats().open.filesRemoved).toEqual([name]);
      expect(store.stats().keys).toBe(1);
    });
  }
});

test("a directory with the name of a segment to come is left alone", async () => {
  const image = await live(undefined, ({ store }) => store.put("a", "1"));
  const { nextFileId } = manifestOf(image);
  const disk = new SimulatedDisk({ image });
  await disk.boot().makeDirectory(`/store/${segmentFileName(nextFileId)}`);
  await live(disk.image(), async ({ store }) => expect(store.stats().keys).toBe(1));
});

test("a manifest that says something else of the log than when its checkpoint was written is refused", async () => {
  const image = await live(undefined, async ({ store }) => {
    await store.put("a", "1");
    await store.checkpoint();
  });
  const manifest = manifestOf(image);
  const [listed] = manifest.segments;
  if (listed?.state !== "unsealed") throw new Error("the segment is sealed");
  // Its one segment would be dropped as holding nothing of the log, and every key of the checkpoint lies in it.
  const forged = encodeManifest({
    ...manifest,
    floor: 0,
    segments: [{ ...listed, firstSequence: 2 }],
  });
  expect(await refusal(image.withFile(PATH, forged))).toEqual({ code: "HASHLOG_CORRUPT", path: PATH });
});
