/** What is told of samples that were drawn: an object for programs, sentences for a person. */
import { tell } from "../../context.js";
import { bitsSentence, meanOf } from "../../densities.js";
import { runOptions } from "../../options.js";
import { duration, notFinite, Shaped } from "../../text.js";
import type { SampleCommandChoices, SampleResult } from "./result.js";
import type { Targets } from "./targets.js";

export function toldOf(
  { name, data, plan, run }: SampleResult,
  choices: SampleCommandChoices,
  { out, report, likelihood, trajectories, inText }: Targets,
): object {
  const { process } = plan.field;
  const { sampler, grid, seed } = plan.options;
  const { samples, count, dim } = run;
  return {
    command: "sample",
    data: { name, size: data.size, dim, sigma0: data.sigma0 },
    process: { name: process.name, ...process.parameters },
    estimator: plan.estimator,
    sampler: { name: sampler.name, ...sampler.parameters },
    grid: { name: grid.name, ...grid.parameters },
    times: Array.from(run.times),
    initial: choices.initial ?? runOptions.initial.default,
    noise: choices.noise ?? runOptions.noise.default,
    count,
    dim,
    seed,
    precision: data.precision,
    tolerance: plan.options.tolerance,
    stats: run.stats,
    notes: run.notes,
    out: out ?? null,
    report: report ?? null,
    ...(likelihood === undefined || run.likelihood === undefined
      ? {}
      : { likelihood: { out: likelihood, bitsPerDim: meanOf(run.likelihood.bitsPerDim) } }),
    ...(trajectories === undefined
      ? {}
      : { trajectories: { out: trajectories, recorded: Array.from(run.recorded) } }),
    ...(inText ? { samples: new Shaped(samples, [count, dim]) } : {}),
  };
}

export function tellResult({ name, plan, run }: SampleResult, choices: SampleCommandChoices): void {
  const { milliseconds, threads, kernels } = run.stats;
  const on = `${kernels}, ${threads} ${threads === 1 ? "thread" : "threads"}`;
  tell(choices, `${name}: ${plan.sentence}: ${duration(milliseconds)} (${on})`);
  const { errorBound } = run.stats;
  if (errorBound !== undefined && run.count > 0) {
    const bound = errorBound.toPrecision(2);
    tell(choices, `scores are within ${bound} of those of all points, in units of their scale`);
  }
  for (const note of run.notes) tell(choices, `note: ${note}`);
  if (run.likelihood !== undefined) tell(choices, bitsSentence(run.likelihood));
  const odd = notFinite([
    { name: "samples", values: run.samples },
    ...(run.likelihood === undefined ? [] : [{ name: "logDensity", values: run.likelihood.logDensity }]),
  ]);
  if (odd !== undefined) tell(choices, odd);
  for (const path of [choices.out, choices.report, choices.likelihood, choices.trajectories]) {
    if (path !== undefined) tell(choices, `wrote ${path}`);
  }
}
