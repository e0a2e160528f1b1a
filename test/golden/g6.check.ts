/**
 * g6, what is exact in it: one step of the naive estimator, linear scores, and networks in the lazy regime. Nothing here
 * needs Node, so that Chromium can run the same. Every check gives a line for each number that is off.
 */
import {
  cumulants,
  customFeatures,
  edm,
  effectiveSde,
  type Engine,
  fisherInformation,
  linearScore,
  naiveScore,
  ntkScore,
  rbfFeatures,
  stepCovariance,
  vKernel,
} from "vkernel";
import { type GoldenProcess, processOf } from "./golden.js";

type Rows = number[][];
type Blocks = number[][][][];
interface Samples {
  readonly x: Rows;
  readonly x0: Rows;
  readonly t: number[];
  readonly lam: number[];
}
interface Fitted {
  readonly mu: Rows;
  readonly w: number[];
  readonly samples: Samples;
  readonly test: { readonly x: Rows; readonly t: number[] };
}

export interface NaiveStep {
  readonly process: GoldenProcess;
  readonly mu: Rows;
  readonly w: number[];
  readonly t: number;
  readonly t_next: number;
  readonly x: number[];
  readonly posterior: number[];
  readonly score: number[];
  readonly C: Rows;
  readonly V_coefficient_R1: Rows;
  readonly V_coefficient_R4: Rows;
  readonly step_cov_R1: Rows;
  readonly step_cov_R4: Rows;
  readonly step_third_central_R1: number[];
  readonly kappa_scheme: { readonly kappa: number; readonly cov: Rows };
  readonly effective_sde_step: {
    readonly cov_matched_R1: Rows;
    readonly cov_matched_R4: Rows;
    readonly cov_literal_dirac_R1: Rows;
    readonly cov_literal_dirac_R4: Rows;
  };
}

export interface LinearModel {
  readonly features: string;
  readonly centres: Rows | null;
  readonly w0: number[];
  readonly W: Rows;
  readonly mu_hat: number[];
  readonly lambda_bar: number;
  readonly cond_Sigma: number;
  readonly pred: Rows;
  readonly mean_over_x0: Rows;
  readonly cov_blocks: Blocks;
  readonly V_blocks: Blocks;
}

export interface LazyNetwork {
  readonly L: number;
  readonly tau: number | "inf";
  readonly init: "zero" | "linear";
  readonly pred: Rows;
  readonly mean_over_x0: Rows;
  readonly cov_blocks?: Blocks;
}

export interface EstimatorGolden {
  readonly naive_step: readonly NaiveStep[];
  readonly linear_model: Fitted & { readonly models: readonly LinearModel[] };
  readonly ntk: {
    readonly learned: Fitted & { readonly init_linear_B: Rows; readonly results: readonly LazyNetwork[] };
  };
}

/** The file's tolerance of steps: relative 1e-11. */
const stepTolerance = 1e-11;
/** Of linear models: relative 1e-7 times cond / 1e4 for weights, 1e-7 for what they predict. */
const weightTolerance = (condition: number) => 1e-7 * Math.max(1, condition / 1e4);
const predictionTolerance = 1e-7;
/** Means of given numbers: a few roundings. */
const meanTolerance = 1e-12;
/** Of networks: tau up to 1000, 1e-8; infinity, 1e-9 with an accurate Gram matrix. */
const networkTolerance = (tau: number | "inf") => (tau === "inf" ? 1e-9 : 1e-8);

/** Compares arrays by their largest difference, relative to a scale: by default the largest true number. */
class Comparison {
  readonly failures: string[] = [];
  readonly #title: string;

  constructor(title: string) {
    this.#title = title;
  }

  check(name: string, values: ArrayLike<number>, truth: unknown, tolerance: number, scale?: number): void {
    const flat = [truth].flat(Number.POSITIVE_INFINITY) as number[];
    const by = scale ?? Math.max(...flat.map(Math.abs));
    if (values.length !== flat.length) {
      this.failures.push(`${this.#title}, ${name}: ${values.length} numbers, not ${flat.length}`);
      return;
    }
    const worst = Math.max(...flat.map((value, i) => Math.abs((values[i] as number) - value)));
    // Not "worst > ...": NaN fails.
    if (!(worst <= tolerance * by)) this.failures.push(`${this.#title}, ${name}: off by ${worst} of ${by}`);
  }
}

/** What theory says of one step of the naive estimator, in float64. */
export async function checkNaiveStep(engine: Engine, item: NaiveStep): Promise<string[]> {
  const { t, t_next, x, kappa_scheme, effective_sde_step: effective } = item;
  const process = processOf(item.process);
  const data = engine.mixture(item.mu, { weights: item.w, precision: "f64" });
  const dt = t - t_next;
  const one = naiveScore(data, process, { draws: 1 });
  const four = naiveScore(data, process, { draws: 4 });
  const noisy = naiveScore(data, process, { noiseTime: kappa_scheme.kappa });
  const at = [x];
  const places = { x: at, t };
  const compare = new Comparison(`${item.process.kind}, t = ${t}, (${x})`);
  const level = { D: process.diffusion(t), S: process.variance(t), alpha: process.alpha(t) };
  // What cancels: scores are differences of terms of size (|x| + alpha |mu|) / S; covariances of their squares.
  const reach = Math.max(...x.map(Math.abs), ...item.mu.flat().map((value) => level.alpha * Math.abs(value)));
  const proxy = reach / level.S;
  const { score } = await one.average.evaluate(at, t, ["score"]);
  compare.check("score", score, item.score, stepTolerance, proxy);
  const V = level.D ** 2 * proxy ** 2;
  compare.check("C", await fisherInformation(one.average, at, t), item.C, stepTolerance, proxy ** 2);
  compare.check("V, R = 1", await vKernel(one).at(at, t), item.V_coefficient_R1, stepTolerance, V);
  compare.check("V, R = 4", await vKernel(four).at(at, t), item.V_coefficient_R4, stepTolerance, V);
  const matched = dt ** 2 * V;
  const literal = dt * V;
  for (const [name, estimator, truth, scale] of [
    ["step, R = 1", one, item.step_cov_R1, matched],
    ["step, R = 4", four, item.step_cov_R4, matched],
    ["step, noise time", noisy, kappa_scheme.cov, kappa_scheme.kappa * literal],
    ["effective step, R = 1", effectiveSde(one), effective.cov_matched_R1, matched],
    ["effective step, R = 4", effectiveSde(four), effective.cov_matched_R4, matched],
    ["effective step, noise time", effectiveSde(noisy), kappa_scheme.cov, kappa_scheme.kappa * literal],
    ["printed step, R = 1", effectiveSde(one, { form: "literal" }), effective.cov_literal_dirac_R1, literal],
    ["printed step, R = 4", effectiveSde(four, { form: "literal" }), effective.cov_literal_dirac_R4, literal],
  ] as const) {
    compare.check(name, await stepCovariance(estimator, places, { dt }), truth, stepTolerance, scale);
  }
  // Of a step they are those of D s~: coordinate by coordinate only where D is diagonal.
  if (item.process.kind !== "aniso_full") {
    const { third } = await cumulants(one, places);
    const { s } = item.process;
    const steps = x.map((_, d) => (dt * level.D * (s ? (s[d] as number) ** 2 : 1)) ** 3);
    const moved = third.map((value, d) => (steps[d] as number) * value);
    const scale = Math.max(...steps) * proxy ** 3;
    compare.check("third cumulant", moved, item.step_third_central_R1, stepTolerance, scale);
  }
  data.dispose();
  return compare.failures;
}

const tuples = ({ x, x0, t, lam }: Samples) => ({ x, x0, t, lambda: lam });

/** A linear score: its weights, what it predicts, its mean and covariance over redraws of x_0. */
export async function checkLinear(engine: Engine, given: Fitted, model: LinearModel): Promise<string[]> {
  const { mu, w, samples, test } = given;
  const data = engine.mixture(mu, { weights: w, precision: "f64" });
  const features =
    model.centres === null
      ? customFeatures({
          count: 8,
          row: ([x, y], t) => [x, y, t, x * x, x * y, y * y, x / t ** 2, y / t ** 2],
        })
      : rbfFeatures({ centres: model.centres, width: 0.8 });
  const linear = await linearScore(data, edm(), { features, samples: tuples(samples), ridge: 0 });
  const compare = new Comparison(`linear, ${model.features}`);
  compare.check("E[lambda]", [linear.meanLambda], model.lambda_bar, meanTolerance);
  compare.check("feature means", linear.featureMeans, model.mu_hat, meanTolerance);
  const { w0, w: weights } = await linear.coefficients();
  compare.check("w0", w0, model.w0, weightTolerance(model.cond_Sigma));
  compare.check("W", weights, model.W, weightTolerance(model.cond_Sigma));
  const fit = await linear.fit();
  const { score } = await fit.evaluate(test.x, test.t, ["score"]);
  compare.check("fit", score, model.pred, predictionTolerance);
  const mean = await linear.average.evaluate(test.x, test.t, ["score"]);
  compare.check("average", mean.score, model.mean_over_x0, predictionTolerance);
  compare.check("covariance", await linear.covariance(test), model.cov_blocks, predictionTolerance);
  compare.check("V", await vKernel(linear).between(test, test), model.V_blocks, predictionTolerance);
  data.dispose();
  return compare.failures;
}

/** A network in the lazy regime: what it predicts, its mean and covariance over redraws of x_0. */
export async function checkNetwork(
  engine: Engine,
  given: Fitted & { readonly init_linear_B: Rows },
  result: LazyNetwork,
): Promise<string[]> {
  const { mu, w, samples, test, init_linear_B } = given;
  const data = engine.mixture(mu, { weights: w, precision: "f64" });
  const ntk = await ntkScore(data, edm(), {
    depth: result.L,
    inputMap: {
      count: 4,
      row: ([x, y]: Float64Array, t: number) => {
        const scale = Math.sqrt(t * t + 0.25);
        return [(x as number) / scale, (y as number) / scale, Math.log(t) / 4, 1];
      },
    },
    samples: tuples(samples),
    trainingTime: result.tau === "inf" ? Number.POSITIVE_INFINITY : result.tau,
    initial: result.init === "zero" ? "zero" : { linear: init_linear_B },
  });
  const tolerance = networkTolerance(result.tau);
  const compare = new Comparison(`network, L = ${result.L}, tau = ${result.tau}, ${result.init}`);
  const fit = await ntk.fit();
  compare.check("fit", (await fit.evaluate(test.x, test.t, ["score"])).score, result.pred, tolerance);
  const mean = await ntk.average.evaluate(test.x, test.t, ["score"]);
  compare.check("average", mean.score, result.mean_over_x0, tolerance);
  if (result.cov_blocks) {
    compare.check("covariance", await ntk.covariance(test), result.cov_blocks, tolerance);
  }
  ntk.dispose();
  data.dispose();
  return compare.failures;
}

/** All of them; how many there were, too. */
export async function checkEstimators(
  engine: Engine,
  golden: EstimatorGolden,
): Promise<{ failures: string[]; checked: number }> {
  const { naive_step, linear_model, ntk } = golden;
  const failures: string[] = [];
  for (const item of naive_step) failures.push(...(await checkNaiveStep(engine, item)));
  for (const model of linear_model.models) failures.push(...(await checkLinear(engine, linear_model, model)));
  for (const result of ntk.learned.results) {
    failures.push(...(await checkNetwork(engine, ntk.learned, result)));
  }
  return {
    failures,
    checked: naive_step.length + linear_model.models.length + ntk.learned.results.length,
  };
}
