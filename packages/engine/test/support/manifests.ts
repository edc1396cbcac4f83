import { decodeManifest, type Manifest } from "@hashlog/format";

/** The manifest that those bytes are. */
export function manifestIn(bytes: Uint8Array): Manifest {
  const decoded = decodeManifest(bytes);
  if (decoded.kind !== "ok") throw new Error("the manifest does not parse");
  return decoded.value;
}
