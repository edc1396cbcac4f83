/** What no tracked file holds, whatever it is: things left for later, other machines, dead links. */
import { posix } from "node:path";
import { complainAboutMatches, lineAt, type Rule, type SourceFile } from "./source-file.ts";

// Put together so that this file does not complain about itself.
const FOR_LATER = new RegExp(String.raw`\b(?:TO${""}DO|FIX${""}ME|XX${""}X)\b`, "g");
const MACHINE = /(?<![\w./-])\/(?:home|Users|root|work|workspace)\/[\w.-]+|\b[A-Z]:\\+Users\\+\w+/g;
const REGISTRY = /\/\/registry\.|\blocalhost:\d|\/\/(?:\d{1,3}\.){3}\d{1,3}/gi;
const ADDRESS = /:\/\/|\btarball:/g;

export const nothingIsLeftForLater: Rule = everywhere(FOR_LATER, "do it now, or write it down elsewhere");

export const noPathsOfAMachine: Rule = everywhere(MACHINE, "this path exists on one machine only");

export const noRegistryHosts: Rule = everywhere(REGISTRY, "the address of somebody's registry");

/** A lockfile says what is installed, never from where. */
export const lockfileHoldsNoAddress: Rule = (files) =>
  files
    .filter(({ path }) => posix.basename(path) === "pnpm-lock.yaml")
    .flatMap((file) => complainAboutMatches(file, file.text, ADDRESS, "an address in the lockfile"));

/** Every relative link in a Markdown file leads to a file that is there, and its anchor to a heading. */
export const linksLeadSomewhere: Rule = (files) => {
  const byPath = new Map(files.map((file) => [file.path, file]));
  return files
    .filter(({ path }) => path.endsWith(".md"))
    .flatMap((file) =>
      linksOf(file).flatMap(({ target, line }) => {
        const [path = "", anchor] = target.split("#");
        const resolved = path === "" ? file.path : posix.join(posix.dirname(file.path), path).replace(/\/$/, "");
        const found = byPath.get(resolved);
        const isFolder = resolved === "." || files.some((other) => other.path.startsWith(`${resolved}/`));
        if (found === undefined && !isFolder) return [`${file.path}:${line}: the link to ${target} leads nowhere`];
        if (anchor === undefined || found === undefined || !resolved.endsWith(".md")) return [];
        return headingAnchors(found.text).includes(anchor)
          ? []
          : [`${file.path}:${line}: ${resolved} has no heading #${anchor}`];
      }),
    );
};

function everywhere(pattern: RegExp, message: string): Rule {
  return (files) => files.flatMap((file) => complainAboutMatches(file, file.text, pattern, message));
}

/** The links that stay inside the repository. What stands in code is not a link. */
function linksOf(file: SourceFile): { target: string; line: number }[] {
  const prose = withoutCode(file.text);
  return [...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)/gm)]
    .map((match) => ({ target: match[1] ?? match[2] ?? "", line: lineAt(prose, match.index) }))
    .filter(({ target }) => !/^[a-z][a-z+.-]*:/i.test(target));
}

function withoutCode(markdown: string): string {
  const blank = (code: string): string => code.replaceAll(/[^\n]/g, " ");
  return markdown.replaceAll(/^```.*?^```/gms, blank).replaceAll(/`[^`\n]*`/g, blank);
}

/** Headings become anchors the way that GitHub does it. */
function headingAnchors(markdown: string): string[] {
  const headings = markdown.replaceAll(/^```.*?^```/gms, "").matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm);
  return [...headings].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(/\s/g, "-"),
  );
}
