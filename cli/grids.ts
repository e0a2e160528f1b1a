import {
  type Grid,
  karras,
  linear,
  logarithmic,
  logSnr,
  type Process,
  squareRoot,
  times,
  timesteps,
} from "vkernel";
import { type Chosen, choice, namesOf, numeric, text } from "./option.js";
import { make } from "./taken.js";
import { conflict } from "./values.js";

// What the words of --grid make, and the options that they take.

/** Grids between two ends. */
const endGrids = { karras, logarithmic, linear, squareRoot, logSnr };
const grids = { ...endGrids, timesteps };
/** `times` is made of the times themselves. */
type GridName = keyof typeof grids | "times";
const gridMakers: Readonly<Record<keyof typeof grids, (options: never) => Grid>> = grids;

const between = namesOf(endGrids);
const gridNames: GridName[] = [...namesOf(gridMakers), "times"];

/** The lowest and the highest noise level, where neither levels nor times say otherwise. */
const SIGMA_MIN = 0.002;
const SIGMA_MAX = 80;
/** Steps of samplers that take them as they are. */
export const STEPS = 40;

export const gridOptions = {
  grid: choice("<name>", gridNames, "", { default: "karras", also: ["grid times"] }),
  steps: numeric("<n>", "number of steps", {
    of: { grid: [...between, "timesteps"] },
    otherwise: `${STEPS}; 2 for dopri5, which makes its own between`,
  }),
  sigmaMin: numeric("<level>", "lowest noise level above 0", {
    of: { grid: between },
    otherwise: String(SIGMA_MIN),
    conflicts: ["tMin", "tMax"],
  }),
  sigmaMax: numeric("<level>", "noise level to start from", {
    of: { grid: between },
    otherwise: String(SIGMA_MAX),
    conflicts: ["tMin", "tMax"],
  }),
  tMin: numeric("<time>", "the lower end as a time, instead of a level", { of: { grid: between } }),
  tMax: numeric("<time>", "the upper end as a time, instead of a level", { of: { grid: between } }),
  last: choice(
    "<end>",
    ["zero", "sigmaMin"],
    "zero: a last step to 0 (default for karras); sigmaMin: stop at the lower end (default for the others)",
    { of: { grid: [...between, "timesteps"] } },
  ),
  rho: numeric("<n>", "how levels crowd at the lower end", { of: { grid: ["karras"] }, otherwise: "7" }),
  spacing: choice("<name>", ["leading", "linspace", "trailing"], "as diffusers spaces them", {
    of: { grid: ["timesteps"] },
    default: "trailing",
  }),
  times: text("<list|file>", "the times themselves, descending: 10,1,0.1,0 or a file (.npy, .csv)"),
};

export type GridChoices = Chosen<typeof gridOptions>;

/** The grid of the choices; `list` are the times that `--times` gave. */
export function makeGrid(
  chosen: GridChoices,
  process: Process,
  defaults: { steps: number; grid?: GridName; last?: "sigmaMin" },
  list?: Float64Array,
): Grid {
  const otherwise = list === undefined ? (defaults.grid ?? gridOptions.grid.default) : "times";
  const word = chosen.grid ?? otherwise;
  if (list !== undefined && word !== "times") throw conflict("--times", "goes with --grid times only");
  const taking = { options: gridOptions, by: "grid", word, chosen, defaults: true };
  if (word === "times") {
    if (list === undefined) throw conflict("--grid", "times needs --times <list|file>");
    return make(taking, () => times(list));
  }
  const ends = word in endGrids;
  const byTime = chosen.tMin !== undefined || chosen.tMax !== undefined;
  const byLevel = chosen.sigmaMin !== undefined || chosen.sigmaMax !== undefined;
  const top =
    process.end === Number.POSITIVE_INFINITY ? SIGMA_MAX : Math.min(SIGMA_MAX, process.sigma(process.end));
  const ofTimes = () => ({
    tMin: process.timeOfSigma(SIGMA_MIN),
    tMax: Math.min(process.timeOfSigma(top), process.end),
  });
  const more = {
    steps: defaults.steps,
    ...(ends && !byTime ? { sigmaMin: SIGMA_MIN, sigmaMax: top } : {}),
    ...(ends && byTime && !byLevel ? ofTimes() : {}),
    ...(ends && defaults.last !== undefined ? { last: defaults.last } : {}),
  };
  return make({ ...taking, more }, gridMakers[word]);
}
