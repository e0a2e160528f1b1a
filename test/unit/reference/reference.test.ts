import { describe, expect, it } from "vitest";
import { anisotropic } from "../../../src/score/index.js";
import { edm, ou, type Process, ve, vp } from "../../../src/process/index.js";
import {
  categorical,
  drawPosterior,
  euler,
  eulerMaruyama,
  evaluate,
  evaluatePoint,
  fillNormals,
  heun,
  integrate,
  levelAt,
  naive,
  normalPair,
  philox4x32,
  posterior,
  quantityShapes,
  type ReferenceMixture,
  type ReferenceQuantity,
  type ReferenceStep,
  streams,
  uniform,
} from "../../../src/reference/index.js";

const covariance = [
  [1, 0.3],
  [0.3, 0.5],
];
const processes: [string, Process][] = [
  ["edm", edm()],
  ["ve", ve()],
  ["vp", vp()],
  ["ou", ou()],
  ["anisotropic", anisotropic(ou(), { covariance })],
];

function mixtureOf(
  points: readonly (readonly number[])[],
  weights?: readonly number[],
  sigma0 = 0,
): ReferenceMixture {
  const size = points.length;
  return {
    points: Float64Array.from(points.flat()),
    dim: (points[0] as readonly number[]).length,
    weights: Float64Array.from(weights ?? new Array<number>(size).fill(1 / size)),
    sigma0,
  };
}

const triangle = [
  [1, 0],
  [-0.5, 0.9],
  [-0.4, -0.8],
];
const uneven = mixtureOf(triangle, [0.5, 0.3, 0.2]);
const wide = mixtureOf(triangle, [0.5, 0.3, 0.2], 0.25);
const names = Object.keys(quantityShapes) as ReferenceQuantity[];

describe("random numbers", () => {
  // Random123 1.14, kat_vectors: philox4x32 10.
  const known: [string, number[], number[], number[]][] = [
    ["zeros", [0, 0, 0, 0], [0, 0], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]],
    [
      "ones",
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      "digits of pi",
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ];
  it.each(known)("philox4x32-10 gives Random123's known answer: %s", (_, counter, key, expected) => {
    expect(Array.from(philox4x32(counter, key))).toEqual(expected);
  });

  it("takes all 53 bits of the seed and every counter", () => {
    const seed = 5 * 2 ** 32 + 7;
    const [w0, w1] = philox4x32([1, 2, 3, 4], [7, 5]) as unknown as [number, number];
    expect(uniform(seed, 1, 2, 3, 4)).toBe((w0 * 2 ** 21 + (w1 >>> 11) + 0.5) * 2 ** -53);
    const all = [
      uniform(0, 0, 0, 0, 0),
      uniform(1, 0, 0, 0, 0),
      uniform(2 ** 32, 0, 0, 0, 0),
      uniform(0, 1, 0, 0, 0),
      uniform(0, 0, 1, 0, 0),
      uniform(0, 0, 0, 1, 0),
      uniform(0, 0, 0, 0, 1),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it("normals have the moments of a normal law", () => {
    const n = 100_000;
    const z = fillNormals(new Float64Array(2 * n), 2, n, 0, 1, 0, streams.noise);
    const moment = (f: (a: number, b: number) => number) => {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += f(z[2 * i] as number, z[2 * i + 1] as number);
      return sum / n;
    };
    // Five standard errors each (two-sided false alarm 6e-7): variances 1, 1, 2, 2, 1, 96, 96, 4.
    const bound = (variance: number) => 5 * Math.sqrt(variance / n);
    expect(Math.abs(moment((a) => a))).toBeLessThan(bound(1));
    expect(Math.abs(moment((_, b) => b))).toBeLessThan(bound(1));
    expect(Math.abs(moment((a) => a * a) - 1)).toBeLessThan(bound(2));
    expect(Math.abs(moment((_, b) => b * b) - 1)).toBeLessThan(bound(2));
    expect(Math.abs(moment((a, b) => a * b))).toBeLessThan(bound(1));
    expect(Math.abs(moment((a) => a ** 4) - 3)).toBeLessThan(bound(96));
    expect(Math.abs(moment((_, b) => b ** 4) - 3)).toBeLessThan(bound(96));
    expect(Math.abs(moment((a, b) => a * a * b * b) - 1)).toBeLessThan(bound(8));
  });

  it("normals are Box-Muller's, row by row, whatever the dimension and the first particle", () => {
    const one = fillNormals(new Float64Array(3 * 4), 3, 4, 10, 99, 5, 2);
    for (let p = 0; p < 4; p++) {
      const first = normalPair(99, 10 + p, 5, 2, 0);
      const second = normalPair(99, 10 + p, 5, 2, 1);
      expect(Array.from(one.subarray(3 * p, 3 * p + 3))).toEqual([first[0], first[1], second[0]]);
      const w = philox4x32([10 + p, 5, 2, 0], [99, 0]);
      const u1 = ((w[0] as number) * 2 ** 21 + ((w[1] as number) >>> 11) + 0.5) * 2 ** -53;
      const u2 = ((w[2] as number) * 2 ** 21 + ((w[3] as number) >>> 11)) * 2 ** -53;
      const r = Math.sqrt(-2 * Math.log(u1));
      expect(first[0]).toBeCloseTo(r * Math.cos(2 * Math.PI * u2), 13);
      expect(first[1]).toBeCloseTo(r * Math.sin(2 * Math.PI * u2), 13);
    }
    const part = fillNormals(new Float64Array(3 * 2), 3, 2, 12, 99, 5, 2);
    expect(Array.from(part)).toEqual(Array.from(one.subarray(6)));
  });

  it("categorical draws never take a point of weight 0", () => {
    const weights = Float64Array.of(0, 0.25, 0, 0.75, 0);
    expect([0, 0.2, 0.25, 0.3, 0.999, 1].map((u) => categorical(weights, u))).toEqual([1, 1, 3, 3, 3, 3]);
  });
});

describe.each(processes)("scores on %s", (_, process) => {
  const x = Float64Array.of(0.31, -0.22);
  const h = 1e-5;
  /** Central differences of step 1e-5 of functions of scale f: h^2 f''' / 6 + eps f / h, about 1e-9 of the scale here. */
  const tolerance = 1e-7;
  const shifted = (i: number, by: number) => x.map((value, k) => (k === i ? value + by : value));

  it.each([
    ["points", uneven],
    ["sigma0 = 0.25", wide],
  ])("score and Hessian are derivatives of logDensity: %s", (_, mixture) => {
    const level = levelAt(process, 0.3);
    const at = (y: Float64Array) => evaluatePoint(mixture, level, y, names);
    const all = at(x);
    for (let i = 0; i < 2; i++) {
      const up = at(shifted(i, h));
      const down = at(shifted(i, -h));
      const slope = (up.logDensity - down.logDensity) / (2 * h);
      expect(Math.abs(slope - (all.score[i] as number))).toBeLessThan(tolerance * 10);
      for (let j = 0; j < 2; j++) {
        const second = ((up.score[j] as number) - (down.score[j] as number)) / (2 * h);
        expect(Math.abs(second - (all.hessian[i * 2 + j] as number))).toBeLessThan(tolerance * 100);
      }
    }
    const divergence = [0, 1].reduce(
      (sum, i) =>
        sum +
        ((at(shifted(i, h)).velocity[i] as number) - (at(shifted(i, -h)).velocity[i] as number)) / (2 * h),
      0,
    );
    expect(Math.abs(divergence - all.divergence)).toBeLessThan(tolerance * 100);
  });

  it("carries the density: d/dt log p + v.s + div v = 0", () => {
    for (const mixture of [uneven, wide]) {
      const t = 0.3;
      const at = (time: number) => evaluatePoint(mixture, levelAt(process, time), x, names);
      const now = at(t);
      const rate = (at(t + h).logDensity - at(t - h).logDensity) / (2 * h);
      const flow = (now.velocity[0] as number) * (now.score[0] as number);
      const flow1 = (now.velocity[1] as number) * (now.score[1] as number);
      expect(Math.abs(rate + flow + flow1 + now.divergence)).toBeLessThan(tolerance * 10);
    }
  });

  it("quantities agree with each other and with their definitions", () => {
    for (const mixture of [uneven, wide]) {
      const level = levelAt(process, 0.3);
      const all = evaluatePoint(mixture, level, x, names);
      const p = Array.from(all.posteriorWeights);
      const near = (a: number, b: number) =>
        expect(Math.abs(a - b)).toBeLessThan(1e-12 * Math.max(1, Math.abs(a)));
      near(
        p.reduce((a, b) => a + b, 0),
        1,
      );
      near(
        all.posteriorEntropy,
        p.reduce((sum, w) => sum - w * Math.log(w), 0),
      );
      near(all.effectiveCount, 1 / p.reduce((sum, w) => sum + w * w, 0));
      near(all.proxyVariance, (all.proxyCovariance[0] as number) + (all.proxyCovariance[3] as number));
      const distances = triangle.map(([a, b]) =>
        Math.hypot(
          (x[0] as number) - level.alpha * (a as number),
          (x[1] as number) - level.alpha * (b as number),
        ),
      );
      expect(all.nearest).toBe(distances.indexOf(Math.min(...distances)));
      near(all.nearestDistance, Math.min(...distances));
      // Tweedie: S s = alpha m - x. Second order: S C S = alpha^2 Cov(x0 | x).
      const a = process.covariance ?? Float64Array.of(1, 0, 0, 1);
      const s = a.map((value) => value * level.variance);
      const times2 = (m: ArrayLike<number>, n: ArrayLike<number>) =>
        [0, 1, 2, 3].map(
          (k) =>
            (m[k - (k % 2)] as number) * (n[k % 2] as number) +
            (m[k - (k % 2) + 1] as number) * (n[2 + (k % 2)] as number),
        );
      for (let i = 0; i < 2; i++) {
        const left =
          (s[2 * i] as number) * (all.score[0] as number) +
          (s[2 * i + 1] as number) * (all.score[1] as number);
        near(left, level.alpha * (all.posteriorMean[i] as number) - (x[i] as number));
      }
      times2(times2(s, all.proxyCovariance), s).forEach((value, k) => {
        near(value, level.alpha ** 2 * (all.posteriorCovariance[k] as number));
      });
    }
  });

  it("many queries at once are the single ones, in the same bits", () => {
    const level = levelAt(process, 0.3);
    const queries = Float64Array.of(0.31, -0.22, 5, 7);
    const many = evaluate(wide, level, queries, names);
    for (const [q, point] of [queries.slice(0, 2), queries.slice(2)].entries()) {
      const single = evaluatePoint(wide, level, point, names);
      for (const name of names) {
        const value = single[name];
        const list = typeof value === "number" ? [value] : Array.from(value);
        expect(Array.from(many[name].subarray(q * list.length, (q + 1) * list.length))).toEqual(list);
      }
    }
  });
});

describe("extremes", () => {
  it("a zero weight is absence, a duplicate a doubled weight", () => {
    const level = levelAt(edm(), 0.4);
    const x = Float64Array.of(0.1, 0.2);
    const short = mixtureOf(triangle.slice(0, 2), [0.4, 0.6]);
    const zero = mixtureOf([[0.1, 0.2], ...triangle.slice(0, 2)], [0, 0.4, 0.6]);
    const twice = mixtureOf([...triangle.slice(0, 2), triangle[1] as number[]], [0.4, 0.3, 0.3]);
    const wanted = ["logDensity", "score", "proxyVariance", "nearestDistance"] as const;
    const expected = evaluatePoint(short, level, x, wanted);
    expect(evaluatePoint(zero, level, x, wanted)).toEqual(expected);
    expect(evaluatePoint(zero, level, x, ["nearest"]).nearest).toBe(2);
    const doubled = evaluatePoint(twice, level, x, wanted);
    expect(doubled.logDensity).toBeCloseTo(expected.logDensity, 13);
    expect(doubled.proxyVariance).toBeCloseTo(expected.proxyVariance, 12);
  });

  it("ties of distance go to the larger weight, then to the lower index", () => {
    const level = levelAt(edm(), 0.4);
    const x = Float64Array.of(0);
    const nearest = (weights: number[]) =>
      evaluatePoint(mixtureOf([[1], [-1], [1]], weights), level, x, ["nearest"]).nearest;
    expect(nearest([0.4, 0.3, 0.3])).toBe(0);
    expect(nearest([0.2, 0.5, 0.3])).toBe(1);
    expect(nearest([0.25, 0.25, 0.5])).toBe(2);
    expect(nearest([0.3, 0.4, 0.4])).toBe(1);
  });

  it("is finite a million sigma away, and where the variance is nearly 0", () => {
    for (const [t, x] of [
      [1e-6, 1],
      [1e-150, 0.3],
      [1, 1e12],
    ] as const) {
      const all = evaluatePoint(mixtureOf([[-1], [1]]), levelAt(edm(), t), Float64Array.of(x), [
        "posteriorWeights",
        "posteriorMean",
        "proxyVariance",
        "posteriorEntropy",
        "nearest",
      ]);
      expect(Array.from(all.posteriorWeights)).toEqual([0, 1]);
      expect([all.posteriorMean[0], all.proxyVariance, all.posteriorEntropy, all.nearest]).toEqual([
        1, 0, 0, 1,
      ]);
    }
  });
});

describe("samplers", () => {
  it("a step to 0 replaces the particle by its posterior mean", () => {
    for (const [, process] of processes) {
      const initial = Float64Array.of(0.3, 0.4);
      const steps: ReferenceStep[] = [
        euler,
        heun,
        eulerMaruyama,
        posterior,
        naive({ draws: 1 }),
        naive({ noiseTime: 1 }),
      ];
      for (const step of steps) {
        const run = integrate(step, { mixture: wide, process, times: [0.5, 0], initial });
        const { posteriorMean } = evaluatePoint(wide, levelAt(process, 0.5), initial, ["posteriorMean"]);
        expect(Array.from(run.samples)).toEqual(Array.from(posteriorMean));
      }
    }
  });

  it("records every state, and a batch is its particles one by one", () => {
    const initial = Float64Array.of(0.3, 0.4, -1, 2);
    const options = { mixture: uneven, process: ou(), times: [1, 0.5, 0.2], seed: 3 };
    for (const step of [euler, eulerMaruyama, posterior, naive({ draws: 3 })]) {
      const run = integrate(step, { ...options, initial });
      expect(run.trajectories.length).toBe(3 * 4);
      expect(Array.from(run.trajectories.subarray(0, 4))).toEqual(Array.from(initial));
      expect(Array.from(run.trajectories.subarray(8))).toEqual(Array.from(run.samples));
      const second = integrate(step, { ...options, initial: initial.slice(2), firstParticle: 1 });
      expect(Array.from(second.samples)).toEqual(Array.from(run.samples.subarray(2)));
    }
  });

  it("Euler and Heun converge to the flow of a single point, with orders 1 and 2", () => {
    // One point: the PF-ODE on edm is x_s = mu + (s / t) (x_t - mu); on ou with S = 1 - e^-2t likewise with sqrt(S).
    const mixture = mixtureOf([[0.5]]);
    const process = ou();
    const [t, s] = [1, 0.25];
    const exact =
      process.alpha(s) * 0.5 +
      Math.sqrt(process.variance(s) / process.variance(t)) * (2 - process.alpha(t) * 0.5);
    const error = (step: ReferenceStep, n: number) => {
      const times = Array.from({ length: n + 1 }, (_, i) => t + (i / n) * (s - t));
      const { samples } = integrate(step, { mixture, process, times, initial: Float64Array.of(2) });
      return Math.abs((samples[0] as number) - exact);
    };
    expect(Math.log2(error(euler, 64) / error(euler, 128))).toBeCloseTo(1, 1);
    expect(Math.log2(error(heun, 64) / error(heun, 128))).toBeCloseTo(2, 1);
    expect(error(heun, 512)).toBeLessThan(1e-5);
  });

  const count = 20_000;
  /** 5.5 standard errors: two-sided false alarm 4e-8 each. */
  const sigmas = 5.5;
  const momentsOf = (samples: Float64Array, i: number) => {
    let mean = 0;
    for (let p = 0; p < count; p++) mean += (samples[2 * p + i] as number) / count;
    let variance = 0;
    for (let p = 0; p < count; p++) variance += ((samples[2 * p + i] as number) - mean) ** 2 / (count - 1);
    return { mean, variance };
  };

  it.each(processes)(
    "one point, sigma0 > 0, on %s: posterior keeps p_t in one and in three steps",
    (_, process) => {
      const mixture = mixtureOf([[0.7, -0.2]], [1], 0.3);
      const start = 0.6;
      const end = 0.1;
      const diagonal = (time: number, i: number) =>
        process.alpha(time) ** 2 * 0.09 + process.variance(time) * (process.covariance?.[3 * i] ?? 1);
      const z = fillNormals(new Float64Array(2 * count), 2, count, 0, 11, 0, streams.initial);
      // x_T from p_T: for a matrix A by its Cholesky factor, with the width in front added.
      const a = process.covariance ?? Float64Array.of(1, 0, 0, 1);
      const v00 = diagonal(start, 0);
      const v10 = process.variance(start) * (a[2] as number);
      const l00 = Math.sqrt(v00);
      const l10 = v10 / l00;
      const l11 = Math.sqrt(diagonal(start, 1) - l10 * l10);
      const initial = new Float64Array(2 * count);
      for (let p = 0; p < count; p++) {
        const [z0, z1] = [z[2 * p] as number, z[2 * p + 1] as number];
        initial[2 * p] = process.alpha(start) * 0.7 + l00 * z0;
        initial[2 * p + 1] = process.alpha(start) * -0.2 + l10 * z0 + l11 * z1;
      }
      for (const times of [
        [start, end],
        [start, 0.5, 0.2, end],
      ]) {
        const { samples } = integrate(posterior, { mixture, process, times, initial, seed: 12 });
        for (const i of [0, 1]) {
          const { mean, variance } = momentsOf(samples, i);
          const expected = diagonal(end, i);
          const mu = process.alpha(end) * (i === 0 ? 0.7 : -0.2);
          expect(Math.abs(mean - mu)).toBeLessThan(sigmas * Math.sqrt(expected / count));
          expect(Math.abs(variance - expected)).toBeLessThan(sigmas * expected * Math.sqrt(2 / count));
        }
      }
    },
  );

  it.each(processes)(
    "one step of Euler-Maruyama on %s has its mean and variance",
    { tags: ["slow"] },
    (_, process) => {
      const mixture = mixtureOf([[0.7, -0.2]]);
      const [t, s] = [0.6, 0.5];
      const x = Float64Array.of(0.3, 0.4);
      const initial = new Float64Array(2 * count).map((_, k) => x[k % 2] as number);
      const { samples } = integrate(eulerMaruyama, { mixture, process, times: [t, s], initial, seed: 13 });
      const level = levelAt(process, t);
      const dt = t - s;
      for (const i of [0, 1]) {
        const { mean, variance } = momentsOf(samples, i);
        const mu = mixture.points[i] as number;
        const xi = x[i] as number;
        // D s = (D / S) (alpha mu - x), whatever A is.
        const drift = level.beta * xi + 2 * (level.diffusion / level.variance) * (level.alpha * mu - xi);
        const expected = 2 * level.diffusion * dt * (process.covariance?.[3 * i] ?? 1);
        expect(Math.abs(mean - xi - dt * drift)).toBeLessThan(sigmas * Math.sqrt(expected / count));
        expect(Math.abs(variance - expected)).toBeLessThan(sigmas * expected * Math.sqrt(2 / count));
      }
    },
  );

  it("posterior draws have the posterior's mean and covariance", { tags: ["slow"] }, () => {
    const process = anisotropic(edm(), { covariance });
    const level = levelAt(process, 0.5);
    const x = Float64Array.of(0.2, 0.1);
    const context = { mixture: wide, process, from: level, to: level, t: 0.5, s: 0.4, seed: 21, step: 0 };
    const samples = new Float64Array(2 * count);
    for (let p = 0; p < count; p++) samples.set(drawPosterior(x, { ...context, particle: p }, 2), 2 * p);
    const expected = evaluatePoint(wide, level, x, ["posteriorMean", "posteriorCovariance"]);
    for (const i of [0, 1]) {
      const { mean, variance } = momentsOf(samples, i);
      const truth = expected.posteriorCovariance[3 * i] as number;
      expect(Math.abs(mean - (expected.posteriorMean[i] as number))).toBeLessThan(
        sigmas * Math.sqrt(truth / count),
      );
      let fourth = 0;
      for (let p = 0; p < count; p++) fourth += ((samples[2 * p + i] as number) - mean) ** 4 / count;
      const error = Math.sqrt((fourth - variance * variance) / count);
      expect(Math.abs(variance - truth)).toBeLessThan(sigmas * error);
    }
  });
});
