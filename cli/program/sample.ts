import type { Command } from "commander";
import { runSample } from "../commands/sample.js";
import type { Context } from "../context.js";
import { gridOptions } from "../grids.js";
import {
  dataOptions,
  engineOptions,
  estimatorOptions,
  outputOptions,
  progressOptions,
  runOptions,
  sampleOutputs,
} from "../options.js";
import { processOptions } from "../processes.js";
import { samplerOptions } from "../samplers.js";
import { type Add, setOrFile } from "./add.js";

export const addSample = (add: Add, context: Context): Command =>
  add(
    "sample",
    "Draw samples of a data set by its exact score, or by a noisy or learned one.",
    [
      processOptions,
      samplerOptions,
      gridOptions,
      runOptions,
      estimatorOptions,
      dataOptions,
      engineOptions,
      sampleOutputs,
      outputOptions,
      progressOptions,
    ],
    `
Without --out and --report the samples are printed: as csv, or inside the JSON.

Examples:
  vkernel sample digits --sampler posterior --count 64 --seed 1 --out samples.npy --report report.html
  vkernel sample polygon --sampler dopri5 --rtol 1e-5 --last sigmaMin --likelihood densities.csv
  vkernel sample polygon --estimator naive --initial marginal --grid logarithmic --t-max 10 --t-min 0.1
  vkernel sample polygon --estimator linear --feature-count 60 --grid logarithmic --t-max 3 --t-min 0.05 --report linear.html
`,
  )
    .argument("<data>", setOrFile)
    .action((name: string, choices) => runSample(name, choices, context));
