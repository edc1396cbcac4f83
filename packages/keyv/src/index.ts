export { KeyvHashlog } from "./keyv-hashlog.ts";
export type { KeyvHashlogOptions } from "./keyv-base.ts";
export type { Capabilities, Entry } from "./keyv-hashlog.ts";
