export { HashlogLevel } from "./hashlog-level.ts";
export type {
  BatchOperation,
  BatchOptions,
  ClearOptions,
  DelOptions,
  LevelOptions,
  LevelStoreOptions,
  PutOptions,
} from "./level-options.ts";
export { LevelError, type LevelErrorCode } from "./level-error.ts";
export type { Encoded } from "./formats.ts";
