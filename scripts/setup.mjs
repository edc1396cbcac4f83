/**
 * What a fresh clone lacks: the dependencies, and with them the Node that everything here runs on.
 *
 * Whether they are there is told by a stamp inside node_modules that holds what they were installed from, so a second
 * run costs nothing, a changed lockfile installs again, and a removed node_modules takes the stamp with it.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { run } from "./run.mjs";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** npm fetches it when it is needed; it is not in the lockfile, as it is what reads the lockfile. */
const PNPM = "pnpm@12.21.0";

/** The Node that the lockfile names. */
export const NODE = join(ROOT, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");

/** The runtimes of `npm run runtimes`: apart, as they take a gigabyte and nothing else needs them. */
export const PROGRAMS = join(ROOT, "runtimes", "programs");

/** Setting up failed; the message says what to do. */
export class SetupError extends Error {}

/** Installs what is missing. Resolves at once when nothing is. */
export async function setup() {
  await setUp(ROOT, "the dependencies", () => (existsSync(NODE) ? undefined : NODE));
}

/**
 * Installs the runtimes of `npm run runtimes`, as `setup` installs all else.
 * @param {() => string | undefined} missing Names a program that is not there.
 */
export async function setupPrograms(missing) {
  await setUp(PROGRAMS, "the runtimes, about a gigabyte,", missing);
}

/**
 * @param {string} folder With a lockfile.
 * @param {string} what
 * @param {() => string | undefined} missing
 */
async function setUp(folder, what, missing) {
  const stamp = join(folder, "node_modules", ".hashlog-setup");
  const wanted = fingerprint(folder);
  if (missing() === undefined && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;

  console.log(`setting up: installing ${what} with ${PNPM} (once; this needs the network)`);
  const started = Date.now();
  const output = await install(folder);
  const lacking = missing();
  if (lacking !== undefined) throw new SetupError(`${output}\n\nsetting up failed: ${lacking} was not installed.`);
  writeFileSync(stamp, wanted);
  console.log(`setting up: done in ${seconds(started)}`);
}

/** The environment of everything that runs after the setup: the workspace's Node comes first, and nobody phones home. */
export function environment() {
  const name = Object.keys(process.env).find((key) => key.toUpperCase() === "PATH") ?? "PATH";
  const path = [dirname(NODE), join(ROOT, "node_modules", ".bin"), process.env[name] ?? ""].join(delimiter);
  const colour = process.stdout.isTTY || process.env["FORCE_COLOR"] ? {} : { NO_COLOR: "1" };
  return { ...process.env, ...colour, [name]: path, TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" };
}

/**
 * The command that runs pnpm, which need not be installed: npm fetches it once, keeps it, and then asks nobody.
 * @param {...string} args
 */
export function pnpm(...args) {
  const npm = process.env["npm_execpath"] ?? "";
  const program = npm.endsWith("npm-cli.js") ? [npmNode(), npm] : ["npm"];
  return [...program, "exec", "--yes", "--prefer-offline", `--package=${PNPM}`, "--", "pnpm", ...args];
}

/** The Node that npm itself runs on: the user's own, not the workspace's. */
export function npmNode() {
  return process.env["npm_node_execpath"] ?? process.execPath;
}

/** @param {number} started In milliseconds since 1970. */
export function seconds(started) {
  return `${((Date.now() - started) / 1000).toFixed(1)} s`;
}

/** @param {string} folder */
function fingerprint(folder) {
  const hash = createHash("sha256")
    .update(readFileSync(join(folder, "pnpm-lock.yaml")))
    .digest("hex");
  return `${hash} ${PNPM} ${process.platform}-${process.arch}\n`;
}

/**
 * @param {string} folder
 * @returns {Promise<string>} What the installation printed.
 */
async function install(folder) {
  // Asked nothing, and told soon when the network is down.
  const env = { ...process.env, CI: "true", pnpm_config_fetch_retries: "1" };
  const started = Date.now();
  const patience = setInterval(() => console.log(`setting up: still installing after ${seconds(started)}`), 20_000);
  const command = pnpm("install", "--frozen-lockfile");
  const { code, output } = await run(command, { cwd: folder, env, keepOutput: true })
    .catch(() => {
      throw new SetupError("setting up failed: npm was not found. Start this through npm: `npm run setup`.");
    })
    .finally(() => clearInterval(patience));
  if (code === 0 && !LEFT_OUT.test(output)) return output;
  // What pnpm left out it would leave out for good: the next attempt has to start from nothing.
  if (code === 0) rmSync(join(folder, "node_modules"), { recursive: true, force: true });
  throw new SetupError(`${output.trimEnd()}\n\nsetting up failed, see above. ${remedy(output)}`);
}

/** Programs for this platform are optional to pnpm. They are not to us. */
const LEFT_OUT = /optional dependency that could not be fetched/;

/** @param {string} output What pnpm said. */
function remedy(output) {
  if (/ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|network|fetch failed|error sending request/i.test(output)) {
    return "The npm registry cannot be reached: look at the network and the proxy, then run the same command again.";
  }
  if (/OUTDATED_LOCKFILE/i.test(output)) {
    return `A package.json and its pnpm-lock.yaml disagree: run \`npx ${PNPM} install\` and commit the lockfile.`;
  }
  if (/ENOSPC|no space left/i.test(output)) {
    return "The disk is full: the dependencies take about half a gigabyte.";
  }
  return "Running the same command again continues; removing node_modules first starts from nothing.";
}
