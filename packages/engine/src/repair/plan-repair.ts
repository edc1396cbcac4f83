import {
  checkpointFileName,
  hintFileName,
  MANIFEST_NAME,
  segmentFileName,
  type Manifest,
  type ManifestSegment,
  type SealedSegment,
} from "@hashlog/format";
import { nextIdAbove } from "../store-directory.ts";
import type { StoreFiles } from "../verify/store-files.ts";
import type { Verified } from "../verify/verification.ts";

/** What is to be done. */
export interface Plan {
  readonly isNeeded: boolean;
  /** Segments of which another is made out of what is left. */
  readonly broken: readonly ManifestSegment[];
  /** Names of files that are taken out of the store, if they are there. */
  readonly setAside: ReadonlySet<string>;
  readonly floor: number;
  manifestWith(written: ReadonlyMap<number, SealedSegment | undefined>): Manifest;
}

/** Says what there is to repair, and what the store is afterwards. */
export function planOf(files: StoreFiles, { findings, examination }: Verified): Plan {
  const { manifest } = files;
  const { contents, lastSequence } = examination;
  const isLogBroken = contents.some(
    ({ segment, damaged }) => segment.listed.state === "unsealed" && damaged.length > 0,
  );
  const broken = contents
    .filter(({ segment, damaged }) => (segment.listed.state === "sealed" ? damaged.length > 0 : isLogBroken))
    .map(({ segment }) => segment.listed);
  const brokenIds = new Set(broken.map(({ segmentId }) => segmentId));
  const badHints = findings.filter(({ subject }) => subject === "hint").map(({ segmentId }) => segmentId!);
  const isCheckpointBad = findings.some(({ subject }) => subject === "checkpoint");
  const dropsCheckpoint = manifest.checkpoint !== undefined && (isCheckpointBad || broken.length > 0);
  const floor = isLogBroken ? Math.max(manifest.floor, lastSequence) : manifest.floor;
  const setAside = new Set([
    ...[...brokenIds].map(segmentFileName),
    ...[...brokenIds, ...badHints].map(hintFileName),
    ...(dropsCheckpoint && isCheckpointBad ? [checkpointFileName(manifest.checkpoint!.id)] : []),
    ...(files.manifestFlaw === undefined ? [] : [MANIFEST_NAME, ...files.unknown.map(({ name }) => name)]),
  ]);
  // What is not as it was written any more is not the whole log.
  const gone = broken.map((listed) => {
    if (listed.state === "unsealed") return floor;
    return listed.merged ? 0 : listed.highestSequence;
  });
  return {
    isNeeded: files.manifestFlaw !== undefined || setAside.size > 0 || dropsCheckpoint,
    broken,
    setAside,
    floor,
    manifestWith: (written) => ({
      ...manifest,
      epoch: manifest.epoch + 1,
      floor,
      // Above every id in sight: what is left over beside the store is nobody's to testify any more.
      nextFileId: [...written.values()].reduce(
        (next, sealed) => Math.max(next, (sealed?.segmentId ?? 0) + 1),
        nextIdAbove(files.files, manifest),
      ),
      logCompleteFrom: Math.min(
        manifest.nextSequence,
        Math.max(manifest.logCompleteFrom, ...gone.map((last) => last + 1)),
      ),
      segments: manifest.segments.flatMap((listed) => {
        if (!brokenIds.has(listed.segmentId)) return [listed];
        const sealed = written.get(listed.segmentId);
        return sealed === undefined ? [] : [sealed];
      }),
      checkpoint: dropsCheckpoint ? undefined : manifest.checkpoint,
    }),
  };
}
