export { IndexError, type IndexErrorCode } from "./errors.ts";
export { hashKeydir } from "./hash-keydir.ts";
export { HintBuilder } from "./hint-builder.ts";
export {
  type Keydir,
  type KeydirCursor,
  type KeydirFactory,
  type KeydirLoader,
  type KeydirOrdering,
  type KeydirPage,
  type KeydirRange,
  type KeydirScan,
  type KeydirView,
  type RecordLocation,
  SEGMENT_SLOTS_MAX,
  type SlotTally,
} from "./keydir.ts";
