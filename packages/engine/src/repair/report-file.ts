import { base64Bytes, encodeBase64 } from "../base64.ts";
import { isUtf8 } from "../utf8-text.ts";
import type { RepairReport } from "./repair-options.ts";
import type { LostKey } from "./salvage.ts";

/** The name of the list of what is lost, beside what was set aside. */
export const REPORT_NAME = "report.json";

/** What of a report has to outlive the process that made it: after the repair nothing else knows. */
export type LastingReport = Pick<
  RepairReport,
  "findings" | "lost" | "mayBeLost" | "manifestRebuilt" | "recordsSaved" | "framesInPart"
>;

/** The report as JSON, for people and programs: keys in base64 (`keyBase64`), and where they are UTF-8 as text, too (`key`). */
export function encodeReport(report: LastingReport): Uint8Array {
  const lost = report.lost.map(({ key, version, segmentId, offset }: LostKey) => ({
    ...(isUtf8(key, 0, key.length) ? { key: new TextDecoder("utf-8", { ignoreBOM: true }).decode(key) } : {}),
    ...{ keyBase64: base64Of(key), version, segmentId, offset },
  }));
  return new TextEncoder().encode(`${JSON.stringify({ ...report, lost }, null, 2)}\n`);
}

function base64Of(bytes: Uint8Array): string {
  const text = new Uint8Array(base64Bytes(bytes.length));
  encodeBase64(bytes, 0, bytes.length, text, 0);
  return new TextDecoder().decode(text);
}
