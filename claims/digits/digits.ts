import {
  digits,
  edm,
  euler,
  exactScore,
  heun,
  karras,
  type Mixture,
  nearestPoints,
  sample,
  type ScoreField,
  smoothedScore,
} from "vkernel";
import {
  euler as eulerStep,
  evaluatePoint,
  fillNormals,
  integrate,
  levelAt,
  type ReferenceMixture,
  streams,
} from "vkernel/reference";
import type { Bench } from "../bench.js";
import type { Card, Cards, Held } from "../held.js";
import { at, errorOf, largest, nearestTo, plainOf, u32, withData } from "../measure.js";

const DIM = 64;
const SIZE = 300;
const SIGMA_MAX = 20;

interface Images {
  readonly points: Float64Array;
  readonly labels: Int32Array;
  readonly plain: ReferenceMixture;
}

/** The set is loaded once, at the first card. Pixels are multiples of 1/16: float32 has them as they are. */
let loaded: Promise<Images> | undefined;
function images(): Promise<Images> {
  loaded ??= digits({ count: SIZE }).then(({ points, labels }) => ({
    points,
    labels: labels as Int32Array,
    plain: plainOf(points, DIM),
  }));
  return loaded;
}

async function withImages<T>(
  bench: Bench,
  work: (data: Mixture<"f32">, set: Images) => Promise<T>,
): Promise<T> {
  const set = await images();
  return withData(bench, set.points, "f32", (data) => work(data, set), DIM);
}

/** Starts at the largest noise, the same for every card of a seed. */
const startsOf = (seed: number, count: number): Float64Array =>
  fillNormals(new Float64Array(count * DIM), DIM, count, 0, seed, 0, streams.initial).map((z) =>
    Math.fround(SIGMA_MAX * z),
  );

/** The nearest training digit of each row, its distance and its label. */
async function neighboursOf(
  rows: ArrayLike<number>,
  data: Mixture,
  { labels }: Images,
): Promise<[string, string][]> {
  const { index, distance } = await nearestPoints(Float64Array.from(rows), data);
  return Array.from(index, (m, i) => [
    `sample ${i + 1}`,
    `digit ${at(labels, m)} (training image ${m + 1}) at distance ${at(distance, i).toFixed(4)}`,
  ]);
}

const exact: Card = {
  kernels: ["average", "affine"],
  measure: (bench) =>
    withImages(bench, async (data, set) => {
      const count = 24;
      const { samples } = await sample(exactScore(data, edm()), {
        sampler: heun(),
        grid: karras({ steps: 40, sigmaMin: 0.01, sigmaMax: SIGMA_MAX }),
        initial: startsOf(bench.seed, count),
        signal: bench.signal,
      });
      return {
        measured: largest(count, (i) => nearestTo(set.points, samples, DIM, i).distance),
        theory: 0,
        relation: "at most",
        // The last step gives the posterior mean. At sigma 0.01 the other digits, at distances of 1 and more, weigh nothing.
        tolerance: 8 * u32 * Math.sqrt(DIM),
        details: await neighboursOf(samples, data, set),
        note: "Every sample is a training digit, to the last bits.",
      };
    }),
};

/** A few steps of Euler's method, and the same in plain float64. */
const FEW = 6;
const END = 0.3;
const fewGrid = (steps: number) => karras({ steps, last: "sigmaMin", sigmaMin: END, sigmaMax: SIGMA_MAX });

const fewSteps: Card = {
  kernels: ["distances", "average", "affine"],
  measure: (bench) =>
    withImages(bench, async (data, set) => {
      const count = 8;
      const initial = startsOf(bench.seed, count);
      const list = [...fewGrid(FEW).times(edm()), 0];
      const { samples } = await sample(exactScore(data, edm()), {
        sampler: euler(),
        grid: { name: "few", parameters: {}, times: () => Float64Array.from(list) },
        initial,
        signal: bench.signal,
      });
      const plain = integrate(eulerStep, { mixture: set.plain, process: edm(), times: list, initial });
      return {
        measured: largest(count * DIM, (i) => Math.abs(at(samples, i) - at(plain.samples, i))),
        theory: 0,
        relation: "at most",
        // An exponent d^2 / (2 sigma^2) of up to 200 there, rounded to float32, is off by 200 ulp; pixels are up to 1. Steps
        // before it add as much again.
        tolerance: 2 * FEW * 200 * u32,
        details: await neighboursOf(samples, data, set),
        note: "Few steps leave mixtures of digits. Mixtures are what the picture shows; the card holds the arithmetic.",
      };
    }),
};

/** Gaussian smoothing of the score: sigma-CFDM of Scarvelis et al. */
const SMOOTH = { width: 0.6, count: 32 };
const smoothedField = (data: Mixture, seed: number): ScoreField =>
  smoothedScore(data, edm(), { kernel: "gaussian", ...SMOOTH, seed });

const smoothed: Card = {
  kernels: ["distances", "average"],
  measure: (bench) =>
    withImages(bench, async (data, set) => {
      const [count, t] = [4, 0.8];
      // Training digits with noise of that time.
      const noise = fillNormals(new Float64Array(count * DIM), DIM, count, 7, bench.seed, 0, streams.initial);
      const x = noise.map((z, i) => Math.fround(at(set.points, i + 11 * DIM) + t * z));
      const { score } = await smoothedField(data, bench.seed).evaluate(x, t, ["score"]);
      const draws = fillNormals(
        new Float64Array(SMOOTH.count * DIM),
        DIM,
        SMOOTH.count,
        0,
        bench.seed,
        0,
        streams.smoothing,
      );
      const level = levelAt(edm(), t);
      const plain = new Float64Array(count * DIM);
      for (let i = 0; i < count; i++) {
        for (let j = 0; j < SMOOTH.count; j++) {
          const place = Float64Array.from(
            { length: DIM },
            (_, d) => at(x, i * DIM + d) + SMOOTH.width * at(draws, j * DIM + d),
          );
          const one = evaluatePoint(set.plain, level, place, ["score"]).score;
          for (let d = 0; d < DIM; d++) {
            plain[i * DIM + d] = at(plain, i * DIM + d) + at(one, d) / SMOOTH.count;
          }
        }
      }
      bench.done(0.6);
      // What it samples: 20 steps, from the same starts as the others.
      const run = await sample(smoothedField(data, bench.seed), {
        sampler: euler(),
        grid: karras({ steps: 12, sigmaMin: 0.1, sigmaMax: SIGMA_MAX }),
        initial: startsOf(bench.seed, 8),
        signal: bench.signal,
      });
      return {
        measured: t * largest(count * DIM, (i) => Math.abs(at(score, i) - at(plain, i))),
        theory: 0,
        relation: "at most",
        // As in few-steps: exponents of up to 200, pixels of up to 1 over sigma.
        tolerance: (200 * 2 * u32) / t,
        details: await neighboursOf(run.samples, data, set),
        note: "The same draws in plain float64. Samples of the smoothed score, in the table, are no training digits.",
      };
    }),
};

const apart: Card = {
  kernels: [],
  measure: (bench) =>
    withImages(bench, async (data, set): Promise<Held> => {
      const count = 24;
      const initial = startsOf(bench.seed, count);
      const mean = async (field: ScoreField, steps: number): Promise<number> => {
        const { samples } = await sample(field, {
          sampler: euler(),
          grid: karras({ steps, sigmaMin: 0.1, sigmaMax: SIGMA_MAX }),
          initial,
          signal: bench.signal,
        });
        let sum = 0;
        for (let i = 0; i < count; i++) sum += nearestTo(set.points, samples, DIM, i).distance / count;
        return sum;
      };
      let between = 0;
      for (let m = 0; m < SIZE; m++) {
        let least = Number.POSITIVE_INFINITY;
        for (let n = 0; n < SIZE; n++) {
          if (n === m) continue;
          let square = 0;
          for (let d = 0; d < DIM && square < least; d++) {
            square += (at(set.points, m * DIM + d) - at(set.points, n * DIM + d)) ** 2;
          }
          least = Math.min(least, square);
        }
        between += Math.sqrt(least) / SIZE;
      }
      const field = exactScore(data, edm());
      const list: [string, number][] = [];
      for (const steps of [2, 3, 4, 6, 10, 20]) list.push([`${steps} steps`, await mean(field, steps)]);
      bench.done(0.5);
      list.push(["smoothed, 12 steps", await mean(smoothedField(data, bench.seed), 12)]);
      return {
        measured: at(
          list.map(([, value]) => value),
          5,
        ),
        theory: 0,
        relation: "at most",
        tolerance: 1e-3,
        details: [["mean distance of a training digit from its nearest", between], ...list],
      };
    }),
};

export const cards: Cards = {
  measures: {
    exact: exact,
    "few-steps": fewSteps,
    smoothed: smoothed,
    apart: apart,
  },
  error: async (bench) => {
    const { points } = await images();
    return errorOf(bench, {
      points,
      dim: DIM,
      field: (data) => exactScore(data, edm()),
      sampler: heun(),
      grid: (steps) => karras({ steps, last: "sigmaMin", sigmaMin: 0.1, sigmaMax: SIGMA_MAX }),
      steps: 40,
      count: 64,
    });
  },
};
