/** Runs examples as an outside project would run them: a module that imports the packages by name. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Inside the repository, so that the packages are found; outside node_modules, where Node refuses TypeScript. */
const CACHE = join(ROOT, ".cache");
mkdirSync(CACHE, { recursive: true });
const EXAMPLES = mkdtempSync(join(CACHE, "documentation-"));

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Writes the module down and returns its path. */
export function writeExample(name: string, code: string): string {
  const path = join(EXAMPLES, `${name.replaceAll(/[^\w.]+/g, "-")}.ts`);
  writeFileSync(path, code);
  return path;
}

/** To be called when all is done. */
export function removeExamples(): void {
  rmSync(EXAMPLES, { recursive: true, force: true });
}

/** Runs the module in an empty directory of its own, so that it may write where it likes. */
export async function runExample(path: string): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), "hashlog-documentation-"));
  try {
    return await execute(["--conditions=@hashlog/source", path], directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Type-checks everything that was written down, all at once. */
export function checkTypes(): Promise<Outcome> {
  const configuration = {
    extends: "../../tsconfig.tests.json",
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
    include: ["*.ts"],
  };
  writeFileSync(join(EXAMPLES, "tsconfig.json"), JSON.stringify(configuration));
  return execute([join(ROOT, "node_modules", "typescript", "bin", "tsc"), "-p", EXAMPLES], ROOT);
}

function execute(args: string[], cwd: string): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd, timeout: 50_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      resolve({ code, stdout, stderr });
    });
  });
}
