export { type ByteSource, bytesSource } from "./byte-source.ts";
export { crc32 } from "./crc32.ts";
export type { Decoded } from "./decoded.ts";
export { FormatError, type FormatErrorCode, type FormatErrorDetails } from "./errors.ts";
export {
  checkpointFileName,
  hintFileName,
  LOCK_NAME,
  MANIFEST_NAME,
  parseFileName,
  RESERVE_NAME,
  segmentFileName,
  type StoreFile,
} from "./file-names.ts";
export { FRAME_HEADER_BYTES, type FrameHeader, readFrameHeader, sealFrame } from "./frame.ts";
export { type ScanEnd, scanFrames, type ScannedFrame, type ScanOptions } from "./frame-scanner.ts";
export { findTestimony, type SearchOptions } from "./frame-search.ts";
export { EXPIRY_MAX, FILE_ID_MAX, FORMAT_VERSION, KEY_BYTES_MAX, SEGMENT_BYTES_MAX, SEQUENCE_MAX } from "./limits.ts";
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
  EXPIRY_BYTES,
  moveRecord,
  newRecordFields,
  readRecord,
  RECORD_HEADER_BYTES,
  recordBytes,
  type RecordFields,
  verifyRecord,
  writeRecordHeader,
} from "./record.ts";
export {
  decodeSegmentHeader,
  encodeSegmentHeader,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
} from "./segment-header.ts";
