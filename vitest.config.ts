import { defineConfig } from "vitest/config";
import { limits } from "./test/shared/limits.js";

/** What measures milliseconds runs first, one file at a time, with the machine to itself. */
const alone = "test/site/{frames,pace}.test.ts";

export default defineConfig({
  test: {
    testTimeout: limits.test,
    hookTimeout: limits.test,
    expect: { poll: { timeout: limits.state } },
    reporters: ["default"],
    projects: [
      {
        extends: true,
        test: { name: "alone", include: [alone], maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        test: {
          name: "all",
          include: ["test/**/*.test.ts"],
          exclude: [alone],
          maxWorkers: 3,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
