import type { Command } from "commander";
import { runBench } from "../commands/bench.js";
import type { Context } from "../context.js";
import { benchOptions, outputOptions, progressOptions } from "../options.js";
import type { Add } from "./add.js";

export const addBench = (add: Add, context: Context): Command =>
  add(
    "bench",
    "Measure the kernels on this machine, as ratios to plain TypeScript in one run.",
    [benchOptions, outputOptions, progressOptions],
    `
Each case is measured in rounds in which every kernel has its turn; a ratio is the median of those of the rounds,
with their range. Close other programs first: a noisy machine is told.
`,
  ).action((choices) => runBench(choices, context));
