import type { ByteSource } from "@hashlog/format";
import type { ReadFile } from "@hashlog/fs-io";

/** A file as the format's readers take it, of the length that it has now. `check` may throw, and so end what reads. */
export function fileSource(file: ReadFile, check: () => void = () => undefined): ByteSource {
  return {
    bytes: file.size(),
    async read(target, at, bytes, position) {
      check();
      return file.read(target, at, bytes, position);
    },
  };
}

/** Bytes from a place on; fewer where the file ends. */
export async function readPart(source: ByteSource, position: number, bytes: number): Promise<Uint8Array> {
  const target = new Uint8Array(Math.max(0, Math.min(bytes, source.bytes - position)));
  let at = 0;
  while (at < target.length) {
    const count = await source.read(target, at, target.length - at, position + at);
    if (count <= 0) break;
    at += count;
  }
  return target.subarray(0, at);
}
