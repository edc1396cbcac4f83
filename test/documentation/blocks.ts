/** The examples in Markdown: which of them are programs, and what each should print. */

/** A block that is a whole module. */
export interface Example {
  /** Where it stands: `README.md:12`. */
  readonly place: string;
  readonly code: string;
  /** What it prints, if a block of `text` follows at once. */
  readonly output: string | undefined;
}

const FENCED = /^```(?<info>[^\n]*)\n(?<body>.*?)^```[^\S\n]*$/gms;

/** The blocks that begin with ` ```ts `. One that begins with ` ```ts fragment ` is part of something, and left out. */
export function examplesIn(path: string, markdown: string): Example[] {
  const blocks = [...markdown.matchAll(FENCED)].map(({ groups, index, 0: whole }) => ({
    info: groups?.["info"]?.trim() ?? "",
    body: groups?.["body"] ?? "",
    start: index,
    end: index + whole.length,
  }));
  return blocks.flatMap((block, at) => {
    if (block.info !== "ts") return [];
    const next = blocks[at + 1];
    const follows = next?.info === "text" && markdown.slice(block.end, next.start).trim() === "";
    const line = markdown.slice(0, block.start).split("\n").length;
    return [{ place: `${path}:${line}`, code: block.body, output: follows ? next.body : undefined }];
  });
}
