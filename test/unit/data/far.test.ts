// Data far from the origin: its centre is taken from points and queries in float64, so that what is computed there is as accurate
// as at the origin. Points are multiples of 2^-10 and offsets multiples of them, so that moved points are exact.
import {
  ancestral,
  anisotropic,
  compareFields,
  createEngine,
  customScore,
  dopri5,
  dpmpp2m,
  edm,
  type Engine,
  energyDistance,
  euler,
  eulerMaruyama,
  exactScore,
  gridTimes,
  heun,
  liveRun,
  logarithmic,
  logLikelihood,
  type Mixture,
  naiveScore,
  nearestPoints,
  ou,
  piecewiseScore,
  posterior,
  type Precision,
  type Process,
  rk4,
  type Sampler,
  sample,
  scoreLosses,
  smoothedScore,
  songVp,
  ve,
  vp,
} from "vkernel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { productOf } from "../../../src/numeric/doubled.js";

let engine: Engine;
let plain: Engine;
beforeAll(async () => {
  [engine, plain] = await Promise.all([
    createEngine({ threads: 1 }),
    createEngine({ kernels: "reference", threads: 1 }),
  ]);
});
afterAll(() => {
  engine.close();
  plain.close();
});

/** A multiple of 2^-10 in [-1, 1), by a fixed rule. */
const grain = (i: number): number => (((i * 7919 + 104729) % 2048) - 1024) / 1024;
const offsets = [1e3, 1e6, 1e8];
const dims = [1, 2, 8, 64];
const SIZE = 9;
const COUNT = 7;

/** Rows around 0. */
const rows = (count: number, dim: number, start: number): Float64Array =>
  Float64Array.from({ length: count * dim }, (_, i) => grain(start + i));
/** An offset of another size and sign in each coordinate. */
const offsetOf = (size: number, dim: number): Float64Array =>
  Float64Array.from({ length: dim }, (_, d) => (d % 3 === 1 ? -size / 4 : d % 3 === 2 ? 0.5 : size));
const moved = (points: Float64Array, offset: Float64Array): Float64Array =>
  points.map((x, i) => x + (offset[i % offset.length] as number));

/** Queries alpha offset + y as float64, and what they are relative to alpha offset to the last digit. */
function queriesOf(y: Float64Array, offset: Float64Array, alpha: number) {
  const far = new Float64Array(y.length);
  const own = new Float64Array(y.length);
  for (let i = 0; i < y.length; i++) {
    const { high, low } = productOf(alpha, offset[i % offset.length] as number);
    const x = high + (y[i] as number);
    far[i] = x;
    own[i] = x - high - low;
  }
  return { far, own };
}

const wide = (dim: number): Process =>
  anisotropic(edm(), {
    covariance: Array.from({ length: dim }, (_, i) =>
      Array.from({ length: dim }, (_, j) => (i === j ? 1 + (i % 2) : Math.abs(i - j) === 1 ? 0.25 : 0)),
    ),
  });
const processes: readonly [string, (dim: number) => Process, number][] = [
  ["edm", () => edm(), 0.4],
  ["ve", () => ve(), 0.16],
  ["vp", () => vp(), 0.3],
  ["songVp", () => songVp(), 0.3],
  ["ou", () => ou(), 0.2],
  ["anisotropic", wide, 0.4],
];
const precisions = ["f32", "f64"] as const;

describe("evaluate far from the origin", () => {
  for (const [name, processOf, t] of processes) {
    for (const precision of precisions) {
      it(`${name}, ${precision}: scores, log densities and x - E[x_0 | x] as at the origin, at 1e3, 1e6, 1e8`, async () => {
        for (const dim of dims) {
          const process = processOf(dim);
          const alpha = process.alpha(t);
          const total = process.variance(t);
          const points = rows(SIZE, dim, 3);
          const y = rows(COUNT, dim, 500).map((x) => alpha * x);
          for (const size of offsets) {
            const offset = offsetOf(size, dim);
            const { far, own } = queriesOf(y, offset, alpha);
            const truth = exactScore(engine.mixture(points, { dim, precision: "f64" }), process);
            const names = [
              "score",
              "logDensity",
              "posteriorWeights",
              "nearestDistance",
              "proxyVariance",
            ] as const;
            const there = await truth.evaluate(own, t, names);
            // What rounding of points and queries to the precision does to a score: its derivative times the rounding.
            const unit = precision === "f32" ? 2 ** -24 : 2 ** -52;
            const away = 8 * unit * Math.sqrt(dim);
            const steep = (alpha / total) * (1 + (4 * dim * alpha * alpha) / total);
            for (const host of [engine, plain]) {
              const data = host.mixture(moved(points, offset), { dim, precision });
              expect(data.centre).toBeDefined();
              const found = await exactScore(data, process).evaluate(far, t, [...names, "posteriorMean"]);
              found.score.forEach((value, i) => {
                const off = Math.abs(value - (there.score[i] as number));
                expect(off, `score ${i}, dim ${dim}, ${size}`).toBeLessThan(away * steep);
              });
              found.logDensity.forEach((value, i) => {
                const own = there.logDensity[i] as number;
                const bound = away * (Math.abs(own) + (4 * dim * alpha) / total + dim);
                expect(Math.abs(value - own), `log density ${i}, dim ${dim}, ${size}`).toBeLessThan(bound);
              });
              found.nearestDistance.forEach((value, i) => {
                expect(Math.abs(value - (there.nearestDistance[i] as number))).toBeLessThan(away * 4);
              });
              // x - alpha E[x_0 | x] is -S s for edm and ve; a mean of its own precision at the offset is all that is asked.
              found.posteriorMean.forEach((value, i) => {
                const mean = (far[i] as number) / alpha;
                const room =
                  4 + Math.abs(offset[i % dim] as number) * (precision === "f32" ? 2 ** -23 : 2 ** -50);
                expect(Math.abs(value - mean)).toBeLessThan(room);
              });
              data.dispose();
            }
            truth.data.dispose();
          }
        }
      });
    }
  }

  it("queries that are float32 arrays or rows are as given; data at the origin has no centre", async () => {
    const data = engine.mixture(moved(rows(SIZE, 2, 3), Float64Array.of(4096, -4096)), { dim: 2 });
    const far = moved(rows(COUNT, 2, 500), Float64Array.of(4096, -4096));
    const field = exactScore(data, edm());
    const { score } = await field.evaluate(far, 0.3, ["score"]);
    const asRows = Array.from({ length: COUNT }, (_, i) => Array.from(far.subarray(2 * i, 2 * i + 2)));
    expect((await field.evaluate(Float32Array.from(far), 0.3, ["score"])).score).toEqual(score);
    expect((await field.evaluate(asRows, 0.3, ["score"])).score).toEqual(score);
    expect(field.evaluateSync(far, 0.3, ["score"]).score).toEqual(score);
    expect((await field.evaluate(far, new Float64Array(COUNT).fill(0.3), ["score"])).score).toEqual(score);
    for (const points of [
      [
        [0, 0],
        [1, 1],
      ],
      [[0.5], [1.5]],
      [
        [-1, 3],
        [1, 4],
      ],
      [[0, 0]],
    ]) {
      expect(engine.mixture(points).centre).toBeUndefined();
    }
    // A point without weight does not count.
    const weights = [1, 1, 0];
    expect(engine.mixture([[1e6], [1e6 + 1], [0]], { weights }).centre).toBeDefined();
    // The points are as given, the packed ones with all digits.
    const one = engine.mixture([[1e6 + 0.3], [1e6 + 0.7]]);
    expect(Array.from(one.points)).toEqual([1e6 + 0.3, 1e6 + 0.7].map(Math.fround));
    one.packed.points.forEach((x, m) => {
      expect(Math.abs(x - (1e6 + (m ? 0.7 : 0.3)))).toBeLessThan(1e-7);
    });
    for (const mixture of [data, one]) mixture.dispose();
  });
});

describe("tr C in float32", () => {
  it("is exact for one point, has a floor of (2^-20 alpha max |mu| / V)^2 per coordinate for several, and ends at 3.4e38", async () => {
    let highest = 0;
    for (const dim of [1, 2, 3, 4, 8, 64, 300]) {
      for (const copies of [1, 2, 3, 7, 50, 300]) {
        for (const [process, t] of [
          [edm(), 0.01],
          [ou(), 0.001],
        ] as const) {
          const own = Array.from({ length: dim }, (_, d) => Math.fround(0.37 + grain(d + copies) / 3));
          const points = [...Array.from({ length: copies }, () => own), own.map((x) => (x > 0 ? -1 : 1))];
          const data = engine.mixture(points, { weights: points.map((_, m) => 1 + (m % 3) / 3) });
          expect(data.centre).toBeUndefined();
          const [alpha, total] = [process.alpha(t), process.variance(t)];
          const x = [own.map((value, d) => alpha * value + 0.3 * Math.sqrt(total) * grain(d))];
          const { proxyVariance } = await exactScore(data, process).evaluate(x, t, ["proxyVariance"]);
          const most = Math.max(...own.map(Math.abs));
          const share = (proxyVariance[0] as number) / (dim * ((2 ** -20 * alpha * most) / total) ** 2);
          expect(share, `dim ${dim}, ${copies} copies, ${process.name}`).toBeLessThanOrEqual(
            copies === 1 ? 0 : 1,
          );
          highest = Math.max(highest, share);
          data.dispose();
        }
      }
    }
    // The floor is there: the exact value is below 1e-300.
    expect(highest).toBeGreaterThan(2 ** -8);
    const data = engine.mixture([[-1], [1]]);
    const trace = async (t: number) =>
      (await exactScore(data, edm()).evaluate([[0]], t, ["proxyVariance"])).proxyVariance[0] as number;
    // tr Cov = 1 and V = t^2.
    const edge = Math.sqrt(Math.sqrt(1 / 3.4028e38));
    expect(await trace(1.001 * edge)).toBeGreaterThan(3.3e38);
    expect(await trace(1.001 * edge)).toBeLessThan(Number.POSITIVE_INFINITY);
    expect(await trace(0.999 * edge)).toBe(Number.POSITIVE_INFINITY);
    data.dispose();
  });
});

const grid = logarithmic({ steps: 12, tMax: 0.9, tMin: 0.05, last: "sigmaMin" });
const samplers: readonly [string, Sampler][] = [
  ["euler", euler()],
  ["heun", heun()],
  ["heun with churn", heun({ churn: 4 })],
  ["rk4", rk4()],
  ["dpmpp2m", dpmpp2m()],
  ["dopri5", dopri5()],
  ["ancestral", ancestral()],
  ["eulerMaruyama", eulerMaruyama()],
  ["posterior", posterior()],
];

/** Data around 0 whose centre after a move by whole numbers is that move, and the move. */
function pair<P extends Precision>(
  host: Engine,
  dim: number,
  size: number,
  precision: P,
): [Mixture<P>, Mixture<P>, Float64Array] {
  const points = rows(SIZE, dim, 3);
  for (let d = 0; d < dim; d++) [points[d], points[dim + d]] = [-1, 1];
  const offset = Float64Array.from({ length: dim }, (_, d) => (d % 2 ? -size : 2 * size));
  const near = host.mixture(points, { dim, precision });
  const far = host.mixture(moved(points, offset), { dim, precision });
  expect(Array.from(far.centre as Float64Array)).toEqual(Array.from(offset));
  return [near, far, offset];
}

describe("samplers far from the origin", () => {
  for (const process of [edm(), ve(), wide(2)]) {
    it(`${process.name}: a moved run is the run at the origin, moved, to the bit of what float32 holds`, {
      tags: ["slow"],
    }, async () => {
      for (const host of [engine, plain]) {
        const [near, far, offset] = pair(host, 2, 2 ** 20, "f32");
        for (const [name, sampler] of samplers) {
          const [here, there] = await Promise.all(
            [near, far].map((data) =>
              sample(exactScore(data, process), {
                sampler,
                grid,
                count: 50,
                seed: 3,
                initial: "marginal",
                record: "all",
              }),
            ),
          );
          const expected = (values: ArrayLike<number>) =>
            Float32Array.from(values, (x, i) => x + (offset[i % 2] as number));
          expect(there?.samples, name).toEqual(expected(here?.samples as Float32Array));
          expect(there?.trajectories, name).toEqual(expected(here?.trajectories as Float32Array));
        }
      }
    });
  }

  it("edm: given states, log densities along the flow, likelihoods and estimators", async () => {
    const [near, far, offset] = pair(engine, 2, 2 ** 20, "f32");
    const states = rows(20, 2, 900);
    const runs = await Promise.all(
      [near, far].map((data) =>
        sample(exactScore(data, edm()), {
          sampler: heun(),
          grid,
          initial: data === near ? states : moved(states, offset),
          logLikelihood: true,
        }),
      ),
    );
    expect(runs[1]?.likelihood?.logDensity).toEqual(runs[0]?.likelihood?.logDensity);
    const likelihoods = await Promise.all(
      [near, far].map((data) =>
        logLikelihood(exactScore(data, edm()), data === near ? states : moved(states, offset), {
          grid,
          base: "marginal",
        }),
      ),
    );
    expect(likelihoods[1]?.logDensity).toEqual(likelihoods[0]?.logDensity);
    const naive = await Promise.all(
      [near, far].map((data) =>
        sample(naiveScore(data, edm(), { draws: 2 }), {
          sampler: euler(),
          grid,
          count: 40,
          seed: 2,
          initial: "marginal",
        }),
      ),
    );
    expect(naive[1]?.samples).toEqual(
      Float32Array.from(naive[0]?.samples as Float32Array, (x, i) => x + (offset[i % 2] as number)),
    );
  });

  for (const process of [vp(), ou()]) {
    it(`${process.name}: runs move with the data, and steps that do not are those of plain float64`, {
      tags: ["slow"],
    }, async () => {
      for (const host of [engine, plain]) {
        const size = 2 ** 20;
        const [near, far, offset] = pair(host, 2, size, "f64");
        const states = rows(20, 2, 900);
        const alpha = process.alpha(0.9);
        const { far: start, own } = queriesOf(states, offset, alpha);
        for (const sampler of [
          ancestral({ eta: 0 }),
          dpmpp2m(),
          posterior(),
          dopri5({ rtol: 1e-10, atol: 1e-10 }),
        ]) {
          const [here, there] = await Promise.all([
            sample(exactScore(near, process), { sampler, grid, initial: own, seed: 4 }),
            sample(exactScore(far, process), { sampler, grid, initial: start, seed: 4 }),
          ]);
          const end = process.alpha(0.05);
          there.samples.forEach((x, i) => {
            const shift = end * (offset[i % 2] as number);
            expect(Math.abs(x - shift - (here.samples[i] as number)), sampler.name).toBeLessThan(2e-9);
          });
        }
        // Euler's error in alpha is that of a constant: x + h (-beta x - D s) from one time to the next, by hand.
        const field = exactScore(far, process);
        const run = await sample(field, { sampler: euler(), grid, initial: start });
        let x = start.slice();
        for (let i = 0; i + 1 < run.times.length; i++) {
          const t = run.times[i] as number;
          const h = (run.times[i + 1] as number) - t;
          const { velocity } = await field.evaluate(x, t, ["velocity"]);
          x = x.map((value, k) => value + h * (velocity[k] as number));
        }
        run.samples.forEach((value, i) => {
          expect(Math.abs(value - (x[i] as number))).toBeLessThan(1e-12 * size);
        });
      }
    });
  }

  it("vp in float32 is vp in float64 but for float32 coordinates, from noise too", async () => {
    const [, far64, offset] = pair(engine, 2, 2 ** 10, "f64");
    const far32 = engine.mixture(far64.points, { dim: 2 });
    for (const initial of ["noise", "normal", "marginal"] as const) {
      for (const sampler of [euler(), heun(), dpmpp2m()]) {
        const options = {
          sampler,
          grid: logarithmic({ steps: 30, tMax: 1, tMin: 0.02 }),
          count: 40,
          seed: 6,
          initial,
        };
        const [narrow, broad] = await Promise.all([
          sample(exactScore(far32, vp()), options),
          sample(exactScore(far64, vp()), options),
        ]);
        // Particles near a boundary may choose another point; the median does not see them.
        const gaps = Array.from(narrow.samples, (x, i) => Math.abs(x - (broad.samples[i] as number))).sort(
          (a, b) => a - b,
        );
        expect(gaps[gaps.length >> 1], `${initial} ${sampler.name}`).toBeLessThan(
          4 * 2 ** -23 * Math.abs(offset[0] as number),
        );
      }
    }
  });

  it("functions of rows see x itself, live runs and records show it", async () => {
    const [, far, offset] = pair(engine, 2, 2 ** 20, "f32");
    const seen: number[][] = [];
    const own = customScore(far, edm(), (x, t) => {
      seen.push(Array.from(x));
      return x.map((value, d) => ((offset[d] as number) + 0.25 - value) / (t * t + 1));
    });
    const run = await sample(own, { sampler: heun(), grid, count: 5, seed: 1, initial: "marginal" });
    expect(seen.length).toBeGreaterThan(0);
    for (const x of seen)
      x.forEach((value, d) => {
        expect(Math.abs(value - (offset[d] as number))).toBeLessThan(8);
      });
    // Not all on float32's grid of 2^20, whose steps are 1/8.
    expect(seen.flat().some((value) => value * 8 !== Math.round(value * 8))).toBe(true);
    run.samples.forEach((x, i) => {
      expect(Math.abs(x - (offset[i % 2] as number))).toBeLessThan(8);
    });
    const options = { sampler: dopri5(), grid, count: 30, seed: 5, initial: "marginal" } as const;
    const whole = await sample(exactScore(far, edm()), { ...options, record: "all" });
    const live = await liveRun(exactScore(far, edm()), options);
    for (let i = 0; i < grid.times(edm()).length; i++) {
      expect(live.samples).toEqual(whole.trajectories?.slice(60 * i, 60 * (i + 1)));
      expect(Float32Array.from(live.view())).toEqual(live.samples);
      await live.advance();
    }
    live.dispose();
  });

  it("distances are of float64 differences", async () => {
    const [near, far, offset] = pair(engine, 2, 2 ** 20, "f32");
    const x = rows(30, 2, 900);
    const [here, there] = [await nearestPoints(x, near), await nearestPoints(moved(x, offset), far)];
    expect(there.index).toEqual(here.index);
    there.distance.forEach((value, i) => {
      expect(value).toBeCloseTo(here.distance[i] as number, 6);
    });
    const [a, b] = [await energyDistance(x, near), await energyDistance(moved(x, offset), far)];
    expect(b.value).toBeCloseTo(a.value, 12);
  });
});

describe("points on a line far from the origin", () => {
  it("are one as at the origin, those off it are not, and smoothed scores move with them", async () => {
    for (const precision of ["f32", "f64"] as const) {
      const offset = [2 ** 20, -(2 ** 19)];
      const own = [-1, -0.25, 1].map((y) => [y, y / 2]);
      const line = engine.mixture(
        own.map((row) => row.map((x, d) => x + (offset[d] as number))),
        { precision },
      );
      const near = piecewiseScore(engine.mixture(own, { precision: "f64" }), { kappa: 0.4 });
      const x = [0.3, 0.1, -0.6, -0.2];
      const far = Float64Array.from(x, (value, i) => value + (offset[i % 2] as number));
      const { score } = await piecewiseScore(line, { kappa: 0.4 }).evaluate(far, 0.05, ["score"]);
      const truth = await near.evaluate(Float64Array.from(x), 0.05, ["score"]);
      score.forEach((value, i) => {
        expect(Math.abs(value - (truth.score[i] as number))).toBeLessThan(precision === "f32" ? 1e-5 : 1e-7);
      });
      const off = engine.mixture(
        [...own, [0.5, 0.251]].map((row) => row.map((v, d) => v + (offset[d] as number))),
        { precision },
      );
      expect(() => piecewiseScore(off, { kappa: 0.4 })).toThrow("point 3, which is off it");
    }
  });
});

describe("fields compared far from the origin", () => {
  const field = (data: Mixture) => smoothedScore(data, edm(), { width: 0.2 });
  const near = (a: ArrayLike<number>, b: ArrayLike<number>, relative: number, name: string): void => {
    expect(a.length).toBe(b.length);
    const scale = Math.max(...Array.from(b, Math.abs));
    for (let i = 0; i < a.length; i++) {
      const off = Math.abs((a[i] as number) - (b[i] as number));
      expect(off, `${name} ${i}: ${a[i]} and ${b[i]}`).toBeLessThanOrEqual(relative * scale);
    }
  };

  it("have the distances of the origin: scores, predictions, paths", { tags: ["slow"] }, async () => {
    for (const precision of ["f32", "f64"] as const) {
      const [here, there] = pair(engine, 2, 1e6, precision);
      const options = { times: [1, 0.3, 0.1], count: 200, steps: 4, smoothing: false } as const;
      const a = await compareFields(field(here), exactScore(here, edm()), options);
      const b = await compareFields(field(there), exactScore(there, edm()), options);
      // Draws of p_t differ by float64's grid at 1e6, 1e-10, points and states by float32's at 1; slopes are up to 1 / t^2.
      const relative = precision === "f32" ? 2e-4 : 1e-7;
      for (const way of ["marginal", "along"] as const) {
        for (const what of ["score", "prediction", "relative"] as const) {
          near(b[way][what].mean, a[way][what].mean, relative, `${precision} ${way} ${what}`);
        }
      }
      near(b.departures.distance.mean, a.departures.distance.mean, relative, `${precision} distance`);
      expect(b.departures.spacing).toBeCloseTo(a.departures.spacing, 5);
      expect(b.departures.ends).toEqual(a.departures.ends);
    }
  });

  it("have the losses of the origin", { tags: ["slow"] }, async () => {
    for (const precision of ["f32", "f64"] as const) {
      const [here, there] = pair(engine, 2, 1e6, precision);
      const options = { times: gridTimes([0.2, 0.5]), samples: 2000 };
      const a = await scoreLosses(field(here), options);
      const b = await scoreLosses(field(there), options);
      const relative = precision === "f32" ? 2e-5 : 1e-8;
      for (const name of ["score", "mean", "total", "noise", "plain", "conditionalVariance"] as const) {
        near([b[name].value], [a[name].value], relative, `${precision} ${name}`);
      }
      expect(Math.abs(b.mean.value / b.score.value - 1)).toBeLessThan(1e-10);
    }
  });
});
