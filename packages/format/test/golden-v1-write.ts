/**
 * Wrote the golden files of version 1, once. Run it with `node test/golden-v1-write.ts`: it writes files that are
 * missing and refuses to touch one that is there, as golden files are kept for ever.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { encodeAll } from "./golden-v1-encode.ts";

const directory = new URL("./golden/v1/", import.meta.url);
mkdirSync(directory, { recursive: true });
for (const [name, bytes] of encodeAll()) writeFileSync(new URL(name, directory), bytes, { flag: "wx" });
