import type { Readable } from "node:stream";
import { open } from "@hashlog/engine";
import { memoryFileSystem } from "@hashlog/fs-io";

/**
 * Refuses what does not begin as an export, as an import of it would, before a store is made for it. It takes the first line
 * alone, and is asked by importing an export of nothing that begins with it, into a store that is nowhere.
 * @throws HashlogError
 */
export async function checkExport(source: Readable): Promise<void> {
  const nowhere = await open("/nowhere", { fileSystem: memoryFileSystem(), compaction: false });
  try {
    await nowhere.importFrom(emptied(source), { ignoreCodecs: true });
  } finally {
    await nowhere.close();
  }
}

/** The first line of an export, and the last one of one that has no entries. */
async function* emptied(source: Readable): AsyncGenerator<Uint8Array | string> {
  for await (const piece of source as AsyncIterable<Uint8Array>) {
    const end = piece.indexOf(LINE_FEED);
    if (end < 0) {
      yield piece;
      continue;
    }
    yield piece.subarray(0, end + 1);
    yield '{"entries":0}\n';
    return;
  }
}

const LINE_FEED = 10;
