import type { Command } from "commander";
import { runMap } from "../commands/map.js";
import type { Context } from "../context.js";
import {
  dataOptions,
  engineOptions,
  mapOptions,
  mapPlaces,
  outputOptions,
  progressOptions,
} from "../options.js";
import { processOptions } from "../processes.js";
import { type Add, setOrFile } from "./add.js";

export const addMap = (add: Add, context: Context): Command =>
  add(
    "map",
    "Draw a quantity of the exact score over the plane, or over a line.",
    [mapPlaces, processOptions, mapOptions, dataOptions, engineOptions, outputOptions, progressOptions],
    `
.npy: height x width, the first row at the lowest y. .csv: one row per value, with its place.
Training points are drawn where the process has taken them: alpha(t) times the point.

Examples:
  vkernel map polygon --quantity logDensity --time 0.3 --out map.png
  vkernel map polygon --quantity posteriorEntropy --time 0.5 --arrows score --out map.svg
`,
  )
    .argument("<data>", setOrFile)
    .action((name: string, choices) => runMap(name, choices, context));
