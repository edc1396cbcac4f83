/**
 * A process that opens the store in a directory for writing, and says "held", or the code of the error. What it does then is
 * its second argument.
 *
 *     live     waits for its end
 *     block    lets nothing else happen any more
 *     leave    has nothing else to do
 */
import { HashlogError, open } from "@hashlog/engine";
import process from "node:process";
import { liveWithParent, say } from "./say.mjs";

const [directory = "", then = ""] = process.argv.slice(2);
if (then === "live") liveWithParent();
try {
  await open(directory);
  say("held");
} catch (error) {
  say(HashlogError.is(error) ? error.code : String(error));
}
if (then === "block") for (;;);
