import type { Command } from "commander";
import { runScore } from "../commands/score.js";
import type { Context } from "../context.js";
import {
  dataOptions,
  engineOptions,
  outputOptions,
  progressOptions,
  scoreOptions,
  scoreOutputs,
  scorePlaces,
} from "../options.js";
import { processOptions } from "../processes.js";
import { type Add, setOrFile } from "./add.js";

export const addScore = (add: Add, context: Context): Command =>
  add(
    "score",
    "Evaluate the exact score and what comes with it at given places.",
    [
      scorePlaces,
      processOptions,
      scoreOptions,
      dataOptions,
      engineOptions,
      scoreOutputs,
      outputOptions,
      progressOptions,
    ],
    `
Output, by the ending of --out:
  .npy   one quantity: that file. Several: one file each with the name of the quantity before
         the ending (scores.npy becomes scores.score.npy and scores.logDensity.npy).
         Shapes: (count), (count, dim), (count, size) for posteriorWeights, (count, dim, dim);
         of several times (times, count, ...).
  .npz   all quantities in one file, each under its name, of these shapes; and times: those of --time.
  .csv   one row per query, all quantities side by side, a header row of names: score_0, score_1, ...;
         of several times one block of rows after the other, with a first column t.
  .json  one object with an array per quantity; of several times an array of arrays, and times.
Without --out the values are printed: as csv, or inside the JSON.

Example:
  vkernel score points.csv --at queries.npy --process edm --time 0.5 --quantity score,logDensity --out scores.npy
  vkernel score digits --at digits --time 0.05,0.2,0.5 --quantity logDensity,posteriorMean --out scores.npz
`,
  )
    .argument("<data>", setOrFile)
    .action((name: string, choices) => runScore(name, choices, context));
