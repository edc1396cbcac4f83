export { KeyvHashlog } from "./keyv-hashlog.ts";
export type { KeyvHashlogOptions } from "../keyv-base.ts";
export type { Entry } from "./keyv-hashlog.ts";
