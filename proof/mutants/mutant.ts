import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * A bug that is planted on purpose, to see whether the proof notices it. Each is a patch of a few lines against the
 * packages' sources, with a header that says what it is:
 *
 *     Breaks: what is wrong in the code then, in a sentence
 *     Origin: who had that bug, or what found that it matters
 *     Property: P3, P18                         what should catch it
 *     Part: proof/faults                        tests that look for it, where the crash campaign cannot. Default: the campaign
 *     Equivalent: why nobody can tell           only of one that need not be caught
 *
 *     diff --git a/packages/engine/src/...
 *
 * A field goes on in lines that begin with a blank. `git apply` takes no notice of what stands before the first `diff`.
 */
export interface Mutant {
  /** The file's name without its ending: `m05-no-directory-sync`. */
  readonly name: string;
  /** Of the patch. */
  readonly path: string;
  readonly breaks: string;
  readonly origin: string;
  readonly properties: readonly string[];
  /** Files or folders of tests, from the root; empty: the campaign. */
  readonly tests: readonly string[];
  readonly equivalent: string | undefined;
}

const FOLDER = fileURLToPath(new URL("../../mutants/", import.meta.url));
const FIELDS: readonly string[] = ["Breaks", "Origin", "Property", "Part", "Equivalent"];

/** All of them, by name. @throws TypeError for a header that is none */
export function readMutants(): Mutant[] {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith(".patch"));
  return names.toSorted().map((name) => parseMutant(name, readFileSync(FOLDER + name, "utf8"), FOLDER + name));
}

/**
 * Those that are asked for by their number (`m05`), or by how their names begin; each once, and in the order in which they
 * were given.
 * @throws RangeError if there is none of such a name
 */
export function named<M extends Pick<Mutant, "name">>(mutants: readonly M[], wanted: readonly string[]): M[] {
  const nobody = wanted.find((name) => !mutants.some((mutant) => isNamed(mutant, name)));
  if (nobody !== undefined) throw new RangeError(`there is no mutant ${nobody}`);
  return mutants.filter((mutant) => wanted.some((name) => isNamed(mutant, name)));
}

function isNamed({ name }: Pick<Mutant, "name">, wanted: string): boolean {
  return /^m\d+$/.test(wanted) ? name.startsWith(`${wanted}-`) : wanted !== "" && name.startsWith(wanted);
}

/** @throws TypeError that says what of the header is wrong */
export function parseMutant(fileName: string, text: string, path: string = fileName): Mutant {
  const fields = readHeader(fileName, text);
  const field = (name: string): string => {
    const value = fields.get(name);
    if (value === undefined) throw new TypeError(`${fileName}: the header has no "${name}:"`);
    return value;
  };
  const properties = field("Property").split(/, */);
  if (!properties.every((id) => /^P\d+$/.test(id)))
    throw new TypeError(`${fileName}: a property is called P1, P2, ...`);
  return {
    name: fileName.replace(/\.patch$/, ""),
    path,
    breaks: field("Breaks"),
    origin: field("Origin"),
    properties,
    tests: fields.get("Part")?.split(/, */) ?? [],
    equivalent: fields.get("Equivalent"),
  };
}

function readHeader(fileName: string, text: string): ReadonlyMap<string, string> {
  const end = text.search(/^diff --git /m);
  if (end < 0) throw new TypeError(`${fileName}: there is no diff`);
  const fields = new Map<string, string>();
  for (const line of text.slice(0, end).replaceAll(/\n +/g, " ").split("\n")) {
    if (line.trim() === "") continue;
    const [, name, value] = /^(\w+): +(.+)$/.exec(line) ?? [];
    if (name === undefined || !FIELDS.includes(name)) throw new TypeError(`${fileName}: "${line}" is no field`);
    fields.set(name, value!);
  }
  return fields;
}
