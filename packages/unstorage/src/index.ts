export { hashlogDriver, hashlogDriver as default, type HashlogDriver } from "./hashlog-driver.ts";
export type { HashlogDriverOptions } from "./hashlog-driver.ts";
