export { runClockContract, type ClockFixture } from "./clock-contract.ts";
export { countFates, enumerateFates, legalImages, type EnumerationOptions } from "./crash-enumeration.ts";
export type { CrashKinds } from "./crash-choices.ts";
export { CrashCheckError, type FailingCrash } from "./crash-error.ts";
export { exploreCrashes, type CrashExploration, type CrashReport } from "./crash-explorer.ts";
export { sampleFates } from "./crash-sampling.ts";
export { minimiseFates } from "./crash-shrinking.ts";
export { CrashPoint, crashPointAt, diskAt, imageAt } from "./crash-point.ts";
export {
  EARLIER_LIVES,
  FATE_KINDS,
  fate,
  fateDetail,
  fateKind,
  tornFate,
  type FateKind,
  type Fates,
} from "./crash-fates.ts";
export { INFORMATIONAL_PROFILES, PROFILES, type InformationalProfile, type Profile } from "./crash-profiles.ts";
export { SECTOR_BYTES, type PendingUnit } from "./crash-units.ts";
export type { Damage, SectorOptions } from "./damage.ts";
export { bitFlips, byteOverwrites, extensions, truncations } from "./damage-bytes.ts";
export { everyDamage, everyFileDamage, everySectorDamage, type EveryDamageOptions } from "./damage-every.ts";
export { missingFile, replacedFile, staleFiles, swappedFiles } from "./damage-files.ts";
export {
  droppedSectors,
  duplicatedSectors,
  misdirectedSectors,
  staleSectors,
  swappedSectors,
  zeroedSectors,
} from "./damage-sectors.ts";
export { DiskImage, ImageFile, type DiskImageJson } from "./disk-image.ts";
export { hashImage, imageHash, type ImageHash } from "./image-hash.ts";
export { runFileSystemContract, type FileSystemFixture, type TestFunctions } from "./file-system-contract.ts";
export { SimulatedDisk, type SimulatedDiskOptions } from "./simulated-disk.ts";
export { canHit, type FailedSync, type Fault, type FaultFilter, type FaultKind } from "./simulated-faults.ts";
export { SimulatedFileSystem } from "./simulated-file-system.ts";
export type { Recording } from "./simulated-machine.ts";
export type { WaitingCall } from "./simulated-queue.ts";
export { SeededRandom } from "./simulated-random.ts";
export { describeStep } from "./step-description.ts";
export type { LoggedOperation, Standing } from "./simulated-state.ts";
export type { DiskTraits } from "./simulated-traits.ts";
export type {
  AppendOperation,
  EntryOperation,
  EvictOperation,
  MicroOperation,
  SyncOperation,
  TraceEvent,
} from "./simulated-trace.ts";
