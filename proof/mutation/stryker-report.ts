/** The part of Stryker's report that is read here. Schema: https://github.com/stryker-mutator/mutation-testing-elements */
export interface StrykerReport {
  /** By their paths from the root. */
  readonly files: Readonly<Record<string, StrykerFile>>;
}

export interface StrykerFile {
  readonly source: string;
  readonly mutants: readonly StrykerMutant[];
}

export interface StrykerMutant {
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status:
    | "Killed"
    | "Timeout"
    | "Survived"
    | "NoCoverage"
    | "RuntimeError"
    | "CompileError"
    | "Ignored"
    | "Pending";
  /** What a test that failed said, or why it was not run. */
  readonly statusReason?: string;
  /** It is run outside of tests too: as a module is loaded, or while a test file builds what its tests share. */
  readonly static?: boolean;
  readonly location: { readonly start: Position; readonly end: Position };
}

/** From 1 on. */
export interface Position {
  readonly line: number;
  readonly column: number;
}
