import type { Change } from "../oracle/model.ts";

/** The entries in an export, read as anybody would. */
export function entriesIn(file: Uint8Array): ReadonlyMap<string, string> {
  const lines = Buffer.from(file).toString("utf8").trimEnd().split("\n").slice(1, -1);
  return new Map(
    lines.map((line) => {
      const { key, value } = JSON.parse(line) as { key: string; value: string };
      return [key, value];
    }),
  );
}

/** What an export of these entries would be, line by line, written as anybody would. */
export function linesOf(entries: readonly Change[]): readonly string[] {
  const lines = [
    { format: "hashlog-entries", version: 1, keys: "utf8", values: "utf8" },
    ...entries.map(({ key, value }) => ({ key, value })),
    { entries: entries.length },
  ];
  return lines.map((line) => `${JSON.stringify(line)}\n`);
}
