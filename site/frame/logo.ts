/** The logo as a part of a page: it takes the colour of the text, and is silent, as it stands beside the name. */
import { readFileSync } from "node:fs";

const LOGO = readFileSync(new URL("../assets/logo.svg", import.meta.url), "utf8");

export const logo: string = LOGO.replace(/<title.*<\/title>\n/, "")
  .replace(/ role="img" aria-labelledby="[^"]*"/, ' class="logo" aria-hidden="true"')
  .replace(/stroke="#[0-9a-f]+"/, 'stroke="currentColor"')
  .trim();
