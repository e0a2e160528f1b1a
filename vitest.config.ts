import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { limits } from "./test/shared/limits.js";

export default defineConfig({
  test: {
    name: "all",
    include: ["test/**/*.test.ts"],
    // Nothing here measures time, so files may slow each other down. One more than cores: engines, browsers and
    // command lines have threads of their own, and some files wait for others than the processor. A single core gets two.
    maxWorkers: 1 + availableParallelism(),
    testTimeout: limits.test,
    hookTimeout: limits.test,
    expect: { poll: { timeout: limits.state } },
    reporters: ["default"],
  },
});
