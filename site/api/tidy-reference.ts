/** What TypeDoc writes in many words in few, and in the order in which one wants to read it. */

/** A name that comes from a sibling package is a line, not a chapter. */
const RE_EXPORT = /^### \S+\n\nRe-exports (?<link>\[[^\]]+\]\([^)]+\))\n(?:\n\*\*\*\n)?\n?/gm;

/** Type parameters that nothing is said of: they stand in the signature. */
const NAMES_ALONE =
  /^#{2,5} Type Parameters\n\n\| Type Parameter \|\n\| -+ \|\n(?:\| <a id="[^"]*"><\/a> `\w+` \|\n)+\n?/gm;

/** `# Interface: Entry\<V\>`: what it is, and what it is called. */
const TITLE = /^# (?<kind>Class|Function|Interface|Type Alias|Variable): (?<name>[^\n]+)\n/;

const DEFINED_IN = /^Defined in: (?<link>\[[^\]]+\]\([^)]+\))\n/gm;

export function tidyReference(markdown: string): string {
  return withPlainTitle(markdown)
    .replace(/^## References\n/m, "## Also exported here\n")
    .replaceAll(RE_EXPORT, "- $<link>\n")
    .replaceAll(/^\*\*\*\n\n/gm, "")
    .replaceAll(NAMES_ALONE, "")
    .replaceAll(/__namedParameters|\\_\\_namedParameters/g, "options")
    .replaceAll(DEFINED_IN, "<small>Defined in $<link></small>\n");
}

/** The name alone as the title. What it is stands beside the place; type parameters that nothing else shows become code. */
function withPlainTitle(markdown: string): string {
  const { kind = "", name = "" } = TITLE.exec(markdown)?.groups ?? {};
  if (kind === "") return markdown;
  const [bare = "", parameters] = name.split(String.raw`\<`);
  const isShown = parameters === undefined || !(kind === "Class" || kind === "Interface");
  const code = isShown ? "" : `\n\`\`\`ts\n${kind.toLowerCase()} ${name.replaceAll(/[\\`*]/g, "")}\n\`\`\`\n`;
  return markdown
    .replace(TITLE, `# ${bare}\n${code}`)
    .replace(DEFINED_IN_FIRST, `<small>${kind}, defined in $<link></small>\n`);
}

const DEFINED_IN_FIRST = new RegExp(DEFINED_IN.source, "m");
