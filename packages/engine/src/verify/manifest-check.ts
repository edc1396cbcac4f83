import { MANIFEST_NAME } from "@hashlog/format";
import type { FileSystem } from "@hashlog/fs-io";
import { testimoniesOfUnlisted } from "../check-loaded.ts";
import { finding, type Finding } from "./finding.ts";
import type { StoreFiles } from "./store-files.ts";

/** What is wrong with the manifest. */
export async function manifestFindings(
  files: StoreFiles,
  fileSystem: FileSystem,
  directory: string,
  lastSequence: number,
): Promise<readonly Finding[]> {
  const path = fileSystem.join(directory, MANIFEST_NAME);
  const bytes = files.manifestBytes?.length;
  if (files.manifestFlaw !== undefined) {
    const unknown = files.unknown.map(({ name, segmentId, bytes: length }) =>
      finding("segment", UNKNOWN_IDENTITY, {
        path: fileSystem.join(directory, name),
        segmentId,
        offset: 0,
        bytes: length,
      }),
    );
    return [finding("manifest", files.manifestFlaw, { path, offset: 0, bytes }), ...unknown];
  }
  const reason = await reasonToDistrust(files, fileSystem, directory, lastSequence);
  return reason === undefined ? [] : [finding("manifest", reason, { path })];
}

/** Of a segment that neither a manifest nor its header nor its hint tells the identity of. */
export const UNKNOWN_IDENTITY = "without a manifest, and with a damaged header, it cannot be told what it is";

/** Why a manifest that can be read is not the one that belongs there, as an opening judges it (check-loaded.ts). */
export async function reasonToDistrust(
  { manifest, files }: Pick<StoreFiles, "manifest" | "files">,
  fileSystem: FileSystem,
  directory: string,
  lastSequence: number,
): Promise<string | undefined> {
  if (lastSequence >= manifest.nextSequence) {
    return `it is older than the log: it has given out no sequence ${lastSequence} yet`;
  }
  const pathOf = (name: string): string => fileSystem.join(directory, name);
  for (const { path, testified } of await testimoniesOfUnlisted({
    ...{ fileSystem, manifest, files, pathOf },
    readPatiently: true,
  })) {
    if (testified > lastSequence) {
      return `it is older than ${path}, which testifies that all up to ${testified} was durable`;
    }
  }
  return undefined;
}
