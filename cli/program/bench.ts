import type { Command } from "commander";
import { runBench } from "../commands/bench.js";
import type { Context } from "../context.js";
import { benchOptions, outputOptions, ownOptions, progressOptions } from "../options.js";
import { type Add, files } from "./add.js";

export const addBench = (add: Add, context: Context): Command =>
  add(
    "bench",
    "Measure the kernels on this machine, as ratios to plain TypeScript in one run.",
    [benchOptions, ownOptions, outputOptions, progressOptions],
    `${files}
Each case is measured in rounds in which every kernel has its turn; a ratio is the median of those of the rounds,
with their range. Close other programs first: a noisy machine is told.

With --data: scores, Hessians (up to 64 dimensions) and a whole run of Heun's 18 steps for that data, beside plain
TypeScript that is tuned as far as it goes; one query alone, few points, and what starting the kernels costs. It says
where plain TypeScript wins. The data's scale is the root mean square distance of its points from their mean.

Examples:
  vkernel bench --seconds 60
  vkernel bench --data points.csv --count 10000 --sigma 0.05
  vkernel bench --data fashion --seconds 30 --json
`,
  ).action((choices) => runBench(choices, context));
