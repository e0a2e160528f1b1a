import { createEngine, type Engine, euler, type Mixture, naiveScore, sample, times } from "vkernel";
import { evaluatePoint, levelAt } from "vkernel/reference";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readGolden } from "./files.js";
import {
  chiSquareTail,
  float32Unit,
  type GoldenProcess,
  largest,
  mixtureOf,
  processOf,
  rounded,
  roundedMixture,
  variants,
  variantTitle,
} from "./golden.js";

interface Points {
  readonly process: GoldenProcess;
  readonly mu: readonly (readonly number[])[];
  readonly w: readonly number[];
}
type Matrix = readonly (readonly number[])[];

interface NaiveGolden {
  readonly naive_step: readonly (Points & {
    readonly t: number;
    readonly t_next: number;
    readonly x: readonly number[];
    readonly posterior: readonly number[];
    readonly outcomes_R1: Matrix;
    readonly step_mean: readonly number[];
    readonly step_cov_R1: Matrix;
    readonly step_cov_R4: Matrix;
    readonly kappa_scheme: {
      readonly kappa: number;
      readonly outcomes: Matrix;
      readonly mean: readonly number[];
      readonly cov: Matrix;
    };
  })[];
  readonly naive_4step_enumeration: readonly (Points & {
    readonly t_grid: readonly number[];
    readonly x_T: readonly number[];
    readonly mean: readonly number[];
    readonly cov: Matrix;
    readonly nearest_prob: readonly number[];
    readonly kappa_scheme: {
      readonly kappa: number;
      readonly mean: readonly number[];
      readonly cov: Matrix;
      readonly nearest_prob: readonly number[];
    };
  })[];
}

const golden = readGolden<NaiveGolden>("g6_vkernel.json");

/** The file's tolerance for steps and enumerations, relative. */
const stepTolerance = 1e-11;

const stepCount = 20_000;
const pathCount = 100_000;
const seed = 20_240_607;

/**
 * False alarms: chi-square 1e-7 each, means and covariances 5.7 standard errors, two-sided 1.2e-8 each. The draws
 * are the same in all six variants, so these count once: 36 chi-squares, 18 x 10 + 4 x 8 moments, below 1e-5 in all.
 */
const falseAlarm = 1e-7;
const sigmas = 5.7;
/** Cells of a chi-square whose expectation is below this are put together. */
const smallestCell = 10;
/** Of a cell with an expectation of c, at most c + 5.7 sqrt(c) + 12: for small c a Poisson tail below 1e-9. */
const poissonSlack = 12;

describe.each(variants)(`g6, naive estimator: ${variantTitle}`, ({ kernels, precision }) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ kernels, threads: 1 });
  });
  afterAll(() => engine.close());

  const dataOf = (item: Points): Mixture => {
    const mixture = mixtureOf(item);
    return engine.mixture(mixture.points, { dim: mixture.dim, weights: mixture.weights, precision });
  };
  const titles = golden.naive_step.map(
    (item) => [item.process.kind, item.t, item.x.join(", "), item] as const,
  );

  describe.each(titles)("one step on %s from t = %d at (%s)", (_, __, ___, item) => {
    const process = processOf(item.process);
    const start = Float64Array.from({ length: 2 * stepCount }, (_, k) => item.x[k % 2] as number);
    const run = async (estimator: { draws: number } | { noiseTime: number }) => {
      const data = dataOf(item);
      const field = naiveScore(data, process, estimator);
      const grid = times([item.t, item.t_next]);
      const { samples } = await sample(field, {
        sampler: euler(),
        grid,
        count: stepCount,
        seed,
        initial: start,
      });
      data.dispose();
      return samples;
    };

    it.each([
      ["R = 1", { draws: 1 }, item.outcomes_R1],
      ["noise time", { noiseTime: item.kappa_scheme.kappa }, item.kappa_scheme.outcomes],
    ] as const)(
      "%s: every sample is an outcome, as often as the posterior says",
      async (_, estimator, outcomes) => {
        const samples = await run(estimator);
        const scale = Math.max(largest(item.x), largest(outcomes.flat()));
        const tolerance =
          precision === "f64"
            ? stepTolerance * scale
            : float32Unit * scale + inputRounding(item, estimator, outcomes);
        const counts = new Array<number>(outcomes.length).fill(0);
        let strangers = 0;
        for (let p = 0; p < stepCount; p++) {
          const [a, b] = [samples[2 * p] as number, samples[2 * p + 1] as number];
          const m = outcomes.findIndex(
            ([u, v]) => Math.abs(a - (u as number)) <= tolerance && Math.abs(b - (v as number)) <= tolerance,
          );
          if (m < 0) strangers++;
          else counts[m] = (counts[m] as number) + 1;
        }
        expect(strangers).toBe(0);
        expect(chiSquare(counts, item.posterior, stepCount)).toBeGreaterThan(falseAlarm);
      },
    );

    it.each([
      ["R = 1", { draws: 1 }, item.step_mean, item.step_cov_R1],
      ["R = 4", { draws: 4 }, item.step_mean, item.step_cov_R4],
      ["noise time", { noiseTime: item.kappa_scheme.kappa }, item.kappa_scheme.mean, item.kappa_scheme.cov],
    ] as const)("%s: mean and covariance", async (_, estimator, mean, cov) => {
      const samples = await run(estimator);
      const { means, covariance, errors } = moments(samples, stepCount);
      const rounding = (precision === "f64" ? stepTolerance : 2 * float32Unit) * largest(item.x.concat(mean));
      for (let i = 0; i < 2; i++) {
        const error = sigmas * Math.sqrt((cov[i]?.[i] as number) / stepCount) + rounding;
        expect(Math.abs((means[i] as number) - (mean[i] as number))).toBeLessThanOrEqual(error);
        for (let j = 0; j < 2; j++) {
          const truth = cov[i]?.[j] as number;
          // A deviation is off by `rounding`: a product of two by this, also where the points lie on a line.
          const product =
            rounding * (Math.sqrt(cov[i]?.[i] as number) + Math.sqrt(cov[j]?.[j] as number) + rounding);
          const allowed = sigmas * (errors[2 * i + j] as number) + product;
          expect(Math.abs((covariance[2 * i + j] as number) - truth)).toBeLessThanOrEqual(allowed);
        }
      }
    });
  });

  describe.each(golden.naive_4step_enumeration.map((item) => [item.process.kind, item] as const))(
    "four steps on %s",
    (_, item) => {
      it.each([
        ["R = 1", { draws: 1 }, item],
        ["noise time", { noiseTime: item.kappa_scheme.kappa }, item.kappa_scheme],
      ] as const)(
        "%s: mean, covariance and nearest points of the enumeration",
        { tags: ["long"] },
        async (_, estimator, truth) => {
          const data = dataOf(item);
          const field = naiveScore(data, processOf(item.process), estimator);
          const start = Float64Array.from({ length: 2 * pathCount }, (_, k) => item.x_T[k % 2] as number);
          const grid = times(item.t_grid);
          const { samples } = await sample(field, {
            sampler: euler(),
            grid,
            count: pathCount,
            seed,
            initial: start,
          });
          data.dispose();
          const { means, covariance, errors } = moments(samples, pathCount);
          // Four steps, each 2e-6 of the scale; a rounding that changes a draw moves a path in about 1e-6 of the cases.
          const rounding =
            precision === "f64" ? 0 : 8 * float32Unit * largest(item.x_T.concat(item.mu.flat()));
          for (let i = 0; i < 2; i++) {
            const error = sigmas * Math.sqrt((truth.cov[i]?.[i] as number) / pathCount) + rounding;
            expect(Math.abs((means[i] as number) - (truth.mean[i] as number))).toBeLessThanOrEqual(error);
            for (let j = 0; j < 2; j++) {
              const value = truth.cov[i]?.[j] as number;
              expect(Math.abs((covariance[2 * i + j] as number) - value)).toBeLessThanOrEqual(
                sigmas * (errors[2 * i + j] as number) + rounding,
              );
            }
          }
          const counts = new Array<number>(item.mu.length).fill(0);
          for (let p = 0; p < pathCount; p++) {
            const m = nearestPoint(item.mu, samples[2 * p] as number, samples[2 * p + 1] as number);
            counts[m] = (counts[m] as number) + 1;
          }
          counts.forEach((count, m) => {
            const p = truth.nearest_prob[m] as number;
            const allowed =
              p === 0
                ? 0
                : sigmas * Math.sqrt(pathCount * p * (1 - p)) + (pathCount * p < 100 ? poissonSlack : 0);
            expect(Math.abs(count - pathCount * p), `point ${m}`).toBeLessThanOrEqual(allowed);
          });
        },
      );
    },
  );
});

/** What rounding points, weights and start to float32 does to the outcomes of one step. */
function inputRounding(
  item: NaiveGolden["naive_step"][number],
  estimator: { draws: number } | { noiseTime: number },
  outcomes: Matrix,
): number {
  const level = levelAt(processOf(item.process), item.t);
  const dt = item.t - item.t_next;
  const ratio = level.diffusion / level.variance;
  const mixture = roundedMixture(mixtureOf(item));
  const x = rounded(item.x);
  const { velocity, posteriorMean } = evaluatePoint(mixture, level, x, ["velocity", "posteriorMean"]);
  let off = 0;
  outcomes.forEach((outcome, m) => {
    outcome.forEach((value, i) => {
      const xi = x[i] as number;
      const proxy = ratio * (level.alpha * (mixture.points[2 * m + i] as number) - xi);
      const mean = ratio * (level.alpha * (posteriorMean[i] as number) - xi);
      const step =
        "draws" in estimator
          ? xi + dt * (level.beta * xi + proxy)
          : xi - dt * (velocity[i] as number) + Math.sqrt(estimator.noiseTime * dt) * (proxy - mean);
      off = Math.max(off, Math.abs(step - value));
    });
  });
  return off;
}

/** The probability of a worse fit than these counts, cells of small expectation put together. */
function chiSquare(counts: readonly number[], probabilities: readonly number[], n: number): number {
  let statistic = 0;
  let cells = 0;
  let restCount = 0;
  let restExpected = 0;
  counts.forEach((count, m) => {
    const expected = n * (probabilities[m] as number);
    if (expected < smallestCell) {
      restCount += count;
      restExpected += expected;
      return;
    }
    statistic += (count - expected) ** 2 / expected;
    cells++;
  });
  if (restExpected >= smallestCell) {
    statistic += (restCount - restExpected) ** 2 / restExpected;
    cells++;
  } else if (restCount > restExpected + sigmas * Math.sqrt(restExpected) + poissonSlack) {
    return 0;
  }
  return cells < 2 ? 1 : chiSquareTail(statistic, cells - 1);
}

/** Means, covariance and the standard error of each entry of the covariance, of planar samples. */
function moments(samples: ArrayLike<number>, count: number) {
  const means = [0, 0];
  for (let k = 0; k < 2 * count; k++) {
    means[k % 2] = (means[k % 2] as number) + (samples[k] as number) / count;
  }
  const covariance = [0, 0, 0, 0];
  const squares = [0, 0, 0, 0];
  for (let p = 0; p < count; p++) {
    for (let k = 0; k < 4; k++) {
      const [i, j] = [k >> 1, k & 1];
      const product =
        ((samples[2 * p + i] as number) - (means[i] as number)) *
        ((samples[2 * p + j] as number) - (means[j] as number));
      covariance[k] = (covariance[k] as number) + product / (count - 1);
      squares[k] = (squares[k] as number) + (product * product) / count;
    }
  }
  const errors = squares.map((square, k) =>
    Math.sqrt(Math.max(square - (covariance[k] as number) ** 2, 0) / count),
  );
  return { means, covariance, errors };
}

function nearestPoint(mu: Matrix, x: number, y: number): number {
  const squares = mu.map(([a, b]) => (x - (a as number)) ** 2 + (y - (b as number)) ** 2);
  return squares.indexOf(Math.min(...squares));
}
