import type { AnyStore, Command } from "../command.ts";
import { asUtf8 } from "../encoding.ts";

/** What may stand where the cursor is, and the part of the line that it takes the place of. */
export type Completion = [candidates: string[], replaced: string];

/** Commands whose parameters are keys. */
const OF_KEYS = new Set(["get", "put", "delete"]);
/** No more keys are offered. */
const KEYS_MOST = 50;

/** Completes the names of commands, their options, and keys of the store. */
export async function complete(line: string, commands: readonly Command[], store: AnyStore): Promise<Completion> {
  const words = line.trimStart().split(/\s+/);
  const last = words.at(-1) ?? "";
  if (words.length <= 1)
    return [startingWith(last, [...commands.map(({ name }) => name), ...OWN_WORDS]).map(spaced), last];
  const command = commands.find(({ name }) => name === words[0]);
  if (command === undefined) {
    const names =
      words[0] === "help"
        ? startingWith(
            last,
            commands.map(({ name }) => name),
          )
        : [];
    return [names, last];
  }
  if (last.startsWith("-")) {
    const options = [...(command.options?.() ?? []).flatMap(({ long }) => long ?? []), "--json", "--help"];
    return [startingWith(last, options).map(spaced), last];
  }
  if (!OF_KEYS.has(command.name) || /["']/.test(line)) return [[], last];
  return [await keysStartingWith(last, store), last];
}

/** Words of the shell itself. */
const OWN_WORDS: readonly string[] = ["help", "exit"];

function startingWith(start: string, words: readonly string[]): string[] {
  return words.filter((word) => word.startsWith(start)).toSorted();
}

function spaced(word: string): string {
  return `${word} `;
}

/** Those that can be typed as they are. */
async function keysStartingWith(start: string, store: AnyStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of store.keys({ prefix: new TextEncoder().encode(start), limit: KEYS_MOST })) {
    const text = asUtf8(key);
    if (text !== undefined && /^(?!-)[^\s"'\\\p{Cc}\p{Cf}]+$/u.test(text)) keys.push(text);
  }
  return keys;
}
