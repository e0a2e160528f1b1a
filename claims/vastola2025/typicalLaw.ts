import {
  edm,
  effectiveSde,
  euler,
  karras,
  type LinearScore,
  linearScore,
  logUniformTimes,
  type Mixture,
  naiveScore,
  ntkScore,
  polygon,
  rbfFeatures,
  sample,
  times,
  type TrainingTuples,
  vKernel,
} from "vkernel";
import { cholesky, multiplyLower, ntkValue, solve } from "vkernel/internal";
import { evaluatePoint, fillNormals, levelAt } from "vkernel/reference";
import type { Bench } from "../bench.js";
import { totalVariance } from "../estimate.js";
import type { Card, Cards } from "../held.js";
import { at, gridOf, largest, plainOf, withData } from "../measure.js";

const hexagon = polygon().points;
const plain = plainOf(hexagon);

/** The corners and the middle. */
const centres = Float64Array.of(...hexagon, 0, 0);
const WIDTH = 0.8;
const FEATURES = 7;
const SAMPLES = 80;
const RIDGE = 1e-3;

const fitted = (bench: Bench, data: Mixture<"f64">): Promise<LinearScore<"f64">> =>
  linearScore(data, edm(), {
    features: rbfFeatures({ centres, width: WIDTH }),
    samples: SAMPLES,
    times: logUniformTimes({ tMin: 0.1, tMax: 3 }),
    ridge: RIDGE,
    seed: bench.seed,
    signal: bench.signal,
  });

const withHexagon = <T>(bench: Bench, work: (data: Mixture<"f64">) => Promise<T>): Promise<T> =>
  withData(bench, hexagon, "f64", work);

/** C(z_n) of every sample, `[samples, 2, 2]`, and the exact scores there. */
function targetsOf({ x, t }: TrainingTuples): { covariances: Float64Array; scores: Float64Array } {
  const covariances = new Float64Array(4 * t.length);
  const scores = new Float64Array(2 * t.length);
  t.forEach((time, n) => {
    const place = x.subarray(2 * n, 2 * n + 2);
    const found = evaluatePoint(plain, levelAt(edm(), time), place, ["proxyCovariance", "score"]);
    covariances.set(found.proxyCovariance, 4 * n);
    scores.set(found.score, 2 * n);
  });
  return { covariances, scores };
}

/** Bumps exp(-|x - c|^2 / (2 h^2)), divided by sqrt(S_t) as scores grow. */
function features(x: ArrayLike<number>, t: number): Float64Array {
  return Float64Array.from({ length: FEATURES }, (_, j) => {
    const square = (at(x, 0) - at(centres, 2 * j)) ** 2 + (at(x, 1) - at(centres, 2 * j + 1)) ** 2;
    return Math.exp(-square / (2 * WIDTH * WIDTH)) / t;
  });
}

/** A_n(z) of the linear fit, Vastola 2025, Eq. 66, 67 with the whole of Q: how much target n weighs in the score at z. */
function linearWeights(samples: TrainingTuples): (x: ArrayLike<number>, t: number) => Float64Array {
  const { x, t, lambda } = samples;
  const P = t.length;
  const total = lambda.reduce((sum, value) => sum + value);
  const weights = lambda.map((value) => value / total);
  const phi = Array.from(t, (time, n) => features(x.subarray(2 * n, 2 * n + 2), time));
  const mean = new Float64Array(FEATURES);
  phi.forEach((row, n) => {
    row.forEach((value, j) => {
      mean[j] = at(mean, j) + at(weights, n) * value;
    });
  });
  const centred = phi.map((row) => row.map((value, j) => value - at(mean, j)));
  const sigma = new Float64Array(FEATURES * FEATURES);
  centred.forEach((row, n) => {
    for (let i = 0; i < FEATURES; i++) {
      for (let j = 0; j < FEATURES; j++) {
        sigma[i * FEATURES + j] = at(sigma, i * FEATURES + j) + at(weights, n) * at(row, i) * at(row, j);
      }
    }
  });
  for (let i = 0; i < FEATURES; i++) sigma[i * (FEATURES + 1)] = at(sigma, i * (FEATURES + 1)) + RIDGE;
  const factor = cholesky(sigma, FEATURES);
  return (place, time) => {
    const inner = solve(
      factor,
      FEATURES,
      features(place, time).map((value, j) => value - at(mean, j)),
    );
    return Float64Array.from({ length: P }, (_, n) => {
      let sum = 1;
      for (let j = 0; j < FEATURES; j++) sum += at(centred[n] as Float64Array, j) * at(inner, j);
      return at(weights, n) * sum;
    });
  };
}

/** tr of D Cov[s-hat(z), s-hat(z')] D' from smoothing weights: sum_n A_n(z) A_n(z') C(z_n). */
function kernelOf(a: Float64Array, b: Float64Array, covariances: Float64Array): Float64Array {
  const out = new Float64Array(4);
  for (let n = 0; n < a.length; n++) {
    for (let e = 0; e < 4; e++) out[e] = at(out, e) + at(a, n) * at(b, n) * at(covariances, 4 * n + e);
  }
  return out;
}

/** Places and times that V is looked at. */
const seen = [
  [0.9, 0.5, 0.3],
  [0, 0, 0.3],
  [0.5, -0.9, 0.6],
  [-1, 0.1, 1],
  [0.2, 0.8, 2],
] as const;
const seenPlaces = {
  x: Float64Array.from(seen.flatMap(([x, y]) => [x, y] as number[])),
  t: Float64Array.from(seen, ([, , t]) => t),
};

/** The largest error of V over all pairs of places, in units of the largest entry. */
async function compareV(
  V: { between(a: typeof seenPlaces, b: typeof seenPlaces): Promise<Float64Array> },
  weightsAt: (x: ArrayLike<number>, t: number) => Float64Array,
  samples: TrainingTuples,
): Promise<{ error: number; size: number }> {
  const got = await V.between(seenPlaces, seenPlaces);
  const { covariances } = targetsOf(samples);
  const rows = seen.map(([x, y, t]) => weightsAt([x, y], t));
  const expected = new Float64Array(got.length);
  rows.forEach((a, p) => {
    rows.forEach((b, q) => {
      // D = t on this process.
      const scale = at(seenPlaces.t, p) * at(seenPlaces.t, q);
      expected.set(
        kernelOf(a, b, covariances).map((value) => scale * value),
        4 * (p * rows.length + q),
      );
    });
  });
  const size = largest(expected.length, (i) => Math.abs(at(expected, i)));
  return { error: largest(expected.length, (i) => Math.abs(at(got, i) - at(expected, i))) / size, size };
}

const linearKernel: Card = {
  kernels: ["rbf", "multiplyStrips", "solveStrips", "posteriorLanes2.covariance"],
  measure: (bench) =>
    withHexagon(bench, async (data) => {
      const fit = await fitted(bench, data);
      const { error, size } = await compareV(vKernel(fit), linearWeights(fit.samples), fit.samples);
      return {
        measured: error,
        theory: 0,
        relation: "at most",
        // Float64 throughout; the normal equations' condition is below 1e6 with this ridge, and enters once on each side.
        tolerance: 2 * 1e6 * 2 ** -53 * 16,
        details: [
          ["features, samples", `${FEATURES} + 1, ${SAMPLES}`],
          ["largest entry of V", size],
        ],
      };
    }),
};

const DT = { from: 0.6, to: 0.45, x: [0.5, -0.9] as const };

const spread: Card = {
  kernels: [],
  measure: (bench) =>
    withHexagon(bench, async (data) => {
      const count = 4000;
      const fit = await fitted(bench, data);
      const initial = Float64Array.from({ length: 2 * count }, (_, i) => DT.x[i % 2] as number);
      const { samples } = await sample(fit, {
        sampler: euler(),
        grid: times([DT.from, DT.to]),
        initial,
        seed: bench.seed,
        signal: bench.signal,
        onProgress: ({ done, total }) => bench.done(done / total),
      });
      const { value: measured, standardError } = totalVariance(samples);
      const weights = linearWeights(fit.samples)([...DT.x], DT.from);
      const [xx, , , yy] = kernelOf(weights, weights, targetsOf(fit.samples).covariances);
      const scale = ((DT.from - DT.to) * DT.from) ** 2;
      return {
        measured,
        standardError,
        theory: scale * (xx + yy),
        // The sample variance divides by the count: one part in 4,000.
        tolerance: (scale * (xx + yy)) / count,
        details: [
          ["fits, a particle each", count],
          ["t, and after the step", `${DT.from}, ${DT.to}`],
        ],
      };
    }),
};

const GRID = { steps: 8, sigmaMin: 0.2, sigmaMax: 3 };

/** Where they all start, at the first time. */
const START = [1.5, -2] as const;

/** Ends under the effective SDE of Prop. 3.1, by plain TypeScript: one Gaussian score function per trajectory. */
function effectiveEnds(fit: LinearScore<"f64">, count: number, seed: number): Float64Array {
  const { samples } = fit;
  const P = samples.t.length;
  const { covariances, scores } = targetsOf(samples);
  const weightsAt = linearWeights(samples);
  const roots = Array.from({ length: P }, (_, n) => cholesky(covariances.subarray(4 * n, 4 * n + 4), 2));
  const list = karras({ ...GRID, last: "sigmaMin" }).times(edm());
  const ends = new Float64Array(2 * count);
  for (let i = 0; i < count; i++) {
    // Targets with the mean and the covariance of the proxy scores, Gaussian, once for the whole path.
    const z = fillNormals(new Float64Array(2 * P), 2 * P, 1, i, seed, 0, PLAIN_STREAM);
    const targets = scores.slice();
    for (let n = 0; n < P; n++) {
      const noise = multiplyLower(roots[n], 2, z.subarray(2 * n, 2 * n + 2));
      for (const d of [0, 1]) targets[2 * n + d] = at(targets, 2 * n + d) + at(noise, d);
    }
    let [x, y] = START as readonly [number, number];
    for (let k = 0; k + 1 < list.length; k++) {
      const [t, s] = [at(list, k), at(list, k + 1)];
      const a = weightsAt([x, y], t);
      let [u, v] = [0, 0];
      for (let n = 0; n < P; n++) {
        u += at(a, n) * at(targets, 2 * n);
        v += at(a, n) * at(targets, 2 * n + 1);
      }
      x += (t - s) * t * u;
      y += (t - s) * t * v;
    }
    ends.set([x, y], 2 * i);
  }
  return ends;
}
/** Random numbers that no run of the library draws. */
const PLAIN_STREAM = 99;

const law: Card = {
  kernels: [],
  measure: (bench) =>
    withHexagon(bench, async (data) => {
      const count = 2000;
      const fit = await fitted(bench, data);
      const options = {
        sampler: euler(),
        grid: karras({ ...GRID, last: "sigmaMin" }),
        seed: bench.seed,
        signal: bench.signal,
      } as const;
      const initial = Float64Array.from({ length: 2 * count }, (_, i) => START[i % 2] as number);
      const ends = await sample(fit, { ...options, initial });
      bench.done(0.5);
      const own = await sample(effectiveSde(fit), { ...options, initial: initial.subarray(0, 1600) });
      const mean = await sample(fit.average, { ...options, initial: initial.subarray(0, 2) });
      const [ensemble, plainEnds, library] = [
        totalVariance(ends.samples),
        totalVariance(effectiveEnds(fit, count, bench.seed)),
        totalVariance(own.samples),
      ];
      return {
        measured: ensemble.value,
        standardError: Math.hypot(ensemble.standardError, plainEnds.standardError),
        theory: plainEnds.value,
        // Fits are sums of 80 terms that are not Gaussian: third cumulants are 1 / sqrt(80) of a term's, fourth ones 1/80,
        // and what a curved flow makes of them changes the spread by less than that share.
        tolerance: plainEnds.value / SAMPLES,
        details: [
          ["fits, a trajectory each", count],
          ["effectiveSde() of the library, 800 trajectories", library.value],
          ["its standard error", library.standardError],
          ["mean end of the fits", ensemble.mean.map((value) => value.toFixed(4)).join(", ")],
          ["of the effective SDE", plainEnds.mean.map((value) => value.toFixed(4)).join(", ")],
          ["of the average score", `${at(mean.samples, 0).toFixed(4)}, ${at(mean.samples, 1).toFixed(4)}`],
        ],
        note: "One fit for every trajectory. The average score alone would take all of them to one place.",
      };
    }),
};

const NTK = { depth: 2, samples: 24, trainingTime: 2 };

/** A(z) after gradient descent for a time: G grows by dG/dtau = Lambda / P (1 - K G), by Runge and Kutta's steps. */
function ntkWeights(samples: TrainingTuples): (x: ArrayLike<number>, t: number) => Float64Array {
  const P = samples.t.length;
  const spreadSquare = hexagon.reduce((sum, value) => sum + value * value, 0) / hexagon.length;
  const psi = (x: ArrayLike<number>, t: number): Float64Array => {
    const scale = 1 / Math.sqrt(t * t + spreadSquare);
    return Float64Array.of(at(x, 0) * scale, at(x, 1) * scale, Math.log(t) / 4, 1);
  };
  const options = { depth: NTK.depth, activation: "relu", weightVariance: 1, biasVariance: 0 } as const;
  const rows = Array.from(samples.t, (t, n) => psi(samples.x.subarray(2 * n, 2 * n + 2), t));
  const K = rows.map((a) => rows.map((b) => ntkValue(a, b, options)));
  const mean = samples.lambda.reduce((sum, value) => sum + value / P, 0);
  const rates = samples.lambda.map((value) => value / mean / P);
  const slope = (G: Float64Array): Float64Array => {
    const out = new Float64Array(P * P);
    for (let i = 0; i < P; i++) {
      const line = K[i];
      for (let j = 0; j < P; j++) {
        let sum = i === j ? 1 : 0;
        for (let k = 0; k < P; k++) sum -= at(line, k) * at(G, k * P + j);
        out[i * P + j] = at(rates, i) * sum;
      }
    }
    return out;
  };
  const plus = (G: Float64Array, h: number, S: Float64Array): Float64Array =>
    G.map((value, i) => value + h * at(S, i));
  const steps = 200;
  const h = NTK.trainingTime / steps;
  let G: Float64Array = new Float64Array(P * P);
  for (let s = 0; s < steps; s++) {
    const a = slope(G);
    const b = slope(plus(G, h / 2, a));
    const c = slope(plus(G, h / 2, b));
    const d = slope(plus(G, h, c));
    G = G.map((value, i) => value + (h / 6) * (at(a, i) + 2 * at(b, i) + 2 * at(c, i) + at(d, i)));
  }
  return (x, t) => {
    const k = rows.map((row) => ntkValue(row, psi(x, t), options));
    return Float64Array.from({ length: P }, (_, n) =>
      k.reduce((sum, value, i) => sum + value * at(G, i * P + n), 0),
    );
  };
}

const ntkKernel: Card = {
  kernels: ["ntkTiles", "multiplyStrips", "posteriorLanes2.covariance"],
  measure: (bench) =>
    withHexagon(bench, async (data) => {
      const net = await ntkScore(data, edm(), {
        ...NTK,
        times: logUniformTimes({ tMin: 0.1, tMax: 3 }),
        seed: bench.seed,
        signal: bench.signal,
      });
      try {
        const { error, size } = await compareV(vKernel(net), ntkWeights(net.samples), net.samples);
        const spectrum = net.spectrum;
        return {
          measured: error,
          theory: 0,
          relation: "at most",
          // Steps of 0.01 of modes of rate 5 at most: Runge and Kutta leave (0.05)^5 / 120 per step.
          tolerance: (200 * 0.05 ** 5) / 120 + 1e-11,
          details: [
            ["samples, training time", `${NTK.samples}, ${NTK.trainingTime}`],
            ["largest eigenvalue", at(net.eigenvalues, NTK.samples - 1)],
            ["modes learned by half or more", countAbove(spectrum, 0.5)],
            ["largest entry of V", size],
          ],
          note: "The formula is an exponential of the kernel; it is held to gradient descent itself, step by step.",
        };
      } finally {
        net.dispose();
      }
    }),
};
const countAbove = (list: Float64Array, bound: number): number =>
  list.filter((value) => value >= bound).length;

export const cards: Cards = {
  measures: {
    "linear-kernel": linearKernel,
    "linear-spread": spread,
    "linear-law": law,
    "ntk-kernel": ntkKernel,
  },
  // A map is evaluated, not integrated: it has no steps to double.
  error: async (bench) => {
    const places = gridOf(25, 2);
    const map = (precision: "f32" | "f64") =>
      withData(bench, hexagon, precision, (data) =>
        vKernel(naiveScore(data, edm(), { draws: 1 })).trace(places, 0.3),
      );
    const [single, double] = [await map("f32"), await map("f64")];
    const peak = largest(double.length, (i) => at(double, i));
    return [
      ["largest tr V", peak],
      [
        "float64 for float32: largest difference",
        largest(double.length, (i) => Math.abs(at(single, i) - at(double, i))),
      ],
    ];
  },
};
