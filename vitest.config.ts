import { defineConfig } from "vitest/config";

/** Tests run on the sources: a package's name leads to its TypeScript, and nothing need be built first. */
const conditions = ["@hashlog/source", "node", "import", "default"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ["packages/*/test/**/*.test.ts", "bench/**/*.test.ts", "proof/**/*.test.ts", "test/**/*.test.ts"],
    setupFiles: ["test/replay-seed.ts"],
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
