import { type Grid, type Process, type Sampler, times } from "vkernel";
import { registry } from "vkernel/internal";
import { endGrids, type GridName, gridMakers, processMakers } from "./makers.js";
import type { Chosen } from "./option.js";
import { gridOptions, processOptions, SIGMA_MAX, SIGMA_MIN, samplerOptions } from "./options.js";
import { make } from "./taken.js";
import { conflict } from "./values.js";

// What the words of --process, --sampler and --grid make, with the options that they take.

export type ProcessChoices = Chosen<typeof processOptions>;
export type GridChoices = Chosen<typeof gridOptions>;
export type SamplerChoices = Chosen<typeof samplerOptions>;

export function makeProcess(chosen: ProcessChoices): Process {
  const word = chosen.process ?? processOptions.process.default;
  return make({ options: processOptions, by: "process", word, chosen, defaults: true }, processMakers[word]);
}

/** The sampler of the choices. */
export function makeSampler(chosen: SamplerChoices, otherwise: string): Sampler {
  const word = chosen.sampler ?? otherwise;
  return make({ options: samplerOptions, by: "sampler", word, chosen }, registry[word]);
}

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
