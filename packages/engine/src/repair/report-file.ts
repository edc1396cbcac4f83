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

/**
 * The report as JSON, for people and programs: keys in base64 (`keyBase64`), and where they are UTF-8 as text, too (`key`). It comes
 * in pieces, as it may be longer than any string.
 */
export function* encodeReport(report: LastingReport): Iterable<Uint8Array> {
  let text = "";
  for (const part of partsOf(report)) {
    text += part;
    if (text.length < PIECE_CHARACTERS) continue;
    yield encoder.encode(text);
    text = "";
  }
  yield encoder.encode(text);
}

/** As `JSON.stringify` sets it, each entry of a list by itself. */
function* partsOf(report: LastingReport): Iterable<string> {
  let before = "{\n";
  for (const [name, value] of Object.entries(report)) {
    yield `${before}  ${JSON.stringify(name)}: `;
    before = ",\n";
    if (Array.isArray(value)) yield* partsOfList(name === "lost" ? shownKeys(report.lost) : value);
    else yield JSON.stringify(value);
  }
  yield "\n}\n";
}

function* partsOfList(list: Iterable<unknown>): Iterable<string> {
  let before = "[\n";
  for (const entry of list) {
    yield `${before}    ${JSON.stringify(entry, null, 2).replaceAll("\n", "\n    ")}`;
    before = ",\n";
  }
  yield before === "[\n" ? "[]" : "\n  ]";
}

function* shownKeys(lost: readonly LostKey[]): Iterable<object> {
  for (const { key, version, segmentId, offset } of lost) {
    yield {
      ...(isUtf8(key, 0, key.length) ? { key: decoder.decode(key) } : {}),
      ...{ keyBase64: base64Of(key), version, segmentId, offset },
    };
  }
}

function base64Of(bytes: Uint8Array): string {
  const text = new Uint8Array(base64Bytes(bytes.length));
  encodeBase64(bytes, 0, bytes.length, text, 0);
  return decoder.decode(text);
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
/** Of a piece, at least; one entry more, with its key, is some hundred thousand. */
const PIECE_CHARACTERS = 64 * 1024;
