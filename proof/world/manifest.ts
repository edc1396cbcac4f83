import { decodeManifest, MANIFEST_NAME, type Manifest } from "@hashlog/format";
import type { DiskImage } from "@hashlog/fs-io/testing";
import { DIRECTORY } from "./text-store.ts";

/** The manifest of the store on a disk that nothing has damaged. */
export function manifestOf(image: DiskImage): Manifest {
  const decoded = decodeManifest(image.bytes(`${DIRECTORY}/${MANIFEST_NAME}`)!);
  if (decoded.kind !== "ok") throw new Error("the manifest does not parse");
  return decoded.value;
}
