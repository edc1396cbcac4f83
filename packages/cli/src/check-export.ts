import type { Readable } from "node:stream";
import { open } from "@hashlog/engine";
import { memoryFileSystem } from "@hashlog/fs-io";

/**
 * Refuses what does not begin as an export, as an import of it would, before a store is made for it. It takes the first line
 * alone, and is asked by importing an export of nothing that begins with it, into a store that is nowhere. The source is left
 * in any case.
 * @throws HashlogError
 */
export async function checkExport(source: Readable, signal: AbortSignal): Promise<void> {
  const nowhere = await open("/nowhere", { fileSystem: memoryFileSystem(), compaction: false });
  try {
    await nowhere.importFrom(emptied(source), { ignoreCodecs: true, signal });
  } finally {
    // Whoever has cancelled it waits no longer for what does not come.
    source.destroy();
    await nowhere.close();
  }
}

/**
 * The first line of an export, with those before it that say nothing, and the last one of one that has no entries. The first is
 * an object: a line without its beginning is passed over by the import, or ends it.
 */
async function* emptied(source: Readable): AsyncGenerator<Uint8Array | string> {
  let hasBegun = false;
  for await (const piece of source as AsyncIterable<Uint8Array>) {
    const begin: number = hasBegun ? 0 : piece.indexOf(BRACE);
    hasBegun = begin >= 0;
    const end = hasBegun ? piece.indexOf(LINE_FEED, begin) : -1;
    if (end < 0) {
      yield piece;
      continue;
    }
    yield piece.subarray(0, end + 1);
    yield '{"entries":0}\n';
    return;
  }
}

const BRACE = 0x7b;
const LINE_FEED = 10;
