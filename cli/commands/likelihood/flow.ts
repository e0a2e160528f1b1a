import type { Grid, Process, Sampler } from "vkernel";
import { makeGrid, STEPS } from "../../grids.js";
import type { DataOptions } from "../../input.js";
import type { RunChoices } from "../../onEngine.js";
import { type Chosen, flagOf } from "../../option.js";
import {
  flowGridOptions,
  flowOptions,
  type likelihoodOptions,
  type likelihoodOutputs,
  type likelihoodPlaces,
} from "../../options.js";
import { makeProcess, type ProcessChoices } from "../../processes.js";
import { makeSampler } from "../../samplers.js";
import { conflict } from "../../values.js";

export type LikelihoodChoices = DataOptions &
  RunChoices &
  ProcessChoices &
  Chosen<typeof flowOptions> &
  Chosen<typeof flowGridOptions> &
  Chosen<typeof likelihoodPlaces> &
  Chosen<typeof likelihoodOptions> &
  Chosen<typeof likelihoodOutputs>;

/** The probability flow that points are followed along. */
export interface Flow {
  readonly process: Process;
  readonly sampler: Sampler;
  readonly grid: Grid;
  readonly times: Float64Array;
}

/** The flow that was chosen, at the times of a list where one is given. */
export function flowOf(choices: LikelihoodChoices, list: Float64Array | undefined): Flow {
  const process = makeProcess(choices);
  const sampler = makeSampler(choices, flowOptions.sampler.default);
  if (!sampler.flow) {
    const { option, value } = sampler.flowWith as NonNullable<Sampler["flowWith"]>;
    throw conflict("--sampler", `${sampler.name} follows the flow with ${flagOf(option)} ${value} only`);
  }
  const steps = sampler.adaptive ? 1 : STEPS;
  const last = "sigmaMin";
  const grid = makeGrid(choices, process, { steps, grid: flowGridOptions.grid.default, last }, list);
  const times = grid.times(process);
  if (times.at(-1) === 0) {
    const option = list === undefined ? "--t-min" : "--times";
    throw conflict(option, "expected a last time above 0, where the points have a density, got 0");
  }
  return { process, sampler, grid, times };
}
