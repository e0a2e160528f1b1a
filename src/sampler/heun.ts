import { checkNumber, checkOptions } from "../core/check.js";
import { streams } from "../numeric/streams.js";
import type { Program } from "./program.js";
import type { Sampler } from "./sampler.js";

export interface HeunOptions {
  /** S_churn: noise added before a step raises its level by the factor 1 + min(churn / steps, sqrt(2) - 1); 0 by default. */
  churn?: number;
  /** S_min, S_max: the noise levels sigma between which noise is added; 0 and Infinity by default. */
  churnMin?: number;
  churnMax?: number;
  /** S_noise: the standard deviation of what is added, in units of what the level asks for; 1 by default. */
  noiseScale?: number;
}

/**
 * Probability-flow ODE, Heun's method: an Euler step as predictor, then the trapezoid. Order 2, two evaluations per
 * step (one on a step to 0). Karras et al. 2022, Algorithm 1; with churn, Algorithm 2, on any process: the state is
 * carried forward to the raised level by the process itself. What is added before a step from t to s is one normal per coordinate,
 * independent of all others: with shared noise the increment of the path from s to t. Fine grids of one kind then tend to one
 * solution of an SDE (their Eq. 6), whose Brownian motion the path is.
 */
export function heun(options: HeunOptions = {}): Sampler {
  checkOptions(options, ["churn", "churnMin", "churnMax", "noiseScale"]);
  const churn = checkNumber(options.churn ?? 0, "churn", { min: 0 });
  const churnMin = checkNumber(options.churnMin ?? 0, "churnMin", { min: 0 });
  const { churnMax = Number.POSITIVE_INFINITY } = options;
  if (churnMax !== Number.POSITIVE_INFINITY) checkNumber(churnMax, "churnMax", { min: churnMin });
  const noiseScale = checkNumber(options.noiseScale ?? 1, "noiseScale", { min: 0 });

  /** Adds noise at time t; returns the time of the raised level. */
  const raise = (program: Program, t: number): number => {
    const { process } = program;
    const sigma = process.sigma(t);
    const gamma = Math.min(churn / program.steps, Math.SQRT2 - 1);
    if (gamma === 0 || sigma < churnMin || sigma > churnMax) return t;
    const top = process.end === Number.POSITIVE_INFINITY ? sigma * 2 : process.sigma(process.end);
    const raised = Math.min(process.timeOfSigma(Math.min(sigma * (1 + gamma), top)), process.end);
    if (!(raised > t)) return t;
    program.raise(t, raised, noiseScale, streams.churn);
    return raised;
  };

  return {
    name: "heun",
    parameters: churn === 0 ? {} : { churn, churnMin, churnMax, noiseScale },
    order: 2,
    takesRandom: false,
    noise: churn === 0 ? "none" : "increment",
    flow: churn === 0,
    flowWith: { option: "churn", value: 0 },
    anyCovariance: true,
    step(program, from, s) {
      const t = raise(program, from);
      const x = program.state;
      const h = s - t;
      const predictor = program.register("predictor");
      const first = program.slope(x, t, Math.abs(h), "1");
      program.move(predictor, x, [[first, h]]);
      const second = program.slope(predictor, s, Math.abs(h), "2");
      program.move(x, x, [
        [first, h / 2],
        [second, h / 2],
      ]);
    },
    ...(churn > 0 && {
      finish(program: Program, t: number) {
        program.posteriorMean(raise(program, t));
      },
    }),
  };
}
