/**
 * Sizes at which something else begins to happen, and which no user has a reason to choose: another buffer, another commit,
 * another edit of the manifest. What happens there happens seldom, and so whoever wants to see it (a test, a crash case)
 * opens a store with small ones, by `openWithin`.
 */
export interface Limits {
  /** How many sequences an edit reserves ahead: every later edit is this many writes away. */
  readonly sequencesReserved: number;
  /** A checkpoint is written whenever so many bytes were sealed since the last one, or four times the keydir's, if more. */
  readonly checkpointBytesLeast: number;
  /** A sealed segment of more than so many bytes gets its hint when the log is quiet; a smaller one at once. */
  readonly hintAtOnceBytesMost: number;
  /** Bytes of segments that may be without a hint for that reason. With more, the oldest get theirs. */
  readonly hintsPutOffBytesMost: number;
  /** The log is quiet when it has taken no more than so many bytes in a second. */
  readonly quietBytesMost: number;
  /** Bytes of a group of waiting writes from which on a second one is begun, and does not wait to share a sync. */
  readonly groupBytesMax: number;
  /** How many keys `clear` deletes, and how many entries an import writes, in one commit. */
  readonly clearKeysMax: number;
  /** How many frames of the tail are kept track of as one, when the log is read. */
  readonly extentFramesMax: number;
  /** Bytes that are read at once where segments are scanned, at least a frame header, and as many ahead; a larger frame is read whole. */
  readonly scanBytes: number;
  /** Bytes of the largest record that is read into the buffer that all share. */
  readonly sharedReadBytesMax: number;
  /** So many gets are answered in a turn of the event loop. */
  readonly answersPerTurn: number;
  /** How many keys, and how many values, an iterator holds ready. */
  readonly keysAhead: number;
  readonly valuesAhead: number;
  /** Bytes that a merge writes between two syncs, and bytes after which it gives the event loop away. */
  readonly mergeSyncBytes: number;
  readonly mergeSliceBytes: number;
  /** Bytes after which a store, however small, looks whether there is something to merge in the background. */
  readonly compactionLookBytes: number;
  /** Bytes that the log takes in a turn of the event loop while a merge in the background has to keep up. */
  readonly pacedBytesPerTurn: number;
  /** So many segments that are next to nothing are joined before an opening resolves. */
  readonly crumbsMost: number;
  /** A merge in the background that reads no more than this is waited for when the store is closed. */
  readonly closingMergeBytesMost: number;
}

/** Those of every store. */
export const LIMITS: Limits = {
  sequencesReserved: 1_048_576,
  checkpointBytesLeast: 64 * 1024 * 1024,
  hintAtOnceBytesMost: 1024 * 1024,
  hintsPutOffBytesMost: 256 * 1024 * 1024,
  quietBytesMost: 1024 * 1024,
  groupBytesMax: 1024 * 1024,
  clearKeysMax: 1000,
  extentFramesMax: 1024,
  scanBytes: 512 * 1024,
  sharedReadBytesMax: 64 * 1024,
  answersPerTurn: 512,
  keysAhead: 256,
  valuesAhead: 64,
  mergeSyncBytes: 8 * 1024 * 1024,
  mergeSliceBytes: 128 * 1024,
  compactionLookBytes: 1024 * 1024,
  pacedBytesPerTurn: 32 * 1024,
  crumbsMost: 128,
  closingMergeBytesMost: 16 * 1024 * 1024,
};
