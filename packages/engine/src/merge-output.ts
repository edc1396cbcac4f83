import type { ByteSource, Place } from "@hashlog/format";
import type { AppendFile } from "@hashlog/fs-io";
import type { ExecutorOutput } from "./merge-executor.ts";

/** A file that a merge writes, by a handle of the thread that it runs in. */
export class OutputFile implements ExecutorOutput {
  readonly segmentId: number;
  readonly place: Place;
  readonly file: AppendFile;
  readonly source: ByteSource;
  position: number;

  /** `position`: how much is written already. */
  constructor(
    { segmentId, place, position }: { readonly segmentId: number; readonly place: Place; readonly position: number },
    file: AppendFile,
  ) {
    this.segmentId = segmentId;
    this.place = place;
    this.position = position;
    this.file = file;
    const written = (): number => this.position;
    this.source = {
      get bytes() {
        return written();
      },
      read: (target, at, bytes, from) => file.read(target, at, bytes, from),
    };
  }

  get path(): string {
    return this.file.path;
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    this.file.append(bytes, start, end);
    this.position += end - start;
  }

  sync(): Promise<void> {
    return this.file.sync();
  }
}
