import type { Finding } from "@hashlog/engine";
import { plural } from "./words.ts";

/** A finding on one line: what it is about, where, and what is wrong. */
export function findingLine(finding: Finding): string {
  const { subject, path, offset, what, keys, firstSequence, lastSequence, harmless } = finding;
  const place = path === undefined ? subject : `${path}${offset === undefined ? "" : ` at ${offset}`}`;
  const more = [
    ...(firstSequence === undefined || lastSequence === undefined
      ? []
      : [`writes ${firstSequence} to ${lastSequence}`]),
    ...(keys === undefined ? [] : [plural(keys, "key")]),
  ];
  return `${harmless ? "harmless" : "DAMAGE  "}  ${place}: ${what}${more.length === 0 ? "" : ` (${more.join(", ")})`}`;
}
