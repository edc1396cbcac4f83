/** A process that opens the store in a directory to read, and says the value of a key, or the code of the error. */
import { HashlogError, open, utf8 } from "@hashlog/engine";
import process from "node:process";
import { say } from "./say.mjs";

const [directory = "", key = ""] = process.argv.slice(2);
try {
  const db = await open(directory, { values: utf8, readOnly: true });
  say(String(await db.get(key)));
  await db.close();
} catch (error) {
  say(HashlogError.is(error) ? error.code : String(error));
}
