/**
 * The one entry of every command of this workspace: `npm start`, `npm test`, `npm run NAME`.
 *
 * It runs on whatever Node npm found (20.19 or newer), needs nothing installed beforehand, sets the workspace up when
 * that was not done yet, and runs everything else on the workspace's own Node: the first run and the tenth are alike.
 */
import process from "node:process";
import { commands } from "./commands.mjs";
import { SetupError } from "./setup.mjs";

const [name = "", ...rest] = process.argv.slice(2);
const command = commands[name];

if (command === undefined) {
  console.error(`There is no command "${name}". There are: ${Object.keys(commands).join(", ")}.`);
  process.exitCode = 2;
} else {
  try {
    process.exitCode = await command(rest);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
