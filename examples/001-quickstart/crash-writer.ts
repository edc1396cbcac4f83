/**
 * The process that is going to be killed. It writes records without end, many at once, and tells its parent the number of
 * each one as soon as the store has acknowledged it.
 */
import { open, utf8 } from "@hashlog/engine";
import { crashKey, crashValue } from "./crash-records.ts";

const [directory = "", first = "1"] = process.argv.slice(2);
const AT_ONCE = 32;

const store = await open(directory, { values: utf8 });
let next = Number(first);

// Should the parent go first, nobody is left to kill this process.
process.on("disconnect", () => process.exit());

async function writeWithoutEnd(): Promise<never> {
  for (;;) {
    const number = next++;
    await store.put(crashKey(number), crashValue(number));
    process.send?.(number);
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, writeWithoutEnd));
