import type { RepairReport } from "@hashlog/engine";
import { jsonBytes, type Encoding } from "./encoding.ts";

/** A report of a repair as JSON has it: keys are text, or what the encoding makes of them. */
export function jsonReport(report: RepairReport, encoding: Encoding): object {
  return { ...report, lost: report.lost.map(({ key, ...rest }) => ({ ...jsonBytes("key", key, encoding), ...rest })) };
}
