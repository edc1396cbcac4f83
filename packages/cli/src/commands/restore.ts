import { isAbsolute, relative, resolve, sep } from "node:path";
import { LOCK_NAME, MANIFEST_NAME, parseFileName } from "@hashlog/format";
import { syncWayTo, type FileSystem } from "@hashlog/fs-io";
import type { OtherCommand } from "../command.ts";
import { Complaint } from "../complaint.ts";
import { EXIT } from "../exit-codes.ts";
import type { Progress } from "../progress.ts";
import { openForReading } from "../store-access.ts";
import { plural, size } from "../words.ts";

export const restore: OtherCommand<object> = {
  kind: "other",
  name: "restore",
  summary: "copy a backup to where a store is to be",
  details:
    "The directory must not be there yet, or be empty: move the old store out of the way first. The backup stays what it is. Cut off at any " +
    "moment, what is there does not open as a store, and restoring into another directory does. Check the copy with verify.",
  parameters: [
    ["<backup>", "the directory of a backup, or of any store that nobody writes"],
    ["<directory>", "where the store is to be"],
  ],
  examples: ["hashlog restore ./backup ./restored"],
  async run({ parameters: [from, to] }, session) {
    const [source, target] = [from!, to!];
    const { fileSystem } = session.host;
    if (isWithin(source, target)) {
      throw new Complaint(`${target} lies in ${source}, which is to stay what it is: restore into another directory`);
    }
    // It opens, so it is whole: a backup that was cut off is refused here.
    const opened = await openForReading(source, session);
    const { keys } = opened.stats();
    await opened.close();
    // Of a writer on another machine nobody here can tell, but what it merges changes the manifest.
    if (await fileSystem.isLocked(source, LOCK_NAME)) throw locked(source);
    await makeEmpty(fileSystem, target);
    await syncWayTo(fileSystem, target);
    const lock = await fileSystem.lock(target, LOCK_NAME);
    try {
      const bytesCopied = await session.during("restoring", "bytes", (update) =>
        copyStore(fileSystem, source, target, session.signal, update),
      );
      await (session.json
        ? session.output.json({ keys, bytesCopied })
        : session.output.line(`restored ${plural(keys, "key")}, ${size(bytesCopied)}, to ${target}`));
    } finally {
      await lock.release();
    }
  },
};

function locked(source: string): Complaint {
  const message = `${source} is open for writing: close it first, or call backup() there`;
  return new Complaint(message, EXIT.locked, "HASHLOG_LOCKED");
}

function isWithin(directory: string, path: string): boolean {
  const way = relative(resolve(directory), resolve(path));
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

async function makeEmpty(fileSystem: FileSystem, directory: string): Promise<void> {
  const there = await fileSystem.stat(directory);
  if (there === undefined) {
    const parent = fileSystem.parent(directory);
    // Not made where its name cannot be made durable: it would be there the next time, and nobody would try.
    await fileSystem.syncDirectory(parent);
    await fileSystem.makeDirectory(directory);
    await fileSystem.syncDirectory(parent);
    return;
  }
  const isEmpty = there.kind === "directory" && (await fileSystem.list(directory)).length === 0;
  if (!isEmpty)
    throw new Complaint(`${directory} is not an empty directory: move it out of the way`, EXIT.usage, "CLI_EXISTS");
}

/** Copies every file of a store, the manifest last: without it there is no store. */
async function copyStore(
  fileSystem: FileSystem,
  source: string,
  target: string,
  signal: AbortSignal,
  update: Progress["update"],
): Promise<number> {
  // What it lists is copied, whatever comes of the source meanwhile.
  const manifestPath = fileSystem.join(source, MANIFEST_NAME);
  const manifest = await readWhole(fileSystem, manifestPath);
  const names = (await fileSystem.list(source)).filter((name) => isOfStore(name));
  let total = 0;
  for (const name of names) total += (await fileSystem.stat(fileSystem.join(source, name)))?.bytes ?? 0;
  let done = 0;
  for (const name of names) {
    if (name === MANIFEST_NAME) continue;
    await copyFile(fileSystem, fileSystem.join(source, name), fileSystem.join(target, name), (bytes) => {
      if (signal.aborted) throw new Complaint("restoring was cancelled", EXIT.interrupted, "CLI_INTERRUPTED");
      done += bytes;
      update(done, total);
    });
  }
  await fileSystem.syncDirectory(target);
  if (Buffer.compare(manifest, await readWhole(fileSystem, manifestPath)) !== 0) {
    throw locked(source);
  }
  await fileSystem.replace(fileSystem.join(target, MANIFEST_NAME), manifest);
  return done + manifest.length;
}

/** What a store is made of: not its lock, its reserve of space, or what says that a backup is under way. */
function isOfStore(name: string): boolean {
  const kind = parseFileName(name)?.kind;
  return kind === "segment" || kind === "hint" || kind === "checkpoint" || kind === "manifest";
}

async function copyFile(
  fileSystem: FileSystem,
  from: string,
  to: string,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const source = await fileSystem.openRead(from);
  try {
    const target = await fileSystem.create(to);
    try {
      const buffer = new Uint8Array(COPY_BYTES);
      for (let at = 0; ;) {
        const bytes = await source.read(buffer, 0, buffer.length, at);
        if (bytes === 0) break;
        target.append(buffer, 0, bytes);
        at += bytes;
        onBytes(bytes);
      }
      await target.sync();
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function readWhole(fileSystem: FileSystem, path: string): Promise<Uint8Array> {
  const file = await fileSystem.openRead(path);
  try {
    const bytes = new Uint8Array(file.size());
    return bytes.subarray(0, await file.read(bytes, 0, bytes.length, 0));
  } finally {
    await file.close();
  }
}

const COPY_BYTES = 1024 * 1024;
