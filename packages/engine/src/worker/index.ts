export { workerMerge } from "./worker-merge.ts";
export type { ExecutorInput, ExecutorOutput, ExecutorStore, MergeExecutor } from "../merge-executor.ts";
