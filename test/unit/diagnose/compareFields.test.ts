// Where a field departs from the exact one: closed forms of perturbations, known widths, networks. Seeds are fixed. Statistical:
// three numbers at 5.7 standard errors (1.2e-8 each).
import * as v from "vkernel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { leastOf } from "../../../src/numeric/minimize.js";
import { standardErrors } from "../../shared/statistics.js";

let engine: v.Engine;
let data: v.Mixture<"f64">;
beforeAll(async () => {
  engine = await v.createEngine({ threads: 2, kernels: "simd" });
  data = engine.mixture(v.polygon().points, { dim: 2, precision: "f64" });
});
afterAll(() => engine.close());

const all = (list: ArrayLike<number>, value: number): boolean =>
  Array.from(list).every((one) => one === value);

describe("compareFields", () => {
  it("of the exact score with itself is 0 throughout", async () => {
    const exact = v.exactScore(data, v.ou());
    const progress: number[] = [];
    const result = await v.compareFields(exact, v.exactScore(data, v.ou()), {
      times: [2, 0.5, 0.01],
      count: 200,
      onProgress: ({ done, total }) => progress.push(done / total),
    });
    for (const { score, relative, prediction } of [result.marginal, result.along]) {
      for (const { mean, standardError } of [score, relative, prediction]) {
        expect(mean).toHaveLength(3);
        expect(all(mean, 0) && all(standardError, 0)).toBe(true);
      }
    }
    const { departures, smoothing } = result;
    expect(departures.time.every(Number.isNaN)).toBe(true);
    expect(all(departures.departed.fraction, 0) && all(departures.distance.mean, 0)).toBe(true);
    expect([departures.departedAtEnd.fraction, departures.elsewhere.fraction]).toEqual([0, 0]);
    expect(departures.ends.mine).toEqual(departures.ends.exact);
    expect([departures.spacing.toFixed(12), departures.threshold.toFixed(12)]).toEqual([
      "1.000000000000",
      "0.100000000000",
    ]);
    expect(smoothing).toEqual(
      Array(3).fill({ width: 0, standardError: 0, unexplained: 0, unexplainedError: 0 }),
    );
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(progress.at(-1)).toBe(1);
  });

  it.each([
    ["box", 0.3],
    ["box", 0.02],
    ["minimumNorm", 0.4],
    ["gaussian", 0.25],
  ] as const)("finds the width of a smoothed score: %s, %f", { tags: ["slow"] }, async (kernel, width) => {
    const line = engine.mixture([[-1], [-0.2], [1]], { precision: "f64" });
    const { smoothing } = await v.compareFields(
      v.smoothedScore(line, v.ve(), { width, kernel }),
      v.exactScore(line, v.ve()),
      { times: [0.1, 0.02], count: 100, smoothing: kernel },
    );
    for (const fit of smoothing ?? []) {
      // The search stops at 1e-5 of the extent, 2.
      expect(Math.abs(fit.width - width)).toBeLessThan(1e-4);
      expect(fit.unexplained).toBeLessThan(1e-4);
      expect(fit.standardError).toBeLessThan(1e-3);
    }
    expect(smoothing).toHaveLength(2);
  });

  it("finds it in the plane by default, and the spread of a width that noise blurs", {
    tags: ["slow"],
  }, async () => {
    const exact = v.exactScore(data, v.edm());
    const smoothed = v.smoothedScore(data, v.edm(), { width: 0.2 });
    const plain = await v.compareFields(smoothed, exact, { times: [0.3], count: 64 });
    expect(plain.smoothing?.[0]?.width).toBeCloseTo(0.2, 3);
    // A score with errors of its own, the same at the same place.
    const blurred = v.customScore(data, v.edm(), (x, t) => {
      const { score } =
        smoothed.evaluateSync === undefined
          ? { score: [] }
          : exact.evaluateSync([Array.from(x)], t, ["score"]);
      return Array.from(score, (value, d) => 0.5 * value + 0.1 * Math.sin(40 * (x[d] as number)));
    });
    const { smoothing } = await v.compareFields(blurred, exact, { times: [0.3], count: 128 });
    const fit = smoothing?.[0] as v.SmoothingFit;
    expect(fit.standardError).toBeGreaterThan(0);
    expect(fit.unexplained).toBeGreaterThan(0);
    expect(fit.unexplained).toBeLessThan(1);
    expect(fit.unexplainedError).toBeGreaterThan(0);
  });

  it("errors of a known perturbation, and where its paths part: t (T - t) |c|", {
    tags: ["slow"],
  }, async () => {
    // Two points so far apart that each is alone; c is added to the score. edm: d(t) = t (T - t) |c| on the flow.
    const far = engine.mixture(
      [
        [0, 0],
        [1000, 0],
      ],
      { precision: "f64" },
    );
    const exact = v.exactScore(far, v.edm());
    const c = [0.3, -0.4];
    const moved = v.customScore(far, v.edm(), (x, t) => {
      const { score } = exact.evaluateSync([Array.from(x)], t, ["score"]);
      return Array.from(score, (value, d) => value + (c[d] as number));
    });
    const times = [8, 4, 1, 0.25, 0.05];
    const departure = 7 / 1000;
    const { marginal, along, departures } = await v.compareFields(moved, exact, {
      times,
      count: 60,
      departure,
      steps: 40,
    });
    for (const { score, prediction } of [marginal, along]) {
      times.forEach((t, row) => {
        expect(score.mean[row]).toBeCloseTo(0.25, 10);
        expect(score.standardError[row]).toBeLessThan(1e-10);
        expect(Math.abs((prediction.mean[row] as number) / (0.25 * t ** 4) - 1)).toBeLessThan(1e-8);
      });
    }
    times.forEach((t, row) => {
      // |s| is that of noise: E |s|^2 = 2 / t^2, within the errors of 60 draws.
      const ratio = marginal.relative.mean[row] as number;
      expect(Math.abs(ratio - 0.125 * t * t)).toBeLessThan(
        6 * standardErrors * 0.125 * t * t * Math.sqrt(1 / 60),
      );
      // Heun of 40 steps a factor of 2 to 5.
      expect(departures.distance.mean[row]).toBeCloseTo(0.5 * t * (8 - t), 2);
      expect(departures.distance.standardError[row]).toBeLessThan(1e-8);
    });
    // 0.5 t (8 - t) is above 7 between 4 + sqrt(2) and 4 - sqrt(2).
    expect(departures.threshold).toBeCloseTo(7, 9);
    for (const t of departures.time) {
      expect(t).toBeLessThan(4 + Math.SQRT2);
      expect(t).toBeGreaterThan((4 + Math.SQRT2) * 2 ** (-1 / 40) - 0.01);
    }
    expect([...departures.departed.fraction]).toEqual([0, 1, 1, 1, 1]);
    // It comes back: at the end the same point.
    expect(departures.elsewhere.fraction).toBe(0);
    expect(departures.departedAtEnd.fraction).toBe(1);
  });

  it("a field that knows one point only ends elsewhere as often as there are others", async () => {
    const exact = v.exactScore(data, v.ou());
    const one = v.exactScore(engine.mixture([[1, 0]], { precision: "f64" }), v.ou());
    const { departures } = await v.compareFields(one, exact, {
      times: [3, 0.3, 1e-4],
      count: 3000,
      smoothing: false,
    });
    const { fraction, standardError } = departures.elsewhere;
    expect(Math.abs(fraction - 5 / 6)).toBeLessThan(standardErrors * standardError);
    expect(all(departures.ends.mine, 0)).toBe(true);
    expect(departures.departedAtEnd.fraction).toBeGreaterThanOrEqual(fraction);
    // Shares by time never fall.
    departures.departed.fraction.forEach((value, row, list) => {
      if (row > 0) expect(value).toBeGreaterThanOrEqual(list[row - 1] as number);
    });
  });

  it("noisy paths share their noise; float32 and other samplers are taken; space has no box by default", async () => {
    const small = engine.mixture(
      [
        [0, 0, 0],
        [1, 1, 0],
      ],
      { precision: "f32" },
    );
    const exact = v.exactScore(small, v.songVp());
    const same = await v.compareFields(exact, exact, {
      times: [0.9, 0.5, 0.01],
      sampler: v.eulerMaruyama(),
      initial: "normal",
      count: 50,
    });
    expect(all(same.departures.distance.mean, 0)).toBe(true);
    expect(same.smoothing).toBeUndefined();
  });

  it("a trained network: better with training, nearest to some smoothing; every number has an error", {
    tags: ["long"],
  }, async () => {
    const exact = v.exactScore(data, v.ou());
    const of = async (steps: number) => {
      const net = await v.mlpScore(data, v.ou(), {
        steps,
        widths: [32, 32],
        batch: 256,
        learningRate: 0.005,
        times: v.logUniformTimes({ tMin: 0.01, tMax: 3 }),
        seed: 1,
      });
      const result = await v.compareFields(net, exact, { times: [2, 0.3, 0.03], count: 300 });
      net.dispose();
      return result;
    };
    const [short, long] = [await of(5), await of(800)];
    for (const result of [short, long]) {
      for (const { width, unexplained, unexplainedError } of result.smoothing ?? []) {
        expect(width).toBeGreaterThanOrEqual(0);
        expect(width === 0 ? unexplained === 1 : unexplained < 1).toBe(true);
        expect(unexplainedError).toBeGreaterThanOrEqual(0);
      }
      expect(result.smoothing).toHaveLength(3);
      for (const { score, relative, prediction } of [result.marginal, result.along]) {
        for (const { mean, standardError } of [score, relative, prediction]) {
          mean.forEach((value, row) => {
            expect(value).toBeGreaterThan(0);
            expect(standardError[row]).toBeGreaterThan(0);
            expect(standardError[row]).toBeLessThan(value);
          });
        }
      }
    }
    // At t = 0.03, where an untrained network knows nothing of the points: 0.077 and 0.005.
    expect(3 * (long.marginal.prediction.mean[2] as number)).toBeLessThan(
      short.marginal.prediction.mean[2] as number,
    );
  });

  it("says what is wrong", async () => {
    // biome-ignore lint/suspicious/noExplicitAny: what a caller without types might pass
    const compare = v.compareFields as any;
    const exact = v.exactScore(data, v.ou());
    const times = [1, 0.1];
    const skew = v.exactScore(data, v.anisotropic(v.ou(), { covariance: Float64Array.of(2, 0, 0, 1) }));
    for (const [args, code, argument] of [
      [[data, exact, { times }], "E_TYPE", "mine"],
      [[exact, v.naiveScore(data, v.ou(), { draws: 1 }), { times }], "E_TYPE", "exact"],
      [[exact, exact], "E_TYPE", "times"],
      [[exact, exact, { times: [] }], "E_SHAPE", "times"],
      [[exact, exact, { times: [1, 0] }], "E_RANGE", "times[1]"],
      [[exact, exact, { times: [1, 2] }], "E_RANGE", "times[1]"],
      [[exact, exact, { times, coutn: 3 }], "E_USAGE", "coutn"],
      [[exact, exact, { times, count: 1 }], "E_RANGE", "count"],
      [[exact, exact, { times, steps: 0 }], "E_RANGE", "steps"],
      [[exact, exact, { times, departure: 0 }], "E_RANGE", "departure"],
      [[exact, exact, { times, smoothing: "bx" }], "E_USAGE", "smoothing"],
      [[exact, exact, { times, initial: [[1, 2]] }], "E_TYPE", "initial"],
      [[v.exactScore(data, v.edm()), exact, { times }], "E_USAGE", "mine"],
      [[v.exactScore(engine.mixture([[1]]), v.ou()), exact, { times }], "E_SHAPE", "mine"],
      [[skew, skew, { times, smoothing: "box" }], "E_UNSUPPORTED", "process"],
      [[exact, exact, { times, signal: AbortSignal.abort() }], "E_ABORT", "signal"],
    ] as const) {
      await expect(compare(...args)).rejects.toMatchObject({ code, argument });
    }
  });
});

describe("the least of a function", () => {
  const least = (f: (x: number) => number, scan: readonly number[]): number => {
    const search = leastOf(scan, 1e-8);
    let next = search.next();
    while (!next.done) next = search.next(f(next.value));
    return next.value;
  };
  it("is found between places, at an end, and among several", () => {
    const scan = [0, 0.5, 1, 1.5, 2];
    expect(least((x) => (x - 0.7) ** 2, scan)).toBeCloseTo(0.7, 6);
    expect(least((x) => x, scan)).toBe(0);
    expect(least((x) => -x, scan)).toBeCloseTo(2, 6);
    expect(least((x) => Math.min((x - 0.1) ** 2 + 0.1, (x - 1.8) ** 2), scan)).toBeCloseTo(1.8, 6);
  });
});
