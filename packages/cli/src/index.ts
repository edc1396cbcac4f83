export { EXIT, type ExitCode } from "./exit-codes.ts";
export { type Host, type HostFiles, processHost } from "./host.ts";
export { run } from "./run.ts";
