export { IndexError, type IndexErrorCode } from "./errors.ts";
export { hashKeydir } from "./hash-keydir.ts";
export { HintBuilder } from "./hint-builder.ts";
export {
  type Keydir,
  type KeydirFactory,
  type KeydirLoader,
  type KeydirPage,
  type KeydirView,
  type RecordLocation,
  SEGMENT_SLOTS_MAX,
} from "./keydir.ts";
