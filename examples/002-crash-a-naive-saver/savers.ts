/** Three ways to save a draft, and the one way to load it. Which of them survives a crash? */
import type { AppendFile, FileSystem } from "@hashlog/fs-io";

/** Each version of the draft is a file of its own; the newest that is there counts. Saved is saved, once it resolves. */
export type Saver = (fs: FileSystem, version: number, text: string) => Promise<void>;

/** Written aside, and given its name once it is complete, so that nobody ever loads the half of it. */
export const naive: Saver = async (fs, version, text) => {
  const file = await writeAside(fs, text);
  await file.close();
  await giveName(fs, version);
};

/** The name can reach the disk before the bytes do. So the bytes are made durable first. */
export const halfMended: Saver = async (fs, version, text) => {
  const file = await writeAside(fs, text);
  await file.sync();
  await file.close();
  await giveName(fs, version);
};

/** The name is not durable by itself, either: it belongs to the directory. */
export const right: Saver = async (fs, version, text) => {
  const file = await writeAside(fs, text);
  await file.sync();
  await file.close();
  await giveName(fs, version);
  await fs.syncDirectory("/");
};

/** The newest version that is there; `undefined` if nothing was saved yet. */
export async function load(fs: FileSystem): Promise<string | undefined> {
  const versions = (await fs.list("/")).map((name) => Number(/^draft-(\d+)$/.exec(name)?.[1] ?? 0));
  const newest = Math.max(0, ...versions);
  if (newest === 0) return undefined;
  const file = await fs.openRead(`/draft-${newest}`);
  const bytes = new Uint8Array(file.size());
  await file.read(bytes, 0, bytes.length, 0);
  await file.close();
  return new TextDecoder().decode(bytes);
}

const ASIDE = "/draft.unfinished";

async function writeAside(fs: FileSystem, text: string): Promise<AppendFile> {
  // A crash may have left one there.
  if ((await fs.stat(ASIDE)) !== undefined) await fs.remove(ASIDE);
  const file = await fs.create(ASIDE);
  const bytes = new TextEncoder().encode(text);
  file.append(bytes, 0, bytes.length);
  return file;
}

/** What a rename to a name that is free does. */
async function giveName(fs: FileSystem, version: number): Promise<void> {
  await fs.link(ASIDE, `/draft-${version}`);
  await fs.remove(ASIDE);
}
