import {
  capture,
  cellLaw,
  eulerMaruyama,
  exactScore,
  generatedLaw,
  logarithmic,
  logSnr,
  lShape,
  ou,
  posterior,
  sample,
  times,
  twoPoints,
} from "vkernel";
import { normalCdf } from "vkernel/internal";
import type { Bench } from "../bench.js";
import { meanOf } from "../estimate.js";
import type { Card, Cards } from "../held.js";
import { at, chiSquareClaim, errorOf, largest, nearestTo, shareClaim, withData } from "../measure.js";

const points = lShape().points.map(Math.fround);
const size = points.length / 2;
/** The noise end is not far: what N(0, I) differs from p_T by is seen at the other end. */
const T = 0.5;
const END = 1e-4;
const alphaOf = (t: number): number => Math.exp(-t);
const varianceOf = (t: number): number => -Math.expm1(-2 * t);

/** Corollary 3.2 for points of equal weight: E over q_0 = N(0, I) of p(point | x, T), by midpoints. */
function endLaw(): Float64Array {
  const [alpha, S] = [alphaOf(T), varianceOf(T)];
  const out = new Float64Array(size);
  const [half, n] = [8, 240];
  const h = (2 * half) / n;
  for (let i = 0; i < n * n; i++) {
    const [x, y] = [-half + (Math.floor(i / n) + 0.5) * h, -half + ((i % n) + 0.5) * h];
    const weights = new Float64Array(size);
    let [least, sum] = [Number.POSITIVE_INFINITY, 0];
    const square = (m: number): number =>
      (x - alpha * at(points, 2 * m)) ** 2 + (y - alpha * at(points, 2 * m + 1)) ** 2;
    for (let m = 0; m < size; m++) least = Math.min(least, square(m));
    for (let m = 0; m < size; m++) sum += weights[m] = Math.exp((least - square(m)) / (2 * S));
    const density = (Math.exp(-(x * x + y * y) / 2) / (2 * Math.PI)) * h * h;
    for (let m = 0; m < size; m++) out[m] = at(out, m) + (density * at(weights, m)) / sum;
  }
  return out;
}

/** Exact draws of the reverse process from N(0, I), which the paper starts from: x_0 from the posterior, then the bridge. */
async function reverse(bench: Bench, count: number): Promise<Float32Array> {
  return withData(bench, points, "f32", async (data) => {
    const { samples } = await sample(exactScore(data, ou()), {
      sampler: posterior(),
      grid: logSnr({ steps: 6, tMin: END, tMax: T }),
      initial: "normal",
      count,
      seed: bench.seed,
      signal: bench.signal,
      onProgress: ({ done, total }) => bench.done(done / total),
    });
    return samples;
  });
}

export const endPoints: Card = {
  kernels: ["uniforms"],
  async measure(bench) {
    const count = 200_000;
    const samples = await reverse(bench, count);
    const counts = new Float64Array(size);
    const alpha = alphaOf(END);
    const places = points.map((value) => alpha * value);
    for (let i = 0; i < count; i++) {
      const { index } = nearestTo(places, samples, 2, i);
      counts[index] = at(counts, index) + 1;
    }
    const law = endLaw();
    const own = await withData(bench, points, "f64", (data) =>
      generatedLaw(data, ou(), { horizon: T, initial: "normal", signal: bench.signal }),
    );
    return chiSquareClaim(counts, law, {
      details: [
        ["particles", count],
        [
          "generatedLaw(): largest difference of a share",
          largest(size, (m) => Math.abs(at(own.masses, m) - at(law, m))),
        ],
        ...Array.from(
          law,
          (p, m) => [`share of point ${m + 1}, theory ${p.toFixed(5)}`, at(counts, m) / count] as const,
        ),
      ],
      note: "The data weigh 1/6 each: what differs from that is N(0, I) against p_T, not a new sample.",
    });
  },
};

const support: Card = {
  kernels: ["posteriorLanes2.draw", "normals", "affine"],
  async measure(bench) {
    const count = 200_000;
    const samples = await reverse(bench, count);
    const alpha = alphaOf(END);
    const places = points.map((value) => alpha * value);
    let far = 0;
    const squares = new Float64Array(2 * count);
    for (let i = 0; i < count; i++) {
      const { index, distance } = nearestTo(places, samples, 2, i);
      far = Math.max(far, distance);
      for (const d of [0, 1]) squares[2 * i + d] = (at(samples, 2 * i + d) - at(places, 2 * index + d)) ** 2;
    }
    const { value: measured, standardError } = meanOf(squares);
    return {
      measured,
      standardError,
      theory: varianceOf(END),
      // States of size 1 carry 2^-24 of rounding per step: nothing beside 0.014.
      tolerance: 1e-4 * varianceOf(END),
      details: [
        ["particles", count],
        ["largest distance of all from a training point", far],
        ["in standard deviations of the noise that is left", far / Math.sqrt(varianceOf(END))],
      ],
      note: "What is left is exactly the noise of that time about a training point. At time 0 nothing is left.",
    };
  },
};

const SHOWN = [1.5, 1, 0.7, 0.5, 0.3, 0.2, 0.1, 0.05] as const;

export const finalCell: Card = {
  kernels: [],
  measure: (bench) =>
    withData(bench, twoPoints().points, "f32", async (data) => {
      const count = 100_000;
      const field = exactScore(data, ou());
      const list = [2, ...SHOWN, END];
      const run = await sample(field, {
        sampler: posterior(),
        grid: times(list),
        initial: "marginal",
        record: "all",
        count,
        seed: bench.seed,
        signal: bench.signal,
      });
      const { shareByTime } = await capture(field, run, { signal: bench.signal });
      // x_t = alpha mu + noise with mu the point it ends on: the plane between the points is alpha away.
      const theory = (t: number): number => normalCdf(alphaOf(t) / Math.sqrt(varianceOf(t)));
      const exact = await cellLaw(data, ou(), { times: [...SHOWN], signal: bench.signal });
      const shares = shareByTime.inFinalCell.fraction;
      const row = list.indexOf(0.5);
      return shareClaim(Math.round(at(shares, row) * count), count, theory(0.5), 0, {
        details: [
          ["particles", count],
          ...SHOWN.map((t, k) => [`t = ${t}, theory ${theory(t).toFixed(5)}`, at(shares, k + 1)] as const),
          ...SHOWN.slice(3).map(
            (t, k) =>
              [
                `t = ${t}, settled as far as seen (for good, by theory: ${at(exact.settled, k + 3).toFixed(5)})`,
                at(shareByTime.settled.fraction, k + 4),
              ] as const,
          ),
        ],
        note: "From p_T the pair (x_t, end) has the law of (noised, clean): a share is one normal probability. Between two of the times a particle may leave unseen, so more seem to stay than do.",
      });
    }),
};

export const cards: Cards = {
  measures: {
    "end-law": endPoints,
    support: support,
    "final-cell": finalCell,
  },
  error: (bench) =>
    errorOf(bench, {
      points,
      field: (data) => exactScore(data, ou()),
      sampler: eulerMaruyama(),
      grid: (steps) => logarithmic({ steps, tMin: 0.01, tMax: 2 }),
      steps: 60,
      count: 2000,
      noise: "shared",
    }),
};
