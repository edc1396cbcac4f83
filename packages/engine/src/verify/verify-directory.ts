import { LOCK_NAME, MANIFEST_NAME } from "@hashlog/format";
import { nodeFileSystem, systemClock, type FileSystem } from "@hashlog/fs-io";
import { hashKeydir } from "@hashlog/index";
import { checkDirectory, checkOptions } from "../check-options.ts";
import { HashlogError, inOwnWords, throwIfAborted } from "../errors.ts";
import { LIMITS, type Limits } from "../limits.ts";
import { systemRandom } from "../random.ts";
import { TRACES } from "../tracing.ts";
import { manifestFindings } from "./manifest-check.ts";
import { isWrittenSince, openStoreFiles, type StoreFiles } from "./store-files.ts";
import { verifyParts } from "./verification.ts";
import { VERIFY_DIRECTORY_CHECKS, type VerifyDirectoryOptions, type VerifyReport } from "./verify-options.ts";
import { VerifyProgressTeller } from "./verify-progress.ts";

/**
 * Reads every byte of every file of a store that nobody has open for writing, whether or not it can be opened, and changes
 * nothing: checksums, and whether segments, hints, checkpoint and manifest say the same. What is wrong stands in the report;
 * it takes as much memory as the keydir of the store. `Store.verify` does it for a store that is open.
 * @throws HashlogError `HASHLOG_NOT_FOUND` (no store) | `HASHLOG_LOCKED` (somebody writes it, or has meanwhile) |
 * `HASHLOG_VERSION` | `HASHLOG_CORRUPT` (a backup that was cut off) | `HASHLOG_NOT_PERMITTED` | `HASHLOG_INVALID_ARGUMENT` |
 * `HASHLOG_ABORTED` | `HASHLOG_IO`
 */
export function verify(directory: string, options: VerifyDirectoryOptions = {}): Promise<VerifyReport> {
  return verifyWithin(LIMITS, directory, options);
}

/** As `verify`, with limits of the caller's: for tests, and not exported. */
export function verifyWithin(
  limits: Limits,
  directory: string,
  options: VerifyDirectoryOptions = {},
): Promise<VerifyReport> {
  return TRACES.verify.around(
    () => ({ directory }),
    () => verifyDirectory(limits, directory, options),
    (trace, report) => {
      trace.report = report;
    },
  );
}

async function verifyDirectory(
  limits: Limits,
  directory: string,
  options: VerifyDirectoryOptions,
): Promise<VerifyReport> {
  checkDirectory(directory);
  checkOptions(options, VERIFY_DIRECTORY_CHECKS, "verify");
  throwIfAborted(options.signal, "the verification");
  const fileSystem = options.fileSystem ?? nodeFileSystem();
  try {
    await refuseWhileWritten(fileSystem, directory);
    const { clock = systemClock } = options;
    const files = await openStoreFiles({ fileSystem, directory, random: systemRandom, clock, limits });
    try {
      const report = await verifyFiles(files, limits, { ...options, fileSystem }, directory);
      await refuseWhileWritten(fileSystem, directory);
      const path = fileSystem.join(directory, MANIFEST_NAME);
      if (await isWrittenSince(files, fileSystem, path)) {
        // mark: verify/somebody-has-written
        throw isWritten(directory);
      }
      return report;
    } finally {
      await files.close();
    }
  } catch (error) {
    throw inOwnWords(error, `verifying ${directory} failed`);
  }
}

async function refuseWhileWritten(fileSystem: FileSystem, directory: string): Promise<void> {
  if ((await fileSystem.stat(directory))?.kind !== "directory") return;
  // Of a directory that may not be read it cannot be told, and it would count as locked.
  await fileSystem.list(directory);
  if (!(await fileSystem.isLocked(directory, LOCK_NAME))) return;
  // mark: verify/somebody-writes
  throw isWritten(directory);
}

function isWritten(directory: string): HashlogError {
  return new HashlogError(
    "HASHLOG_LOCKED",
    `${directory} is open for writing, or was meanwhile, and only the program that has it open can verify it now, with store.verify()`,
    { path: directory },
  );
}

async function verifyFiles(
  files: StoreFiles,
  limits: Limits,
  options: VerifyDirectoryOptions & { readonly fileSystem: FileSystem },
  directory: string,
): Promise<VerifyReport> {
  const { fileSystem, index = hashKeydir, clock = systemClock } = options;
  const { manifest, segments } = files;
  const begun = clock.elapsedMs();
  const bytesTotal = segments.reduce((sum, { bytes }) => sum + bytes, manifest.checkpoint?.bytes ?? 0);
  const progress = new VerifyProgressTeller(options, "the verification", bytesTotal);
  const { findings, examination, records, keys } = await verifyParts({
    ...{ fileSystem, directory, clock, limits, index, manifest, segments },
    memory: undefined,
    atRest: (work) => work(),
    onRead: (bytes) => progress.read(bytes),
  });
  progress.tell();
  const ofManifest = await manifestFindings(files, fileSystem, directory, examination.lastSequence);
  return {
    findings: [...ofManifest, ...findings],
    tornTail: examination.tear,
    segments: segments.length,
    ...{ records, keys, bytesRead: progress.bytesDone, durationMs: clock.elapsedMs() - begun },
  };
}
