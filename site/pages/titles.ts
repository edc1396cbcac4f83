/** What a document is called: by its first heading. */
export function titleOf(markdown: string, otherwise: string): string {
  const heading = /^# (.+)$/m.exec(markdown.replaceAll(/^```.*?^```/gms, ""))?.[1] ?? otherwise;
  return heading.replaceAll(/[`*\\]/g, "").trim();
}
