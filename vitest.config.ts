import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["@hashlog/source", "node", "import", "default"] },
  ssr: { resolve: { conditions: ["@hashlog/source", "node", "import", "default"] } },
  test: {
    include: ["packages/*/test/**/*.test.ts"],
    testTimeout: 60_000,
    coverage: {
      provider: "v8",
      include: ["packages/*/src/**/*.ts"],
      reporter: ["text", "json-summary"],
    },
  },
});
