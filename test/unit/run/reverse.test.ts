// The reverse SDE in its forms, Theorem 2 and what follows from it: Cao et al. 2025, Sec. 4.1 to 4.3. Seeds are fixed. Statistical checks:
// means, variances and distances at 5.7 standard errors (1.2e-8 each, 40 of them).
import * as v from "vkernel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { standardErrors } from "../../shared/statistics.js";

let engine: v.Engine;
beforeAll(async () => {
  engine = await v.createEngine({ threads: 1, kernels: "simd" });
});
afterAll(() => engine.close());

/** Sums of a few float64 numbers, relative to the largest of them. */
const rounding = 1e-14;
const processes: [string, v.Process, number[]][] = [
  ["ou", v.ou(), [1e-8, 0.01, 0.5, 3, 20]],
  ["edm", v.edm(), [1e-6, 0.3, 40]],
  ["ve", v.ve(), [1e-8, 0.5, 9]],
  ["vp", v.vp(), [1e-4, 0.3, 1]],
  ["songVp", v.songVp(), [1e-4, 0.4, 1]],
  ["subVp", v.subVp(), [1e-3, 0.4, 1]],
  ["songVe", v.songVe(), [0.1, 0.7]],
  ["ddpm", v.ddpm({ schedule: "linear" }), [1, 400, 1000]],
];

describe("the reverse SDE in its forms", () => {
  it("for ou the numbers are those of Eq. 4.6, 4.10 and 4.11", () => {
    for (const t of [1e-8, 1e-3, 0.1, 1, 5, 30]) {
      const { score, posteriorMean, attraction, relaxation, noise } = v.reverseCoefficients(v.ou(), t);
      const close = (got: number, truth: number): void => {
        expect(Math.abs(got / truth - 1)).toBeLessThan(4e-15);
      };
      expect(score).toEqual({ state: 1, score: 2 });
      expect(noise).toBe(Math.SQRT2);
      close(attraction.rate, 1 / Math.tanh(t));
      close(attraction.factor, 1 / Math.cosh(t));
      close(relaxation.decay, Math.tanh(t / 2));
      close(relaxation.pull, 1 / Math.sinh(t));
      close(posteriorMean.posteriorMean, 1 / Math.sinh(t));
      close(posteriorMean.state, -1 / Math.tanh(t));
    }
  });

  it.each(processes)("%s: all forms are one drift", async (_, process, times) => {
    const data = engine.mixture(
      [
        [0.4, -1],
        [1.2, 0.3],
        [-0.8, 0.9],
      ],
      { weights: [0.5, 0.2, 0.3], precision: "f64" },
    );
    const field = v.exactScore(data, process);
    const places = [
      [0.1, 0.2],
      [-1, 0.4],
      [2, 2],
    ];
    for (const t of times) {
      const first = await v.reverseDrift(field, places, t);
      const { attraction, relaxation } = v.reverseCoefficients(process, t);
      // Its terms are of this size, whichever way they are added.
      const size = 3 * (attraction.rate + relaxation.pull + process.beta(t));
      for (const form of ["posteriorMean", "attraction", "relaxation"] as const) {
        const other = await v.reverseDrift(field, places, t, form);
        other.forEach((value, i) => {
          expect(Math.abs(value - (first[i] as number))).toBeLessThanOrEqual(rounding * size);
        });
      }
    }
    data.dispose();
  });

  it("ends: far from the data the forward drift (4.7), near it the pull to the mean (4.8)", async () => {
    const data = engine.mixture([[0.4], [1.2]], { precision: "f64" });
    const field = v.exactScore(data, v.ou());
    const x = [[0.7], [-2]];
    const gap = async (t: number, form: "far" | "near"): Promise<number> => {
      const [exact, limit] = [await v.reverseDrift(field, x, t), await v.reverseDrift(field, x, t, form)];
      return exact.reduce((most, value, i) => Math.max(most, Math.abs(value - (limit[i] as number))), 0);
    };
    expect(Array.from(await v.reverseDrift(field, x, 3, "far"))).toEqual([-0.7, 2]);
    // The rest is of the order of e^-t, and bounded as t goes to 0 where the drift itself grows as 1 / t.
    const far = [await gap(6, "far"), await gap(8, "far")] as const;
    expect(far[0] / far[1]).toBeCloseTo(Math.exp(2), 1);
    expect(far[1]).toBeLessThan(1e-2);
    for (const t of [1e-2, 1e-3, 1e-4]) expect(await gap(t, "near")).toBeLessThan(3);
    const [drift] = await v.reverseDrift(field, [[-2]], 1e-4);
    expect(drift as number).toBeCloseTo(2.4e4, -1);
    data.dispose();
  });

  it("refuses what it is not", async () => {
    const data = engine.mixture([[0, 0]]);
    const field = v.exactScore(data, v.ou());
    await expect(v.reverseDrift(field, [[0, 0]], 1, "relax" as "relaxation")).rejects.toMatchObject({
      code: "E_USAGE",
      argument: "form",
    });
    await expect(v.reverseDrift(field, [[0, 0]], 0)).rejects.toMatchObject({
      code: "E_RANGE",
      argument: "t",
    });
    expect(() => v.reverseCoefficients(v.vp(), 1.5)).toThrow(/at most 1/);
    const tilted = v.anisotropic(v.ou(), {
      covariance: [
        [2, 0],
        [0, 1],
      ],
    });
    expect(() => v.reverseCoefficients(tilted, 1)).toThrow(/isotropic/);
    data.dispose();
  });
});

describe("Theorem 2", () => {
  it("for ou it is Eq. 4.12, (4.21), (4.23) and (4.24), and DDPM's posterior", () => {
    for (const [T, t] of [
      [1, 0.1],
      [3, 2.9],
      [0.5, 0.2],
      [20, 1e-3],
      [1e-6, 1e-7],
    ] as const) {
      const { state, point, variance } = v.bridgeLaw(v.ou(), { from: T, to: t });
      const [s, close] = [
        T - t,
        (got: number, truth: number): void => {
          // T - t itself is rounded.
          expect(Math.abs(got / truth - 1)).toBeLessThan(1e-13);
        },
      ];
      close(state, Math.sinh(t) / Math.sinh(T));
      close(point, Math.sinh(s) / Math.sinh(T));
      close(variance, (2 * Math.sinh(t) * Math.sinh(s)) / Math.sinh(T));
      const noise = (u: number): number => -Math.expm1(-2 * u);
      close(state, (Math.exp(-s) * noise(t)) / noise(T));
      close(point, (Math.exp(-t) * noise(s)) / noise(T));
      close(variance, (noise(t) * noise(s)) / noise(T));
    }
    const ddpm = v.ddpm({ schedule: "linear" });
    const own = v.bridgeLaw(ddpm, { from: 400, to: 399 });
    const [a, b] = [ddpm.alpha(400) ** 2, ddpm.alpha(399) ** 2];
    const beta = 1 - a / b;
    // Ho et al. (2020), Eq. 7.
    expect(own.state).toBeCloseTo((Math.sqrt(1 - beta) * (1 - b)) / (1 - a), 12);
    expect(own.point).toBeCloseTo((Math.sqrt(b) * beta) / (1 - a), 12);
    expect(own.variance).toBeCloseTo(((1 - b) / (1 - a)) * beta, 12);
  });

  it.each(processes)("%s: two bridges are one, and the ends are ends", (_, process, times) => {
    const from = times.at(-1) as number;
    const [middle, to] = [from * 0.6, from * 0.2];
    const [all, first, second] = [
      v.bridgeLaw(process, { from, to }),
      v.bridgeLaw(process, { from, to: middle }),
      v.bridgeLaw(process, { from: middle, to }),
    ];
    const close = (got: number, truth: number): void => {
      expect(Math.abs(got - truth)).toBeLessThanOrEqual(1e-12 * Math.abs(truth));
    };
    close(first.state * second.state, all.state);
    close(first.point * second.state + second.point, all.point);
    close(first.variance * second.state ** 2 + second.variance, all.variance);
    const end = v.bridgeLaw(process, { from, to: 0 });
    expect(end.state).toBe(0);
    expect(end.variance).toBe(0);
    expect(Math.abs(end.point - 1)).toBeLessThan(1e-14);
    const none = v.bridgeLaw(process, { from, to: from });
    expect([none.state, none.point, none.variance]).toEqual([1, 0, 0]);
  });

  it("mean and draws, for one point and for many", () => {
    const law = v.bridgeLaw(v.ou(), { from: 1.5, to: 0.4 });
    const mean = law.mean([[0.3, -1]], [[1, 2]]);
    expect(mean[0]).toBeCloseTo(law.state * 0.3 + law.point, 14);
    expect(mean[1]).toBeCloseTo(law.state * -1 + 2 * law.point, 14);
    const count = 100_000;
    const starts = Array.from({ length: count }, () => [0.3, -1]);
    const drawn = law.draw(starts, [[1, 2]], { seed: 4 });
    expect(Array.from(law.draw(starts.slice(0, 3), [[1, 2]], { seed: 4 }))).toEqual(
      Array.from(drawn.slice(0, 6)),
    );
    for (const d of [0, 1]) {
      let [sum, square] = [0, 0];
      for (let i = d; i < drawn.length; i += 2) {
        const gap = (drawn[i] as number) - (mean[d] as number);
        sum += gap / count;
        square += (gap * gap) / count;
      }
      expect(Math.abs(sum)).toBeLessThan(standardErrors * Math.sqrt(law.variance / count));
      expect(Math.abs(square / law.variance - 1)).toBeLessThan(standardErrors * Math.sqrt(2 / count));
    }
    expect(() => law.mean([[0, 0]], [[1, 2, 3]])).toThrow(v.VkernelError);
    expect(() => v.bridgeLaw(v.ou(), { from: 1, to: 2 })).toThrow(/at most 1/);
    expect(() => v.bridgeLaw(v.ou(), { from: 0, to: 0 })).toThrow(/above 0/);
  });

  it("the Brownian bridge of Eq. 4.9, corrected, solves (4.8) and is near Theorem 2 for short horizons", () => {
    const approximate = v.bridgeLaw(v.ou(), { from: 0.5, to: 0.2, approximate: true });
    expect(approximate.state).toBeCloseTo(0.4, 14);
    expect(approximate.point).toBeCloseTo(0.6, 14);
    // 2 t s / T*: the covariance that the paper gives for Z_s.
    expect(approximate.variance).toBeCloseTo((2 * 0.2 * 0.3) / 0.5, 14);
    let before = Number.POSITIVE_INFINITY;
    for (const T of [1, 0.5, 0.1, 0.01]) {
      const [a, b] = [true, false].map((approximate) =>
        v.bridgeLaw(v.ou(), { from: T, to: 0.4 * T, approximate }),
      ) as [v.BridgeLaw, v.BridgeLaw];
      const gap =
        Math.abs(a.state - b.state) + Math.abs(a.point - b.point) + Math.abs(a.variance / b.variance - 1);
      expect(gap).toBeLessThan(T * T);
      expect(gap).toBeLessThan(before);
      before = gap;
    }
    // For Brownian motion it is exact.
    const [a, b] = [true, false].map((approximate) => v.bridgeLaw(v.ve(), { from: 2, to: 0.7, approximate }));
    expect((a as v.BridgeLaw).variance).toBeCloseTo((b as v.BridgeLaw).variance, 14);
    expect(() => v.bridgeLaw(v.edm(), { from: 1, to: 0.5, approximate: true })).toThrow(/D is constant/);
  });
});

describe("W_2 from one point (4.17)", () => {
  it("is what samples have, from any start, and goes to 0", async () => {
    const point = [0.8, -0.5];
    const data = engine.mixture([point], { precision: "f64" });
    const horizon = 1.5;
    const times = [1.5, 1, 0.3, 0.01];
    const field = v.exactScore(data, v.ou());
    const own = Array.from({ length: 50 }, (_, i) => [Math.sin(i), 2 + Math.cos(3 * i)]);
    const many = Array.from({ length: 400 }, () => own).flat();
    for (const initial of ["noise", "normal", "marginal", own] as const) {
      const curve = v.wassersteinCurve(v.ou(), { point, horizon, times, initial });
      const run = await v.sample(field, {
        sampler: v.ancestral(),
        grid: v.times(times),
        ...(typeof initial === "string" ? { initial, count: 20_000 } : { initial: many }),
        seed: 6,
        record: "all",
      });
      times.forEach((_, k) => {
        const states = (run.trajectories as Float64Array).slice(k * 40_000, (k + 1) * 40_000);
        const { value, standardError } = v.wassersteinToPoint(states, point);
        // The rows of `many` at the start are no draws: their law is `own` itself.
        const allowed = typeof initial !== "string" && k === 0 ? 1e-12 : standardErrors * standardError;
        expect(Math.abs(value - (curve[k] as number))).toBeLessThan(allowed);
      });
      for (let k = 1; k < times.length; k++) expect(curve[k] as number).toBeLessThan(curve[k - 1] as number);
      const small = v.wassersteinCurve(v.ou(), { point, horizon, times: [1e-4, 1e-8, 0], initial });
      // Near 0 it is sqrt(2 dim t).
      expect((small[0] as number) / Math.sqrt(4e-4)).toBeCloseTo(1, 2);
      expect((small[1] as number) / Math.sqrt(4e-8)).toBeCloseTo(1, 3);
      expect(small[2] as number).toBeLessThan(1e-14);
    }
    const moments = v.wassersteinCurve(v.ou(), {
      point,
      horizon,
      times,
      initial: { mean: [0, 0], trace: 2 },
    });
    const normal = v.wassersteinCurve(v.ou(), { point, horizon, times, initial: "normal" });
    expect(Array.from(moments)).toEqual(Array.from(normal));
    data.dispose();
  });

  it("refuses what has no meaning", () => {
    const good = { point: [1], horizon: 1, times: [0.5] };
    for (const [bad, argument] of [
      [{ times: [1.5] }, "times[0]"],
      [{ horizon: 0 }, "horizon"],
      [{ point: [] }, "point"],
      [{ initial: { mean: [0, 0], trace: 1 } }, "initial.mean"],
      [{ initial: { mean: [0], trace: -1 } }, "initial.trace"],
      [{ initial: "norm" as "normal" }, "initial"],
      [{ points: [1] }, "points"],
    ] as const) {
      expect(() => v.wassersteinCurve(v.ou(), { ...good, ...bad })).toThrow(
        expect.objectContaining({ name: "VkernelError", argument }),
      );
    }
  });
});

describe("eulerMaruyama's noise", () => {
  it("asPrinted is sqrt(D dt), half the variance, and ends on the wrong law", {
    tags: ["slow"],
  }, async () => {
    const data = engine.mixture([[0]], { precision: "f64", sigma0: 1 });
    const run = (noise: "exact" | "asPrinted") =>
      v.sample(v.exactScore(data, v.ou()), {
        sampler: v.eulerMaruyama({ noise }),
        grid: v.linear({ steps: 200, tMin: 0.001, tMax: 2, last: "sigmaMin" }),
        initial: "normal",
        count: 50_000,
        seed: 9,
      });
    const variance = (samples: Float64Array): number =>
      samples.reduce((sum, x) => sum + x * x, 0) / samples.length;
    const [exact, printed] = [
      variance((await run("exact")).samples),
      variance((await run("asPrinted")).samples),
    ];
    // N(0, 1) at every time: score -x, drift -x. Steps of 0.01 leave 1 / (1 - 0.005); the printed noise half of that, and
    // e^-4 of what it started from. The standard error is 0.0063.
    expect(Math.abs(exact - 1 / 0.995)).toBeLessThan(standardErrors * 0.0063);
    expect(Math.abs(printed - (0.5 + 0.5 * Math.exp(-4)))).toBeLessThan(standardErrors * 0.0032);
    expect(v.eulerMaruyama({ noise: "asPrinted" }).parameters).toEqual({ noise: "asPrinted" });
    expect(() => v.eulerMaruyama({ noise: "printed" as "asPrinted" })).toThrow(/asPrinted/);
    expect(() => v.eulerMaruyama({ nois: "exact" } as v.EulerMaruyamaOptions)).toThrow(/noise/);
    data.dispose();
  });
});
