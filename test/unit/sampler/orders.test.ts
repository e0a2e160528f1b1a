// Orders of convergence, and that the limit is the right one. Problems are smooth, so that the slopes are those of the
// smallest steps: three weighted points of width 0.4, noise levels of 0.5 to 2, rates near 1. Float64. Seeds are fixed.
import {
  ancestral,
  createEngine,
  dopri5,
  dpmpp2m,
  edm,
  type Engine,
  euler,
  eulerMaruyama,
  exactScore,
  heun,
  type Mixture,
  ou,
  type Process,
  rk4,
  type Sampler,
  sample,
  songVp,
  times,
  ve,
  vp,
} from "vkernel";
import { evaluatePoint, levelAt, type ReferenceMixture } from "vkernel/reference";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const mixture = {
  points: Float64Array.of(1, 0, -0.6, 0.8, -0.3, -0.9),
  dim: 2,
  weights: Float64Array.of(0.5, 0.3, 0.2),
  sigma0: 0.4,
} satisfies ReferenceMixture;
const starts = Float64Array.of(1.5, -0.5, -1, 1.2, 0.3, 0.1, -2, -1.7);
const problems: [string, Process, number, number][] = [
  ["edm", edm(), 1.5, 0.5],
  ["ve", ve(), 1, 0.25],
  ["vp", vp({ betaMin: 0.5, betaD: 0.5 }), 1, 0.5],
  ["songVp", songVp({ betaMin: 0.8, betaMax: 2.4 }), 1, 0.5],
  ["ou", ou(), 1.5, 0.5],
];
/** h = 2^-3 ... 2^-9 (`docs/reliability.md`); all times are exact in binary. */
const exponents = [3, 4, 5, 6, 7, 8, 9];

let engine: Engine;
let data: Mixture<"f64">;
beforeAll(async () => {
  engine = await createEngine({ threads: 1 });
  const { points, dim, weights, sigma0 } = mixture;
  data = engine.mixture(points, { dim, weights, sigma0, precision: "f64" });
});
afterAll(() => engine.close());

/** Times from one to another in equal steps. */
const equal = (from: number, to: number, steps: number): number[] =>
  Array.from({ length: steps + 1 }, (_, i) => (i === steps ? to : from + (i / steps) * (to - from)));

const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs((a[i] as number) - (b[i] as number)));
  return most;
};

/** The slope of log errors against log steps by least squares, and between the last two. */
function slopes(steps: readonly number[], errors: readonly number[]): { all: number; last: number } {
  const xs = steps.map((n) => -Math.log2(n));
  const ys = errors.map((error) => Math.log2(error));
  const mean = (list: readonly number[]) => list.reduce((sum, x) => sum + x, 0) / list.length;
  const [mx, my] = [mean(xs), mean(ys)];
  let top = 0;
  let bottom = 0;
  xs.forEach((x, i) => {
    top += (x - mx) * ((ys[i] as number) - my);
    bottom += (x - mx) ** 2;
  });
  const last =
    ((ys.at(-1) as number) - (ys.at(-2) as number)) / ((xs.at(-1) as number) - (xs.at(-2) as number));
  return { all: top / bottom, last };
}

/** End points by RK4 in plain TypeScript in steps of 2^-11: right to some (2^-11)^4 = 6e-14. */
function flowEnds(process: Process, from: number, to: number): Float64Array {
  const steps = (from - to) * 2 ** 11;
  const h = (to - from) / steps;
  const velocity = (y: Float64Array, t: number) =>
    evaluatePoint(mixture, levelAt(process, t), y, ["velocity"]).velocity;
  const move = (y: Float64Array, k: Float64Array, size: number) =>
    y.map((value, d) => value + size * (k[d] as number));
  const out = new Float64Array(starts.length);
  for (let p = 0; p < starts.length; p += 2) {
    let x = starts.slice(p, p + 2);
    for (let i = 0; i < steps; i++) {
      const t = from + i * h;
      const k1 = velocity(x, t);
      const k2 = velocity(move(x, k1, h / 2), t + h / 2);
      const k3 = velocity(move(x, k2, h / 2), t + h / 2);
      const k4 = velocity(move(x, k3, h), t + h);
      x = x.map((value, d) => {
        const sum = (k1[d] as number) + 2 * (k2[d] as number) + 2 * (k3[d] as number) + (k4[d] as number);
        return value + (h / 6) * sum;
      });
    }
    out.set(x, p);
  }
  return out;
}

describe.each(problems)("probability flow: %s", (_, process, from, to) => {
  let truth: Float64Array;
  beforeAll(() => {
    truth = flowEnds(process, from, to);
  });
  const ends = async (sampler: Sampler, steps: number) =>
    (
      await sample(exactScore(data, process), {
        sampler,
        grid: times(equal(from, to, steps)),
        initial: starts,
      })
    ).samples;

  it("the limit: dopri5 at 1e-12 is the flow by plain TypeScript", async () => {
    const got = await ends(dopri5({ rtol: 1e-12, atol: 1e-12 }), 1);
    expect(distance(got, truth)).toBeLessThan(1e-11);
  });

  // Errors of order k are below the last number times h^k: rates, points and their derivatives are near 1.
  it.each([
    ["euler", euler(), 1, 0.1, 2],
    ["heun", heun(), 2, 0.1, 2],
    ["rk4", rk4(), 4, 0.2, 2],
    ["dpmpp2m", dpmpp2m(), 2, 0.15, 2],
    ["ancestral, eta 0 (DDIM)", ancestral({ eta: 0 }), 1, 0.1, 2],
  ] as const)("%s", { tags: ["slow"] }, async (_, sampler, order, tolerance, constant) => {
    const steps = exponents.map((k) => (from - to) * 2 ** k);
    const errors: number[] = [];
    for (const n of steps) errors.push(distance(await ends(sampler, n), truth));
    const { all, last } = slopes(steps, errors);
    expect(Math.abs(all - order)).toBeLessThan(tolerance);
    expect(Math.abs(last - order)).toBeLessThan(tolerance);
    expect(errors.at(-1)).toBeLessThan(constant * 2 ** (-9 * order));
  });
});

describe("dopri5 meets its tolerance", () => {
  const tolerances = [1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10];
  /**
   * A step's error is within the tolerance (norms of some 1); steps are 10 to 60 and the flow shrinks what they leave, so
   * that 10 times the tolerance is kept. Too good, a hundredth of it, would be steps that are too short.
   */
  const most = 10;
  const least = 1e-2;

  it.each(processesOfLevels())("%s: errors and evaluations", async (_, process) => {
    const [from, to] = [process.timeOfSigma(5), process.timeOfSigma(0.05)];
    const ends = async (rtol: number) =>
      await sample(exactScore(data, process), {
        sampler: dopri5({ rtol, atol: rtol }),
        grid: times([from, to]),
        initial: starts.map((x) => x * Math.sqrt(process.variance(from))),
      });
    const truth = (await ends(1e-13)).samples;
    const evaluations: number[] = [];
    for (const rtol of tolerances) {
      const run = await ends(rtol);
      // Tolerances are those of x / alpha.
      const error = distance(run.samples, truth) / process.alpha(to);
      expect(error).toBeLessThan(most * rtol);
      expect(error).toBeGreaterThan(least * rtol);
      evaluations.push(run.stats.evaluations);
    }
    // Steps of order 5 cost rtol^(-1/5): from 1e-6 to 1e-10 a factor of 10^(4 / 5) = 6.3.
    const growth = Math.log10((evaluations[6] as number) / (evaluations[2] as number)) / 4;
    expect(Math.abs(growth - 0.2)).toBeLessThan(0.03);
  });

  it("on a grid of many times, too", async () => {
    const grid = (steps: number) => times(equal(2, 0.5, steps));
    const sampler = dopri5({ rtol: 1e-9, atol: 1e-9 });
    const [one, many] = await Promise.all(
      [1, 37].map((steps) =>
        sample(exactScore(data, edm()), { sampler, grid: grid(steps), initial: starts }),
      ),
    );
    expect(distance(one?.samples ?? [], many?.samples ?? [1])).toBeLessThan(1e-8);
  });
});

function processesOfLevels(): [string, Process][] {
  return [
    ["edm", edm()],
    ["ve", ve()],
    ["vp", vp()],
    ["songVp", songVp()],
    ["ou", ou()],
  ];
}

describe("Euler-Maruyama on one Brownian path", () => {
  const process = edm();
  const [from, to] = [2, 1];
  const strongTolerance = 0.15;

  const run = async (steps: number, count: number, seed: number) =>
    (
      await sample(exactScore(data, process), {
        sampler: eulerMaruyama(),
        grid: times(equal(from, to, steps)),
        noise: "shared",
        initial: Float64Array.from({ length: 2 * count }, (_, i) => starts[i % starts.length] as number),
        seed,
      })
    ).samples;
  const rootMeanSquare = (a: Float64Array, b: Float64Array): number =>
    Math.sqrt(a.reduce((sum, x, i) => sum + (x - (b[i] as number)) ** 2, 0) / a.length);

  // Root mean squares over 200 particles, all on the same paths: a slope is off by some 2 %. The finest path is a 32nd
  // of the finest grid: its own error bends the slope by log2(63 / 62) = 2 %.
  it("strong order 1 (additive noise): nested grids and others see the same path", {
    tags: ["long"],
  }, async () => {
    const count = 200;
    const truth = await run(2 ** 14, count, 31);
    for (const grids of [exponents.map((k) => 2 ** k), [7, 15, 29, 61, 119, 241, 487]]) {
      const errors: number[] = [];
      for (const steps of grids) errors.push(rootMeanSquare(await run(steps, count, 31), truth));
      const { all, last } = slopes(grids, errors);
      expect(Math.abs(all - 1)).toBeLessThan(strongTolerance);
      expect(Math.abs(last - 1)).toBeLessThan(strongTolerance);
    }
    // Another seed is another path: no grid comes near it.
    expect(rootMeanSquare(await run(64, count, 32), truth)).toBeGreaterThan(0.5);
  });

  // E f(x) over 4,000 particles on the same paths: differences of grids have a standard error of some 2 % of their size.
  it("weak order 1: means of the squared distance from 0 and of a cosine", { tags: ["long"] }, async () => {
    const count = 4000;
    const grids = [4, 8, 16, 32, 64];
    const tests = [(x: number, y: number) => x * x + y * y, (x: number, y: number) => Math.cos(x + 2 * y)];
    const means = async (steps: number) => {
      const samples = await run(steps, count, 33);
      return tests.map((f) => {
        let sum = 0;
        for (let i = 0; i < samples.length; i += 2) sum += f(samples[i] as number, samples[i + 1] as number);
        return sum / count;
      });
    };
    const fine = await means(2 ** 11);
    const coarse: number[][] = [];
    for (const steps of grids) coarse.push(await means(steps));
    tests.forEach((_, f) => {
      const errors = coarse.map((row) => Math.abs((row[f] as number) - (fine[f] as number)));
      const { all } = slopes(grids, errors);
      expect(Math.abs(all - 1)).toBeLessThan(strongTolerance);
    });
  });
});
