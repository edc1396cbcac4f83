import type { Rule, SourceFile } from "./source-file.ts";

/** One file that breaks a rule and the complaint expected of it; or, without a complaint, one that keeps it. */
export interface Case {
  readonly rule: Rule;
  readonly path: string;
  readonly text: string;
  readonly beside?: readonly SourceFile[];
  readonly complaint?: RegExp;
}
