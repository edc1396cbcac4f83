import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { MutatedPackage } from "./mutated-package.ts";

/** Where Stryker leaves its report, from the root of the copy. */
export const REPORT = "mutation.json";

export interface PassSettings {
  /** Globs, or ranges in files. */
  readonly mutate: readonly string[];
  /** Asks all tests of each mutant, and turns it on before them; otherwise those that reach it. */
  readonly asksAllTests: boolean;
}

/** Writes what Stryker and vitest need into the copy of the repository in which they are to run. */
export function writeSettings(root: string, one: MutatedPackage, pass: PassSettings): void {
  writeFileSync(join(root, "vitest.mutation.config.ts"), vitestConfig(one));
  writeFileSync(join(root, "before-each-file.ts"), beforeEachFile(one));
  writeFileSync(join(root, "stryker.config.json"), JSON.stringify(strykerConfig(pass)));
}

function strykerConfig({ mutate, asksAllTests }: PassSettings): object {
  return {
    testRunner: "vitest",
    // Found from here by name, as packages do not lie in one folder.
    plugins: ["@stryker-mutator/vitest-runner"],
    mutate,
    vitest: { configFile: "vitest.mutation.config.ts", related: false },
    // The copy is there to be changed, and is the one in which packages find each other.
    inPlace: true,
    coverageAnalysis: asksAllTests ? "off" : "perTest",
    ignoreStatic: !asksAllTests,
    concurrency: 1,
    // Most endless loops end by the count of their turns (below). For the others: tests take longer without a mutant, as coverage
    // is measured then, so that what is beyond is no work of others on the machine.
    timeoutMS: 3000,
    timeoutFactor: 1.25,
    reporters: ["json"],
    jsonReporter: { fileName: REPORT },
    allowEmpty: false,
  };
}

function vitestConfig({ name, without }: MutatedPackage): string {
  return `
    import { statSync } from "node:fs";
    import { BaseSequencer } from "vitest/node";
    import base from "./vitest.config.ts";
    // Whoever notices quickly is asked first, as a mutant that one has noticed costs no more: small files are of small things.
    class QuickFirst extends BaseSequencer {
      async sort(files) {
        const isSlow = ({ moduleId }) => Number(/property|contract|crash|damage/.test(moduleId));
        const bytes = new Map(files.map((file) => [file, statSync(file.moduleId).size]));
        return files.toSorted((a, b) => isSlow(a) - isSlow(b) || bytes.get(a) - bytes.get(b));
      }
    }
    const test = {
      ...base.test,
      include: ["packages/${name}/test/**/*.test.ts"],
      exclude: ${JSON.stringify(without.map((file) => `packages/${name}/test/${file}`))},
      setupFiles: [...base.test.setupFiles, "before-each-file.ts"],
      // One after the other: before-each-file.ts changes what Stryker's own has set.
      sequence: { sequencer: QuickFirst, setupFiles: "list" },
      // A mutant has a thread of its own, which its test files share: loading modules again for each would take most of the time.
      isolate: false,
    };
    export default { ...base, test };
  `;
}

/** Stryker asks for tests by patterns of its own: what is left out is skipped where it begins. */
function beforeEachFile({ withoutTests }: MutatedPackage): string {
  return `
    import { beforeEach } from "vitest";
    const names = ${JSON.stringify(withoutTests)};
    const fullName = ({ suite, name }) => (suite === undefined ? name : fullName(suite) + " " + name);
    beforeEach(({ task, skip }) => {
      if (names.some((name) => fullName(task).includes(name))) skip();
    });
    const stryker = globalThis.__stryker__ ?? {};
    // Hits are reported file by file, and are added up: those of one file must not be told again by the next one in the thread.
    if (stryker.mutantCoverage !== undefined) Object.assign(stryker.mutantCoverage, { static: {}, perTest: {} });
    // Stryker ends an endless loop when a mutant was hit a hundred times as often as in all tests without it: five times will do.
    const { hitLimit = 50_000_000 } = stryker;
    stryker.hitLimit = Math.min(hitLimit, Math.max(10_000, hitLimit / 20));
  `;
}
