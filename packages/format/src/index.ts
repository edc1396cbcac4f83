export { type ByteSource, bytesSource } from "./byte-source.ts";
export { CheckpointEncoder } from "./checkpoint-encoder.ts";
export type { CheckpointHeader, CheckpointReplay, CheckpointSegment } from "./checkpoint-layout.ts";
export {
  type CheckpointReading,
  type CheckpointVisitor,
  describeCheckpoint,
  type ExpectedCheckpoint,
  readCheckpoint,
} from "./checkpoint-reader.ts";
export { crc32 } from "./crc32.ts";
export type { Decoded } from "./decoded.ts";
export { FormatError, type FormatErrorCode, type FormatErrorDetails } from "./errors.ts";
export {
  checkpointFileName,
  hintFileName,
  LOCK_NAME,
  MANIFEST_NAME,
  type NumberedKind,
  parseFileName,
  RESERVE_NAME,
  BACKUP_MARK_NAME,
  segmentFileName,
  type StoreFile,
} from "./file-names.ts";
export { type FrameHeader, readFrameHeader, sealFrame, sealFrameHeader } from "./frame.ts";
export { type ScanEnd, scanFrames, type ScannedFrame, type ScanOptions } from "./frame-scanner.ts";
export { findTestimony, type SearchOptions } from "./frame-search.ts";
export { HintEncoder } from "./hint-encoder.ts";
export { HINT_HEADER_BYTES, type HintEntry, type HintSegment, type HintTotals } from "./hint-layout.ts";
export { decodeHintHeader, type HintReading, readHint } from "./hint-reader.ts";
export {
  EXPIRY_BYTES,
  EXPIRY_MAX,
  FILE_ID_MAX,
  FORMAT_VERSION,
  FRAME_HEADER_BYTES,
  KEY_BYTES_MAX,
  RECORD_HEADER_BYTES,
  SEALED_BYTES_MIN,
  SEGMENT_BYTES_MAX,
  SEGMENT_HEADER_BYTES,
  SEQUENCE_MAX,
} from "./limits.ts";
export {
  decodeManifest,
  encodeManifest,
  type Manifest,
  type ManifestCheckpoint,
  type ManifestSegment,
  type SealedSegment,
  type UnsealedSegment,
} from "./manifest.ts";
export { type Place, placeMask, placeOf } from "./place.ts";
export {
  moveRecord,
  newRecordFields,
  readRecord,
  recordBytes,
  recordBytesAt,
  type RecordFields,
  sealRecord,
  verifyRecord,
  writeRecordHeader,
} from "./record.ts";
export { findRecords, type RecordSearchOptions } from "./record-search.ts";
export { decodeSegmentHeader, encodeSegmentHeader, type SegmentHeader } from "./segment-header.ts";
