"use strict";
/** A program as there were before modules: it gets the store by `require`. */
const process = require("node:process");
const { json, open } = require("@hashlog/engine");

async function main() {
  /** @type {import("@hashlog/engine").Codec<{ name: string }>} */
  const values = json();
  const users = await open(process.argv[2], { values });
  await users.put("ada", { name: "Ada Lovelace" });
  console.log((await users.get("ada"))?.name);
  await users.close();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
