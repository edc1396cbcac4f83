/** The signatures of the reference, laid out as the code is: TypeDoc puts all of one on a line, or breaks it in odd places. */
import { format } from "oxfmt";

const BLOCK = /^```ts\n(?<code>.*?)^```$/gms;

/** What a piece of a declaration has to stand in to be TypeScript; and how far that moves it to the right. */
const AROUND: readonly (readonly [before: string, after: string, indent: string])[] = [
  ["", "", ""],
  ["declare ", "", ""],
  ["", " {}", ""],
  ["declare class Around {\n", "\n}", "  "],
];

/** Narrow, so that a signature needs no scrolling. */
const WIDTH = 84;

export async function layOutSignatures(markdown: string): Promise<string> {
  const blocks = [...markdown.matchAll(BLOCK)];
  const laidOut = await Promise.all(blocks.map(({ groups }) => layOut(groups?.["code"] ?? "")));
  let at = 0;
  return markdown.replaceAll(BLOCK, () => `\`\`\`ts\n${laidOut[at++]}\`\`\``);
}

/** As it was, if it is TypeScript in none of these. */
async function layOut(code: string): Promise<string> {
  for (const [before, after, indent] of AROUND) {
    const result = await format("signature.ts", `${before}${code}${after}`, { printWidth: WIDTH + indent.length });
    if (result.errors.length > 0) continue;
    const lines = result.code.slice(before.length, result.code.length - after.length);
    return `${lines.replaceAll(new RegExp(`^${indent}`, "gm"), "").trimEnd()}\n`;
  }
  return code;
}
