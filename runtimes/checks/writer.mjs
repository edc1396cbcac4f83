/**
 * A process that writes to a store as fast as it can, until it is killed, and says of each write, once it is acknowledged, its
 * key and its number: "3 17" says that key 3 has the value of its write number 17. It overwrites, so that merges have to do.
 */
import { open, utf8 } from "@hashlog/engine";
import process from "node:process";
import { liveWithParent, say } from "./say.mjs";
import { KEYS, valueOf } from "./values.mjs";

const [directory = "", sync = ""] = process.argv.slice(2);
liveWithParent();
const db = await open(directory, {
  values: utf8,
  sync: sync === "never" ? "never" : "always",
  segmentBytesMax: 16_384,
});
await Promise.all(Array.from({ length: KEYS }, (_, key) => writeOn(String(key))));

/** @param {string} key */
async function writeOn(key) {
  const last = await db.get(key);
  for (let number = last === undefined ? 1 : Number(last.split(" ")[0]) + 1; ; number += 1) {
    await db.put(key, valueOf(key, number));
    say(`${key} ${number}`);
  }
}
