import { isFloats } from "../../core/brand.js";
import { checkOptions, checkWord } from "../../core/check.js";
import type { PointsInput, Precision } from "../../data/mixture.js";
import { badArgument } from "../../core/errors.js";
import type { Process } from "../../process/process.js";
import type { EvaluateOptions, ScoreField } from "../field.js";
import { checkIsotropic } from "../line.js";

/** What a network may predict, each of which gives all others. */
export const predictions = ["score", "posteriorMean", "noise", "v", "velocity"] as const;

/**
 * "score" grad log p_t; "posteriorMean" E[x_0 | x], "sample" of other libraries; "noise" E[eps | x] for x = alpha x_0 + sqrt(S) eps,
 * "epsilon"; "v" E[alpha eps - sqrt(S) x_0 | x] (Salimans and Ho 2022, where alpha^2 + S = 1; here on any process); "velocity"
 * -beta x - D s, of the probability flow.
 */
export type Prediction = (typeof predictions)[number];

/** A process at one time. */
interface Level {
  readonly alpha: number;
  readonly deviation: number;
  readonly beta: number;
  readonly diffusion: number;
}

function levelAt(process: Process, t: unknown, argument: string): Level {
  const end = process.end;
  const good = typeof t === "number" && t > 0 && t <= end;
  const variance = good ? process.variance(t) : 0;
  const alpha = good ? process.alpha(t) : 0;
  if (!(variance > 0 && Number.isFinite(variance) && alpha > 0)) {
    const expected = `a time of ${process.name} above 0${end < Number.POSITIVE_INFINITY ? ` and at most ${end}` : ""}`;
    throw badArgument(typeof t === "number" ? "E_RANGE" : "E_TYPE", argument, expected, t);
  }
  const time = t as number;
  return {
    alpha,
    deviation: Math.sqrt(variance),
    beta: process.beta(time),
    diffusion: process.diffusion(time),
  };
}

/** One number predicted at one coordinate, as another; by noise and mean, each from the source without a detour. */
function convertOne(value: number, x: number, level: Level, from: Prediction, to: Prediction): number {
  const { alpha, deviation, beta, diffusion } = level;
  let noise: number;
  let mean: number;
  switch (from) {
    case "posteriorMean":
      mean = value;
      noise = (x - alpha * mean) / deviation;
      break;
    case "v": {
      const square = alpha * alpha + deviation * deviation;
      mean = (alpha * x - deviation * value) / square;
      noise = (deviation * x + alpha * value) / square;
      break;
    }
    default:
      if (from === "score") noise = -deviation * value;
      else if (from === "noise") noise = value;
      else noise = (deviation * (value + beta * x)) / diffusion;
      mean = (x - deviation * noise) / alpha;
  }
  switch (to) {
    case "score":
      return -noise / deviation;
    case "posteriorMean":
      return mean;
    case "noise":
      return noise;
    case "v":
      return alpha * noise - deviation * mean;
    case "velocity":
      return (diffusion / deviation) * noise - beta * x;
  }
}

const isNumbers = (value: unknown): value is Float32Array | Float64Array => isFloats(value);

/** What a conversion is between. */
export interface ConversionOptions {
  from: Prediction;
  to: Prediction;
}

/**
 * What a network predicts as another prediction: the score from its noise, the posterior mean from its v, and so on. Cao et al. 2025,
 * Eq. 4.4, 4.27, 4.31, 4.32. Little noise is lost where what is asked for is less than rounding of what is given: a score from
 * a posterior mean has an absolute error of rounding times |x| / S.
 *
 * @param values `[count, dim]`
 * @param x where they were predicted, as many
 * @param t one time, or one per row
 * @returns as many, of the type of `values`
 * @throws {VkernelError} E_TYPE, E_SHAPE, E_RANGE, E_USAGE, E_UNSUPPORTED (noise with a direction)
 * @example
 * const score = convertPrediction(noise, x, 0.5, ou(), { from: "noise", to: "score" });
 */
export function convertPrediction<X extends Float32Array | Float64Array>(
  values: X,
  x: Float32Array | Float64Array,
  t: number | ArrayLike<number>,
  process: Process,
  options: ConversionOptions,
): X {
  if (!isNumbers(values)) throw badArgument("E_TYPE", "values", "a Float32Array or Float64Array", values);
  if (!isNumbers(x)) throw badArgument("E_TYPE", "x", "a Float32Array or Float64Array", x);
  if (x.length !== values.length) throw badArgument("E_SHAPE", "x", `${values.length} numbers`, x.length);
  checkOptions(options, ["from", "to"]);
  const from = checkWord(options?.from, predictions, "from");
  const to = checkWord(options.to, predictions, "to");
  if (typeof process?.variance !== "function") {
    throw badArgument("E_TYPE", "process", "a process such as ou()", process);
  }
  checkIsotropic(process);
  const many = typeof t === "object" && t !== null && "length" in t;
  const rows = many ? t.length : 1;
  if (many && (rows === 0 ? x.length > 0 : x.length % rows !== 0)) {
    throw badArgument("E_SHAPE", "t", `one time, or one per row of ${x.length} numbers`, rows);
  }
  const out = values.slice() as X;
  const dim = x.length / rows;
  for (let row = 0; row < rows && x.length > 0; row++) {
    const level = levelAt(process, many ? t[row] : t, many ? `t[${row}]` : "t");
    if (from === to) continue;
    checkDiffusion(level, from);
    for (let i = row * dim; i < (row + 1) * dim; i++) {
      out[i] = convertOne(values[i], x[i], level, from, to);
    }
  }
  return out;
}

function checkDiffusion({ diffusion }: Level, from: Prediction): void {
  if (from !== "velocity" || diffusion > 0) return;
  throw badArgument(
    "E_RANGE",
    "t",
    "a time at which D_t is above 0: without, a velocity tells no score",
    diffusion,
  );
}

/** @internal A row that a network predicted, as a score. */
export function scoreOf(
  values: Float64Array,
  x: Float64Array,
  t: number,
  process: Process,
  from: Prediction,
): Float64Array {
  if (from === "score") return values;
  const level = levelAt(process, t, "t");
  checkDiffusion(level, from);
  return values.map((value, d) => convertOne(value, x[d], level, from, "score"));
}

/**
 * What any field predicts at queries: its noise, its v, and so on, from its score and posterior mean.
 *
 * @param x `[count, dim]`
 * @param t one time, or one per query
 * @returns `[count, dim]`, in float64
 * @throws {VkernelError} as `evaluate`; E_USAGE; E_UNSUPPORTED (noise with a direction, but for score, posteriorMean, velocity)
 * @example
 * const noise = await predict(exactScore(data, ou()), [[0.2, 0.3]], 0.5, "noise");
 */
export async function predict<P extends Precision>(
  field: ScoreField<P>,
  x: PointsInput,
  t: number | ArrayLike<number>,
  what: Prediction,
  options: EvaluateOptions = {},
): Promise<Float64Array> {
  if ((field as { kind?: unknown } | null | undefined)?.kind !== "field") {
    throw badArgument("E_TYPE", "field", "a score such as exactScore(data, process)", field);
  }
  const kind = checkWord(what, predictions, "what");
  if (kind === "score" || kind === "posteriorMean" || kind === "velocity") {
    return Float64Array.from((await field.evaluate(x, t, [kind], options))[kind]);
  }
  const { process, data } = field;
  checkIsotropic(process);
  const { score, posteriorMean } = await field.evaluate(x, t, ["score", "posteriorMean"], options);
  const timeOf = (i: number): number => (typeof t === "number" ? t : t[Math.floor(i / data.dim)]);
  let known = Number.NaN;
  let level: Level | undefined;
  return Float64Array.from(score as ArrayLike<number>, (s, i) => {
    const time = timeOf(i);
    if (level === undefined || time !== known) {
      level = levelAt(process, time, "t");
      known = time;
    }
    const noise = -level.deviation * s;
    return kind === "noise" ? noise : level.alpha * noise - level.deviation * posteriorMean[i];
  });
}
