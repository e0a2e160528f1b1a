import type { Command } from "commander";
import { runTrain } from "../commands/train.js";
import type { Context } from "../context.js";
import {
  dataOptions,
  engineOptions,
  networkOptions,
  outputOptions,
  progressOptions,
  trainOptions,
} from "../options.js";
import { processOptions } from "../processes.js";
import { type Add, setOrFile } from "./add.js";

export const addTrain = (add: Add, context: Context): Command =>
  add(
    "train",
    "Train networks to be the score of a data set; each is a file.",
    [
      trainOptions,
      networkOptions,
      processOptions,
      dataOptions,
      engineOptions,
      outputOptions,
      progressOptions,
    ],
    `
The same seed gives the same network on any number of threads. The folder's manifest.json has the settings, the
seeds and the SHA-256 of every network; a folder that holds networks is left alone without --force.

Examples:
  vkernel train polygon --members 20 --out nets/
  vkernel sample polygon --estimator network --network nets/ --count 2000 --out samples.npy
`,
  )
    .argument("<data>", setOrFile)
    .action((name: string, choices) => runTrain(name, choices, context));
