import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { limits } from "./test/shared/limits.js";

const source = (path: string): string => fileURLToPath(new URL(`src/${path}`, import.meta.url));

export default defineConfig({
  // The library under test is its sources; what is built and packed is tested in browsers, as a package and as a command.
  resolve: {
    alias: [
      { find: /^vkernel$/, replacement: source("index.ts") },
      { find: /^vkernel\/(conformance|io|raster|reference)$/, replacement: source("$1/index.ts") },
      { find: "vkernel/internal", replacement: source("internal.ts") },
    ],
  },
  test: {
    projects: [
      // Files that share their modules: each takes what it needs from there and leaves nothing.
      { extends: true, test: { name: "unit", include: ["test/{unit,golden}/**/*.test.ts"], isolate: false } },
      {
        extends: true,
        test: { name: "whole", include: ["test/**/*.test.ts"], exclude: ["test/{unit,golden}/**"] },
      },
    ],
    // What a tier leaves out (docs/reliability.md).
    tags: [
      { name: "slow", description: "more than a few tenths of a second: left out by test:unit" },
      { name: "long", description: "more than a few seconds: left out by test:unit and npm test" },
    ],
    // Nothing here measures time, so files may slow each other down. One more than cores: engines, browsers and
    // command lines have threads of their own, and some files wait for others than the processor. A single core gets two.
    maxWorkers: 1 + availableParallelism(),
    testTimeout: limits.test,
    hookTimeout: limits.test,
    expect: { poll: { timeout: limits.state } },
    reporters: ["default"],
  },
});
