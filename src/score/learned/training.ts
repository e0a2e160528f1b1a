import { atOnce, checkInteger, checkNumber, checkOptions } from "../../core/check.js";
import { TimeSlices } from "../../core/scheduler.js";
import { checkTable, type Mixture, type PointsInput } from "../../data/mixture.js";
import { badArgument, VkernelError } from "../../core/errors.js";
import { exp, log } from "../../numeric/elementary.js";
import type { Process } from "../../process/process.js";
import { categorical, fillNormals, normalPair, streams, uniform } from "../../numeric/random.js";
import type { TimeRange } from "../field.js";
import { noiseOf } from "../noise.js";

/** lambda_t: "variance" S_t, "one", EDM's, or your own function of t; above 0. Vastola 2025, Eq. 3. */
export type Weighting = "variance" | "one" | "edm" | ((t: number) => number);

/** How times are drawn, p(t). */
export interface TimeLaw {
  readonly name: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** The time that a uniform number in (0, 1) and a standard normal stand for. */
  draw(process: Process, u: number, z: number): number;
}

/** Times drawn uniformly in t on [tMin, tMax]. */
export function uniformTimes(options: { tMin: number; tMax: number }): TimeLaw {
  const { tMin, tMax } = checkEnds(options);
  return { name: "uniform", parameters: { tMin, tMax }, draw: (_, u) => tMin + u * (tMax - tMin) };
}

/** Times drawn uniformly in log t on [tMin, tMax]. */
export function logUniformTimes(options: { tMin: number; tMax: number }): TimeLaw {
  const { tMin, tMax } = checkEnds(options);
  const [low, high] = [log(tMin), log(tMax)];
  return { name: "logUniform", parameters: { tMin, tMax }, draw: (_, u) => exp(low + u * (high - low)) };
}

/** ln sigma normal with mean -1.2 and standard deviation 1.2, as EDM trains. Karras et al. 2022, Table 1. */
export function logNormalTimes(options: { mean?: number; std?: number } = {}): TimeLaw {
  checkOptions(options, ["mean", "std"]);
  const mean = checkNumber(options.mean ?? -1.2, "mean", { min: -30, max: 30 });
  const std = checkNumber(options.std ?? 1.2, "std", { min: 0, max: 30 });
  return {
    name: "logNormal",
    parameters: { mean, std },
    draw: (process, _, z) => Math.min(process.timeOfSigma(exp(mean + std * z)), process.end),
  };
}

/** The times of a list, all equally likely. */
export function gridTimes(list: ArrayLike<number>): TimeLaw {
  const times = Array.from(list ?? []);
  if (times.length === 0) throw badArgument("E_SHAPE", "times", "at least one time", list);
  for (const [i, t] of times.entries()) checkNumber(t, `times[${i}]`, { above: 0 });
  return {
    name: "grid",
    parameters: { times: times.length },
    draw: (_, u) => times[Math.min(times.length - 1, Math.floor(u * times.length))],
  };
}

function checkEnds(options: { tMin: number; tMax: number }): { tMin: number; tMax: number } {
  checkOptions(options, ["tMin", "tMax"]);
  const tMin = checkNumber(options?.tMin, "tMin", { above: 0 });
  return { tMin, tMax: checkNumber(options?.tMax, "tMax", { min: tMin }) };
}

/** The weight of a time, checked. */
export function weightOf(weighting: Weighting, process: Process, sigmaData: number): (t: number) => number {
  if (weighting === "variance") return (t) => process.variance(t);
  if (weighting === "one") return () => 1;
  if (weighting === "edm") {
    // (sigma^2 + sd^2) / (sigma sd)^2 for the denoiser; x_0 - E x_0 is S / alpha times the score's difference.
    return (t) => {
      const sigma = process.sigma(t);
      const scale = process.variance(t) / process.alpha(t);
      return ((sigma * sigma + sigmaData * sigmaData) / (sigma * sigmaData) ** 2) * scale * scale;
    };
  }
  if (typeof weighting !== "function") {
    throw badArgument("E_TYPE", "weighting", '"variance", "one", "edm" or a function of t', weighting);
  }
  return (t) => {
    const value = atOnce(weighting(t), "weighting");
    if (!(value > 0 && Number.isFinite(value))) {
      throw badArgument("E_RANGE", "weighting", `a finite weight above 0 at t = ${t}`, value);
    }
    return value;
  };
}

/** P samples of p(x, x_0, t) with their weights lambda_t. Vastola 2025, Sec. 2. */
export interface TrainingTuples {
  /** `[samples, dim]` */
  readonly x: Float64Array;
  readonly x0: Float64Array;
  readonly t: Float64Array;
  readonly lambda: Float64Array;
  /** The times that they are drawn from, or the least and the most of those given. */
  readonly range: TimeRange;
}

/** The times that a law draws: its ends where it has some, else the least and the most that were drawn. */
export function rangeOf(t: Float64Array, law?: TimeLaw): TimeRange {
  const { tMin, tMax } = law?.parameters ?? {};
  if (typeof tMin === "number" && typeof tMax === "number") return { tMin, tMax };
  return { tMin: t.reduce((a, b) => Math.min(a, b)), tMax: t.reduce((a, b) => Math.max(a, b)) };
}

/** Training samples as a caller gives them; lambda is 1 where it is left out. */
export interface TuplesInput {
  x: PointsInput;
  x0?: PointsInput;
  t: ArrayLike<number>;
  lambda?: ArrayLike<number>;
}

export const MAX_SAMPLES = 1_000_000;

/** Draws tuples, or checks those that were given; redraws x_0 of given ones where they have none. */
export async function trainingTuples(
  data: Mixture,
  process: Process,
  options: {
    samples: number | TuplesInput;
    seed: number;
    weighting: Weighting;
    times: TimeLaw | undefined;
    /** The number of the first tuple: those of later numbers are other ones. */
    first?: number;
    /** The call that they are drawn for. */
    slices?: TimeSlices;
  },
): Promise<TrainingTuples> {
  const { samples, seed, weighting, times, first = 0, slices = new TimeSlices() } = options;
  const { dim } = data;
  const weight = weightOf(weighting, process, spreadOf(data));
  if (typeof samples === "object" && samples !== null) return checkTuples(samples, data, process, weight);
  const count = checkInteger(samples, "samples", 1, MAX_SAMPLES);
  if (typeof times?.draw !== "function") {
    throw badArgument(
      "E_TYPE",
      "times",
      "a law of times such as logUniformTimes({ tMin: 0.01, tMax: 10 })",
      times,
    );
  }
  const t = new Float64Array(count);
  const x0 = new Float64Array(count * dim);
  const x = new Float64Array(count * dim);
  const { absolutePoints } = data;
  const noiseAt = noiseOf(process, dim, data.sigma0);
  for (let n = 0; n < count; n++) {
    const u = uniform(seed, first + n, 0, streams.tuples, 0);
    const [z] = normalPair(seed, first + n, 1, streams.tuples, 0);
    const time = times.draw(process, u, z);
    const variance = time > 0 && time <= process.end ? process.variance(time) : 0;
    if (!(variance > 0 && Number.isFinite(variance))) {
      throw badArgument("E_RANGE", "times", `times of ${process.name} in (0, ${process.end}]`, time);
    }
    t[n] = time;
    const m = categorical(data.weights, uniform(seed, first + n, 2, streams.tuples, 0));
    const inner = data.sigma0 > 0 ? normals(seed, first + n, 3, dim) : undefined;
    const { alpha, colour } = noiseAt(time);
    const noise = colour(normals(seed, first + n, 4, dim));
    for (let d = 0; d < dim; d++) {
      const mu = absolutePoints[m * dim + d];
      const start = mu + (inner ? data.sigma0 * inner[d] : 0);
      x0[n * dim + d] = start;
      x[n * dim + d] = alpha * start + noise[d];
    }
    const wait = slices.spend(80 * dim + data.weights.length + 500);
    if (wait) await wait;
  }
  return { x, x0, t, lambda: t.map(weight), range: rangeOf(t, times) };
}

function normals(seed: number, n: number, step: number, dim: number): Float64Array {
  return fillNormals(new Float64Array(dim), dim, 1, n, seed, step, streams.tuples);
}

/** The standard deviation of the data: the root of its mean variance per coordinate. */
export function spreadOf({ local: points, weights, dim, sigma0 }: Mixture): number {
  let sum = 0;
  for (let d = 0; d < dim; d++) {
    let mean = 0;
    for (let m = 0; m < weights.length; m++) mean += weights[m] * points[m * dim + d];
    for (let m = 0; m < weights.length; m++) {
      sum += weights[m] * (points[m * dim + d] - mean) ** 2;
    }
  }
  return Math.sqrt(sum / dim + sigma0 * sigma0) || 1;
}

function checkTuples(
  input: TuplesInput,
  data: Mixture,
  process: Process,
  weight: (t: number) => number,
): TrainingTuples {
  checkOptions(input, ["x", "x0", "t", "lambda"], "samples");
  const { data: x, rows } = checkTable(input.x, "samples.x", data.dim);
  if (rows === 0) throw badArgument("E_SHAPE", "samples.x", "at least one sample", input.x);
  const x0 = input.x0 === undefined ? undefined : checkTable(input.x0, "samples.x0", data.dim);
  if (x0 && x0.rows !== rows) throw badArgument("E_SHAPE", "samples.x0", `${rows} rows`, x0.rows);
  const numbers = (list: ArrayLike<number> | undefined, name: string): Float64Array => {
    if (list?.length !== rows) throw badArgument("E_SHAPE", name, `${rows} numbers`, list?.length);
    return Float64Array.from(list, (value, i) => checkNumber(value, `${name}[${i}]`));
  };
  const t = numbers(input.t, "samples.t");
  t.forEach((time, i) => {
    if (!(time > 0 && time <= process.end)) {
      throw badArgument("E_RANGE", `samples.t[${i}]`, `a time in (0, ${process.end}]`, time);
    }
  });
  const lambda = input.lambda === undefined ? t.map(weight) : numbers(input.lambda, "samples.lambda");
  lambda.forEach((value, i) => {
    if (!(value > 0)) throw badArgument("E_RANGE", `samples.lambda[${i}]`, "a weight above 0", value);
  });
  for (const [table, name] of [
    [x, "samples.x"],
    [x0?.data, "samples.x0"],
  ] as const) {
    table?.forEach((value, i) => {
      if (!Number.isFinite(value))
        throw badArgument("E_NONFINITE", `${name}[${i}]`, "a finite number", value);
    });
  }
  return {
    x: Float64Array.from(x),
    x0: x0 ? Float64Array.from(x0.data) : new Float64Array(0),
    t,
    lambda,
    range: rangeOf(t),
  };
}

/** Refuses what has targets of its own only: tuples without x_0. */
export function needTargets(tuples: TrainingTuples): void {
  if (tuples.x0.length === tuples.x.length) return;
  throw new VkernelError("E_USAGE", {
    argument: "samples.x0",
    expected: "x0 beside x and t for the fit itself (average and covariance do without)",
    got: "none",
  });
}
