import type { Command } from "commander";
import { runLikelihood } from "../commands/likelihood.js";
import type { Context } from "../context.js";
import {
  dataOptions,
  engineOptions,
  flowGridOptions,
  flowOptions,
  likelihoodOptions,
  likelihoodOutputs,
  likelihoodPlaces,
  outputOptions,
  progressOptions,
} from "../options.js";
import { processOptions } from "../processes.js";
import { type Add, setOrFile } from "./add.js";

export const addLikelihood = (add: Add, context: Context): Command =>
  add(
    "likelihood",
    "The log density that the probability flow gives to points.",
    [
      likelihoodPlaces,
      processOptions,
      flowOptions,
      flowGridOptions,
      likelihoodOptions,
      dataOptions,
      engineOptions,
      likelihoodOutputs,
      outputOptions,
      progressOptions,
    ],
    `
Without --out the values are printed: as csv, or inside the JSON.

Example:
  vkernel likelihood polygon --at points.csv --t-min 0.1 --t-max 80 --out densities.csv
`,
  )
    .argument("<data>", setOrFile)
    .action((name: string, choices) => runLikelihood(name, choices, context));
