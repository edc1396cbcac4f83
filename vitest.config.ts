import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/**
 * Tests run on the sources: a package's name leads to its TypeScript, and nothing need be built first. "import" and "default" hold
 * without being named; named, they would hold for what others `require` as well, which then gets ES modules for CommonJS.
 */
const conditions = ["@hashlog/source", "node"];

/** What the suites of js-stores import and do not declare: packages/datastore/test/support/aegir-chai.ts says why. */
const alias = {
  "aegir/chai": fileURLToPath(new URL("packages/datastore/test/support/aegir-chai.ts", import.meta.url)),
};

export default defineConfig({
  resolve: { conditions, alias },
  ssr: { resolve: { conditions } },
  test: {
    include: [
      "packages/*/test/**/*.test.ts",
      "bench/**/*.test.ts",
      "proof/**/*.test.ts",
      "runtimes/**/*.test.ts",
      "site/test/*.test.ts",
      "test/**/*.test.ts",
    ],
    setupFiles: ["test/replay-seed.ts"],
    server: { deps: { inline: [/interface-(?:data|block)store-tests/] } },
    testTimeout: 600_000,
    hookTimeout: 120_000,
    coverage: {
      provider: "v8",
      include: ["packages/*/src/**/*.ts"],
      reporter: ["text", "json-summary"],
      reportOnFailure: true,
    },
  },
});
