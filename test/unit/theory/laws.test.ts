// Exact laws of the reverse process, Cao et al. 2025, Sec. 3, beyond the golden numbers. Seeds are fixed. Statistical checks: masses by
// Monte Carlo at 5.7 standard errors (1.2e-8 each, 60 of them), one distance of distribution functions
// at 1e-8, and two chi-squares at p > 1e-6.
import * as v from "vkernel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gaussLegendre } from "../../../src/numeric/quadrature.js";
import { upperGamma } from "../../../src/numeric/special.js";
import { distanceBound, ksDistance, standardErrors } from "../../shared/statistics.js";

let engine: v.Engine;
beforeAll(async () => {
  engine = await v.createEngine({ threads: 2, kernels: "simd" });
});
afterAll(() => engine.close());

const places = [-1.3, -0.4, 0.8, 1.6];
const weights = [0.1, 0.4, 0.3, 0.2];
const onLine = (sigma0 = 0) =>
  engine.mixture(Float64Array.from(places), { dim: 1, weights, sigma0, precision: "f64" });

const gauss = (x: number, variance: number): number =>
  Math.exp((-x * x) / (2 * variance)) / Math.sqrt(2 * Math.PI * variance);
/** The integral over [a, b] by `panels` panels of 16 nodes. */
const integral = async (
  f: (x: Float64Array) => Promise<Float64Array> | Float64Array,
  [a, b]: readonly [number, number],
  panels = 40,
): Promise<number> => {
  const rule = gaussLegendre(16);
  const width = (b - a) / panels;
  const x = Float64Array.from(
    { length: 16 * panels },
    (_, i) => a + (Math.floor(i / 16) + (rule.nodes[i % 16] as number)) * width,
  );
  const values = await f(x);
  return values.reduce((sum, value, i) => sum + value * (rule.weights[i % 16] as number) * width, 0);
};
/** Quadrature in the library against quadrature here, of numbers of order 1. */
const roundOff = 1e-12;

describe("pairLaw", () => {
  it("the past given the future is a law, in every process, and the mixture of bridges", async () => {
    const data = onLine(0.3);
    for (const [process, earlier, later] of [
      [v.ou(), 0.1, 1.2],
      [v.edm(), 0.3, 2],
      [v.ve(), 0.5, 3],
      [v.vp(), 0.1, 0.6],
      [v.songVp(), 0, 0.5],
      [v.subVp(), 0.4, 0.9],
      [v.ddpm({ schedule: "linear" }), 200, 700],
    ] as const) {
      const law = v.pairLaw(data, process, { earlier, later });
      const y = [[0.4]];
      const densities = async (x: Float64Array) => (await law.backward(x, y)).map(Math.exp);
      expect(await integral(densities, [-12, 12])).toBeCloseTo(1, 11);
      const { weights: shares, means, variance } = await law.bridges(y);
      const at = Float64Array.of(-1, 0.1, 0.9);
      const got = await densities(at);
      at.forEach((x, i) => {
        const mixture = shares.reduce(
          (sum, share, m) => sum + share * gauss(x - (means[m] as number), variance),
          0,
        );
        expect(got[i] as number).toBeCloseTo(mixture, 11);
      });
      // Bayes: both conditionals times their marginals are the joint law.
      const field = v.exactScore(data, process);
      const { logDensity } = await field.evaluate(y, later, ["logDensity"]);
      const joint = await law.joint([[0.9]], y);
      expect(joint[0]).toBeCloseTo((logDensity[0] as number) + Math.log(got[2] as number), 11);
      expect(law.forward([[0.9]], y)[0]).toBeCloseTo(
        Math.log(
          gauss(
            0.4 - process.transition(earlier, later).scale * 0.9,
            process.transition(earlier, later).variance,
          ),
        ),
        11,
      );
    }
    data.dispose();
  });

  it("at time 0 the bridges of points end on them, and a density is refused", async () => {
    const data = onLine();
    const law = v.pairLaw(data, v.ou(), { earlier: 0, later: 1 });
    const { weights: shares, means, variance } = await law.bridges([[0.2]]);
    expect(variance).toBe(0);
    expect(Array.from(means)).toEqual(places);
    // Eq. 3.18.
    const [alpha, s] = [Math.exp(-1), 1 - Math.exp(-2)];
    const terms = places.map(
      (y, m) => (weights[m] as number) * Math.exp(-((0.2 - alpha * y) ** 2) / (2 * s)),
    );
    const sum = terms.reduce((a, b) => a + b);
    terms.forEach((term, m) => {
      expect(Math.abs((shares[m] as number) - term / sum)).toBeLessThan(roundOff);
    });
    await expect(law.backward([[0]], [[0.2]])).rejects.toMatchObject({
      code: "E_UNSUPPORTED",
      argument: "t",
    });
    data.dispose();
  });

  it("the future of q is the past of rho: a start at y becomes backward(., y)", async () => {
    // Theorem 1: the law generated from one sample, whatever the horizon beyond `later`.
    const data = onLine();
    const law = v.pairLaw(data, v.ou(), { earlier: 0.3, later: 1.5 });
    const generated = await v.generatedLaw(data, v.ou(), { horizon: 1.5, initial: [[0.7]] });
    const x = Float64Array.of(-1, 0, 0.5);
    const got = (await generated.density(x, 0.3)).values;
    (await law.backward(x, [[0.7]])).forEach((value, i) => {
      expect(Math.abs((got[i] as number) - Math.exp(value))).toBeLessThan(roundOff);
    });
    const start = v.pairLaw(data, v.ou(), { earlier: 0, later: 1.5 });
    const shares = (await start.bridges([[0.7]])).weights;
    generated.masses.forEach((mass, m) => {
      expect(Math.abs(mass - (shares[m] as number))).toBeLessThan(roundOff);
    });
    data.dispose();
  });
});

describe("generatedLaw by quadrature", () => {
  it.each([
    ["ou", v.ou(), 0.4],
    ["edm", v.edm(), 1.5],
    ["ve", v.ve(), 2],
    ["vp", v.vp(), 0.3],
    ["songVp", v.songVp(), 1],
    ["subVp", v.subVp(), 0.5],
    ["songVe", v.songVe(), 0.6],
    ["ddpm", v.ddpm({ schedule: "cosine" }), 600],
  ] as const)(
    "%s: masses by plain sums, laws of integral 1",
    { tags: ["slow"] },
    async (_, process, horizon) => {
      const data = onLine();
      const [alpha, s] = [process.alpha(horizon), process.variance(horizon)];
      for (const initial of ["noise", "normal"] as const) {
        const law = await v.generatedLaw(data, process, { horizon, initial });
        const variance = initial === "noise" ? s : 1;
        const reach = 10 * Math.sqrt(variance);
        for (let m = 0; m < 4; m++) {
          const direct = await integral(
            (x) =>
              x.map((y) => {
                const terms = places.map((mu, k) => (weights[k] as number) * gauss(y - alpha * mu, s));
                const sum = terms.reduce((a, b) => a + b);
                // Where all terms are 0 so is the start.
                return sum === 0 ? 0 : ((terms[m] as number) / sum) * gauss(y, variance);
              }),
            [-reach, reach],
            400,
          );
          expect(Math.abs((law.masses[m] as number) - direct)).toBeLessThan(1e-10);
        }
        // Mass over weight is the ratio at the points.
        const { values } = await law.ratio(Float64Array.from(places), 0);
        values.forEach((value, m) => {
          expect(Math.abs(value * (weights[m] as number) - (law.masses[m] as number))).toBeLessThan(1e-9);
        });
        const t = horizon / 2;
        const wide = 12 * Math.sqrt(process.variance(t) + 4);
        const total = await integral(async (x) => (await law.density(x, t)).values, [-wide, wide], 300);
        expect(Math.abs(total - 1)).toBeLessThan(1e-8);
      }
      data.dispose();
    },
  );

  it("one Gaussian: the closed form, at every time and at 0", async () => {
    const [mu, sigma0, T] = [0.6, 0.5, 0.7];
    const data = engine.mixture([[mu]], { sigma0, precision: "f64" });
    const law = await v.generatedLaw(data, v.ou(), { horizon: T, initial: "normal" });
    expect(Array.from(law.masses)).toEqual([1]);
    for (const t of [0, 0.2, 0.69, T]) {
      const [a, A] = [Math.exp(-t), Math.exp(-T)];
      const own = a * a * sigma0 ** 2 + 1 - a * a;
      const all = A * A * sigma0 ** 2 + 1 - A * A;
      // X_t given X_T = y is a mu + k (y - A mu) + N(0, own - k^2 all), and y ~ N(0, 1).
      const k = ((A / a) * own) / all;
      const mean = a * mu - k * A * mu;
      const variance = own - k * k * all + k * k;
      const x = Float64Array.of(-1.5, 0, 0.4, 2);
      const { values, errors } = await law.density(x, t);
      x.forEach((place, i) => {
        expect(Math.abs((values[i] as number) - gauss(place - mean, variance))).toBeLessThan(1e-11);
        expect(errors[i] as number).toBeLessThan(1e-10);
      });
    }
    data.dispose();
  });

  it("from rho_T itself, as a word, a function, a grid or samples, the data comes back", async () => {
    const data = onLine();
    const horizon = 0.5;
    const field = v.exactScore(data, v.ou());
    const marginal = (x: ArrayLike<number>): Float64Array =>
      Float64Array.from(
        field.evaluateSync(Float64Array.from(x), horizon, ["logDensity"]).logDensity,
        Math.exp,
      );
    const word = await v.generatedLaw(data, v.ou(), { horizon, initial: "marginal" });
    expect(word.method).toBe("exact");
    expect(Array.from(word.masses)).toEqual(Array.from(data.weights));
    expect(word.totalVariation).toEqual({ value: 0, standardError: 0 });
    const density = (x: Float64Array): number => marginal(x)[0] as number;
    const asFunction = await v.generatedLaw(data, v.ou(), { horizon, initial: { density, box: [[-8, 8]] } });
    expect(asFunction.totalVariation.value).toBeLessThan(1e-10);
    expect(Math.abs(((await asFunction.ratio([[0.3]], 0.2)).values[0] as number) - 1)).toBeLessThan(1e-10);
    // Linear between 400 values: off by h^2 / 8 of the second derivative at most, h = 0.03.
    const x = Float64Array.from({ length: 401 }, (_, i) => -6 + 0.03 * i);
    const onGrid = await v.generatedLaw(data, v.ou(), { horizon, initial: { x, density: marginal(x) } });
    expect(onGrid.totalVariation.value).toBeLessThan(2e-4);
    expect(onGrid.totalVariation.value).toBeGreaterThan(1e-8);
    const run = await v.sample(field, {
      sampler: v.posterior(),
      grid: v.times([horizon + 1e-9, horizon]),
      initial: "marginal",
      count: 20_000,
      seed: 3,
    });
    const sampled = await v.generatedLaw(data, v.ou(), { horizon, initial: run.samples });
    sampled.masses.forEach((mass, m) => {
      const error = sampled.massErrors[m] as number;
      expect(error).toBeGreaterThan(1e-4);
      expect(Math.abs(mass - (weights[m] as number))).toBeLessThan(standardErrors * error);
    });
    data.dispose();
  });

  it("two dimensions: masses by plain sums, a law of integral 1, and Monte Carlo", {
    tags: ["slow"],
  }, async () => {
    const points = [
      [0.9, 0.1],
      [-0.4, 0.8],
      [-0.2, -1.1],
    ];
    const data = engine.mixture(points, { sigma0: 0.2, precision: "f64" });
    const horizon = 0.5;
    const law = await v.generatedLaw(data, v.ou(), { horizon, initial: "normal" });
    expect(law.method).toBe("quadrature");
    const alpha = Math.exp(-horizon);
    const total = 1 - alpha * alpha + (0.2 * alpha) ** 2;
    const h = 1 / 16;
    const direct = [0, 0, 0];
    for (let i = -160; i <= 160; i++) {
      for (let j = -160; j <= 160; j++) {
        const terms = points.map(
          ([a, b]) =>
            gauss(i * h - alpha * (a as number), total) * gauss(j * h - alpha * (b as number), total),
        );
        const sum = terms.reduce((a, b) => a + b);
        if (sum === 0) continue;
        terms.forEach((term, m) => {
          direct[m] = (direct[m] as number) + h * h * (term / sum) * gauss(i * h, 1) * gauss(j * h, 1);
        });
      }
    }
    direct.forEach((mass, m) => {
      expect(Math.abs((law.masses[m] as number) - mass)).toBeLessThan(1e-10);
    });
    // At time 0 too: trapezoids of Gaussians of width 0.2.
    const side = Array.from({ length: 141 }, (_, i) => (i - 70) * 0.07);
    const map = Float64Array.from(side.flatMap((y) => side.flatMap((x) => [x, y])));
    for (const t of [0, 0.2]) {
      const { values } = await law.density(map, t);
      const sum = values.reduce((a, b) => a + b, 0) * 0.07 ** 2;
      expect(Math.abs(sum - 1)).toBeLessThan(1e-6);
    }
    const drawn = await v.generatedLaw(data, v.ou(), {
      horizon,
      initial: "normal",
      method: "monteCarlo",
      samples: 20_000,
      seed: 5,
    });
    drawn.masses.forEach((mass, m) => {
      const error = drawn.massErrors[m] as number;
      expect(Math.abs(mass - (law.masses[m] as number))).toBeLessThan(standardErrors * error);
      expect(error).toBeLessThan(3e-3);
    });
    const x = Float64Array.of(0.9, 0.1, -1, 1, 0.2, -0.3, 2.5, 0);
    for (const t of [0, 0.2, 0.49, horizon]) {
      const [truth, got] = [await law.ratio(x, t), await drawn.ratio(x, t)];
      got.values.forEach((value, q) => {
        const gap = Math.abs(value - (truth.values[q] as number));
        expect(gap).toBeLessThanOrEqual(standardErrors * (got.errors[q] as number) + 1e-12);
        expect(got.errors[q] as number).toBeLessThan(0.05 * value);
      });
    }
    data.dispose();
  });

  it("data on a grid: a fine grid is the mixture that it was taken from, and its own law at time 0", {
    tags: ["long"],
  }, async () => {
    const sigma0 = 0.4;
    const data = onLine(sigma0);
    const exact = await v.generatedLaw(data, v.ou(), { horizon: 0.6, initial: "normal" });
    const x = Float64Array.from({ length: 601 }, (_, i) => -4.5 + 0.015 * i);
    const density = x.map((y) =>
      places.reduce((sum, mu, m) => sum + (weights[m] as number) * gauss(y - mu, sigma0 ** 2), 0),
    );
    const gridded = await v.generatedLaw({ x, density }, v.ou(), { horizon: 0.6, initial: "normal" });
    const at = Float64Array.of(-1.2, -0.3, 0.2, 1.5);
    for (const t of [0, 0.01, 0.3, 0.6]) {
      const [truth, got] = [await exact.density(at, t), await gridded.density(at, t)];
      got.values.forEach((value, q) => {
        // h^2 / 8 of a second derivative of at most 3.
        expect(Math.abs(value - (truth.values[q] as number))).toBeLessThan(2e-4);
      });
    }
    const variation = await integral(
      async (y) => {
        const own = await gridded.density(y, 0);
        return own.values.map((q, i) => {
          const rho = places.reduce(
            (sum, mu, m) => sum + (weights[m] as number) * gauss((y[i] as number) - mu, sigma0 ** 2),
            0,
          );
          return 0.5 * Math.abs(q - rho);
        });
      },
      [-4.5, 4.5],
    );
    expect(Math.abs(gridded.totalVariation.value - variation)).toBeLessThan(1e-4);
    expect(gridded.totalVariation.value).toBeGreaterThan(0.01);
    // A coarse one is a law of its own: a triangle. Far points and little noise too.
    const triangle = await v.generatedLaw({ x: [-1, 0, 2], density: [0, 2 / 3, 0] }, v.ou(), {
      horizon: 0.05,
      initial: "normal",
    });
    for (const t of [0, 1e-6, 0.01]) {
      const around = [
        [-6, -0.05],
        [-0.05, 0.05],
        [0.05, 6],
      ] as const;
      let sum = 0;
      for (const [a, b] of around)
        sum += await integral(async (y) => (await triangle.density(y, t)).values, [a, b], 300);
      expect(Math.abs(sum - 1)).toBeLessThan(t === 1e-6 ? 1e-3 : 1e-5);
    }
    data.dispose();
  });

  it("data on a grid in two dimensions: a product of laws is generated as a product", async () => {
    const x = [-1, 0, 2];
    const y = [-2, -1, 1.5];
    const [p, q] = [
      [0, 2 / 3, 0],
      [0.2, 0.5, 0.04],
    ];
    // Integral of q: 0.35 + 0.675 = 1.025, made 1.
    const rows = (q as number[]).map((value) => value / 1.025);
    const both = { x, y, density: rows.flatMap((b) => (p as number[]).map((a) => a * b)) };
    const options = { horizon: 0.4, initial: "normal" } as const;
    const [plane, first, second] = [
      await v.generatedLaw(both, v.ou(), options),
      await v.generatedLaw({ x, density: p as number[] }, v.ou(), options),
      await v.generatedLaw({ x: y, density: rows }, v.ou(), options),
    ];
    for (const t of [0, 0.1, 0.4]) {
      const at = [
        [0.3, -0.5],
        [1, 1],
      ];
      const got = (await plane.density(at, t)).values;
      const a = (
        await first.density(
          at.map(([u]) => [u as number]),
          t,
        )
      ).values;
      const b = (
        await second.density(
          at.map(([, w]) => [w as number]),
          t,
        )
      ).values;
      got.forEach((value, i) => {
        expect(Math.abs(value - (a[i] as number) * (b[i] as number))).toBeLessThan(1e-9);
      });
    }
  });

  it("converges pointwise to the data as the horizon grows", async () => {
    const points = onLine();
    const smooth = onLine(0.3);
    const x = Float64Array.of(-1.3, -0.6, 0.1, 0.8, 1.9);
    let before = Number.POSITIVE_INFINITY;
    let beforeAt = Number.POSITIVE_INFINITY;
    for (const horizon of [0.25, 0.5, 1, 2, 3, 4]) {
      const law = await v.generatedLaw(points, v.ou(), { horizon, initial: "normal" });
      const { value } = law.totalVariation;
      expect(value).toBeLessThan(before);
      const { values } = await (await v.generatedLaw(smooth, v.ou(), { horizon, initial: "normal" })).ratio(
        x,
        0,
      );
      const furthest = values.reduce((most, ratio) => Math.max(most, Math.abs(ratio - 1)), 0);
      expect(furthest).toBeLessThan(beforeAt);
      [before, beforeAt] = [value, furthest];
    }
    // The mean is not 0: the distance shrinks as e^-2T (the start's mean is off by e^-T mu, and so is the weight's slope).
    const [late, later] = await Promise.all(
      [4, 5].map(
        async (horizon) =>
          (await v.generatedLaw(points, v.ou(), { horizon, initial: "normal" })).totalVariation.value,
      ),
    );
    expect((late as number) / (later as number)).toBeCloseTo(Math.exp(2), 1);
    expect(before).toBeLessThan(1e-4);
    expect(beforeAt).toBeLessThan(1e-3);
    points.dispose();
    smooth.dispose();
  });

  it("float32 comes to what float64 says", async () => {
    const [single, double] = [engine.mixture(Float64Array.from(places), { dim: 1, weights }), onLine()];
    const options = { horizon: 1, initial: "normal" } as const;
    const [a, b] = [
      await v.generatedLaw(single, v.ou(), options),
      await v.generatedLaw(double, v.ou(), options),
    ];
    a.masses.forEach((mass, m) => {
      expect(Math.abs(mass - (b.masses[m] as number))).toBeLessThan(1e-6);
    });
    const [p, q] = [await a.density([[0.3]], 0.2), await b.density([[0.3]], 0.2)];
    expect(Math.abs((p.values[0] as number) - (q.values[0] as number))).toBeLessThan(1e-5);
    single.dispose();
    double.dispose();
  });
});

describe("the laws on the way", () => {
  it("are those of the reverse SDE in small steps, with the noise of (4.19) corrected, not as printed", {
    tags: ["slow"],
  }, async () => {
    const data = onLine();
    const [horizon, t] = [1, 0.1];
    const law = await v.generatedLaw(data, v.ou(), { horizon, initial: "normal" });
    const count = 20_000;
    const distance = async (noise: "exact" | "asPrinted"): Promise<number> => {
      const { samples } = await v.sample(v.exactScore(data, v.ou()), {
        sampler: v.eulerMaruyama({ noise }),
        grid: v.logarithmic({ steps: 1000, tMin: t, tMax: horizon, last: "sigmaMin" }),
        initial: "normal",
        count,
        seed: 12,
      });
      // The distribution function by Simpson's rule on a fine grid, linear between.
      const [low, width, cells] = [-6, 0.005, 2400];
      const places = Float64Array.from({ length: 2 * cells + 1 }, (_, i) => low + (i * width) / 2);
      const { values } = await law.density(places, t);
      const sums = new Float64Array(cells + 1);
      for (let i = 0; i < cells; i++) {
        const [a, b, c] = values.slice(2 * i, 2 * i + 3) as unknown as [number, number, number];
        sums[i + 1] = (sums[i] as number) + (width / 6) * (a + 4 * b + c);
      }
      expect(sums[cells]).toBeCloseTo(1, 8);
      return ksDistance(samples, (x) => {
        const at = Math.min(Math.max((x - low) / width, 0), cells - 1e-9);
        const i = Math.floor(at);
        return (sums[i] as number) + (at - i) * ((sums[i + 1] as number) - (sums[i] as number));
      });
    };
    // A million particles are 0.0010 away, sampling included: the steps' bias is below a tenth of this bound.
    expect(await distance("exact")).toBeLessThan(distanceBound(count));
    expect(await distance("asPrinted")).toBeGreaterThan(2 * distanceBound(count));
    // The forward law at that time is not it.
    const forward = await v.generatedLaw(data, v.ou(), { horizon, initial: "marginal" });
    const gap = (await forward.density([[-1.2]], t)).values[0] as number;
    expect(Math.abs(gap / ((await law.density([[-1.2]], t)).values[0] as number) - 1)).toBeGreaterThan(0.01);
    data.dispose();
  });

  it("by Monte Carlo in five dimensions: one Gaussian, in closed form", async () => {
    const [sigma0, T, dim] = [0.5, 0.7, 5];
    const mu = [0.6, -0.2, 0.3, 0, 0.1];
    const data = engine.mixture([mu], { sigma0, precision: "f64" });
    const law = await v.generatedLaw(data, v.ou(), { horizon: T, initial: "normal", samples: 1000, seed: 3 });
    expect(law.method).toBe("monteCarlo");
    expect(Array.from(law.masses)).toEqual([1]);
    const places = [mu, [0, 0, 0, 0, 0], [0.5, -0.5, 0.5, 0.5, -0.5], [1, 1, 0, 0, 0]];
    for (const t of [0, 0.2, 0.65, T]) {
      const [a, A] = [Math.exp(-t), Math.exp(-T)];
      const own = a * a * sigma0 ** 2 + 1 - a * a;
      const all = A * A * sigma0 ** 2 + 1 - A * A;
      const k = ((A / a) * own) / all;
      const variance = own - k * k * all + k * k;
      const { values, errors } = await law.density(places, t);
      places.forEach((place, i) => {
        let truth = 1;
        for (let d = 0; d < dim; d++) {
          truth *= gauss((place[d] as number) - (a - k * A) * (mu[d] as number), variance);
        }
        expect(Math.abs((values[i] as number) - truth)).toBeLessThanOrEqual(
          standardErrors * (errors[i] as number) + 1e-12 * truth,
        );
        expect(errors[i] as number).toBeLessThan(0.1 * truth);
      });
    }
    data.dispose();
  });
});

describe("generatedLaw in 8 dimensions", () => {
  const dim = 8;
  const size = 6;
  /** Far enough apart that end points tell which is theirs; off centre, so that the masses are no weights. */
  const points = Float64Array.from({ length: size * dim }, (_, i) => {
    const m = Math.floor(i / dim);
    return (i % dim === m ? 2 : 0) + 0.25 * Math.cos(1 + 3 * i) + 0.3;
  });
  const shares = [0.3, 0.1, 0.15, 0.2, 0.05, 0.2];
  const horizon = 0.5;

  /** Chi-square of counts against masses that have errors of their own: its tail probability. */
  const tail = (counts: readonly number[], masses: Float64Array, errors: Float64Array): number => {
    const n = counts.reduce((a, b) => a + b, 0);
    let square = 0;
    counts.forEach((count, m) => {
      const mass = masses[m] as number;
      square += (count - n * mass) ** 2 / (n * mass + (n * (errors[m] as number)) ** 2);
    });
    return upperGamma((size - 1) / 2, square / 2);
  };

  it("Corollary 3.2 is where the reverse process ends", { tags: ["long"] }, async () => {
    const data = engine.mixture(points, { dim, weights: shares });
    const law = await v.generatedLaw(data, v.ou(), { horizon, initial: "normal", samples: 400_000, seed: 1 });
    expect(law.method).toBe("monteCarlo");
    expect(law.masses.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
    // The masses are none of the weights: what follows can tell.
    expect(law.totalVariation.value).toBeGreaterThan(50 * law.totalVariation.standardError);
    expect(law.totalVariation.value).toBeGreaterThan(0.02);
    const field = v.exactScore(data, v.ou());
    const count = 200_000;
    const ends = async (options: v.SampleOptions) => {
      const { samples } = await v.sample(field, { initial: "normal", count, ...options });
      const { nearest, nearestDistance } = await field.evaluate(samples, 1e-6, [
        "nearest",
        "nearestDistance",
      ]);
      // All have arrived: the nearest two points are 2.4 apart.
      expect(nearestDistance.every((distance) => distance < 0.2)).toBe(true);
      const counts = Array.from({ length: size }, () => 0);
      for (const m of nearest) counts[m] = (counts[m] as number) + 1;
      return counts;
    };
    // Transitions of the reverse process itself, by Theorem 1: no error of steps.
    const chain = await ends({
      sampler: v.posterior(),
      grid: v.logarithmic({ steps: 12, tMin: 1e-4, tMax: horizon, last: "zero" }),
      seed: 2,
    });
    expect(tail(chain, law.masses, law.massErrors)).toBeGreaterThan(1e-6);
    // Its SDE in small steps: fewer particles, for which the bias of the steps is small.
    const paths = await ends({
      sampler: v.eulerMaruyama(),
      grid: v.logarithmic({ steps: 400, tMin: 1e-4, tMax: horizon, last: "zero" }),
      count: 20_000,
      seed: 3,
    });
    expect(tail(paths, law.masses, law.massErrors)).toBeGreaterThan(1e-6);
    // Against the weights both fail by far.
    const exact = Float64Array.from(shares);
    for (const counts of [chain, paths])
      expect(tail(counts, exact, new Float64Array(size))).toBeLessThan(1e-12);
    data.dispose();
  });

  it("the same seed gives the same numbers, another others, for any number of threads", async () => {
    const bits = async (threads: number, seed: number) => {
      const own = await v.createEngine({ threads, kernels: "simd" });
      const law = await v.generatedLaw(own.mixture(points, { dim }), v.ou(), {
        horizon,
        samples: 5000,
        seed,
      });
      own.close();
      return Array.from(law.masses).join();
    };
    const first = await bits(1, 1);
    expect(await bits(2, 1)).toBe(first);
    expect(await bits(1, 2)).not.toBe(first);
  });
});

describe("what is refused", () => {
  const flat = { x: [-1, 1], density: [0.5, 0.5] };
  const cases: [string, () => Promise<unknown>, string, string, RegExp][] = [
    ["no horizon", () => v.generatedLaw(onLine(), v.ou()), "E_TYPE", "horizon", /above 0/],
    ["horizon 0", () => v.generatedLaw(onLine(), v.ou(), { horizon: 0 }), "E_RANGE", "horizon", /above 0/],
    [
      "beyond the end",
      () => v.generatedLaw(onLine(), v.vp(), { horizon: 1.5 }),
      "E_RANGE",
      "horizon",
      /at most 1/,
    ],
    [
      "NaN",
      () => v.generatedLaw(onLine(), v.ou(), { horizon: Number.NaN }),
      "E_NONFINITE",
      "horizon",
      /finite/,
    ],
    [
      "no data left",
      () => v.generatedLaw(onLine(), v.ou(), { horizon: 1e4 }),
      "E_RANGE",
      "horizon",
      /data is left/,
    ],
    [
      "a negative density",
      () => v.generatedLaw(onLine(), v.ou(), { horizon: 1, initial: { x: [-1, 0, 1], density: [0, -1, 2] } }),
      "E_RANGE",
      "initial.density[1]",
      /not negative/,
    ],
    [
      "an integral of 2",
      () => v.generatedLaw(onLine(), v.ou(), { horizon: 1, initial: { x: [-1, 1], density: [1, 1] } }),
      "E_RANGE",
      "initial.density",
      /divide it by its integral.*integral 2/,
    ],
    [
      "a function of integral 4",
      () => v.generatedLaw(onLine(), v.ou(), { horizon: 1, initial: { density: () => 1, box: [[-2, 2]] } }),
      "E_RANGE",
      "initial",
      /integral/,
    ],
    [
      "a function that is negative",
      () =>
        v.generatedLaw(onLine(), v.ou(), {
          horizon: 1,
          initial: { density: ([x]) => x as number, box: [[-1, 2]] },
        }),
      "E_RANGE",
      "initial.density",
      /not negative/,
    ],
    [
      "a function of NaN",
      () =>
        v.generatedLaw(onLine(), v.ou(), {
          horizon: 1,
          initial: { density: () => Number.NaN, box: [[-1, 2]] },
        }),
      "E_NONFINITE",
      "initial.density",
      /finite number at/,
    ],
    [
      "a box of the wrong shape",
      () => v.generatedLaw(onLine(), v.ou(), { horizon: 1, initial: { density: () => 1, box: [] } }),
      "E_SHAPE",
      "initial.box",
      /1 pairs/,
    ],
    [
      "a grid of the wrong shape",
      () => v.generatedLaw(onLine(), v.ou(), { horizon: 1, initial: { x: [-1, 1], density: [1, 1, 1] } }),
      "E_SHAPE",
      "initial.density",
      /2 numbers/,
    ],
    [
      "a grid of another dimension",
      () => v.generatedLaw(engine.mixture([[0, 0]]), v.ou(), { horizon: 1, initial: flat }),
      "E_SHAPE",
      "initial",
      /2 dimensions/,
    ],
    [
      "a grid that goes back",
      () => v.generatedLaw(onLine(), v.ou(), { horizon: 1, initial: { x: [1, -1], density: [1, 1] } }),
      "E_RANGE",
      "initial.x[1]",
      /above 1/,
    ],
    [
      "samples of another dimension",
      () => v.generatedLaw(onLine(), v.ou(), { horizon: 1, initial: [[0, 1]] }),
      "E_SHAPE",
      "initial[0]",
      /1 numbers/,
    ],
    [
      "a word",
      () => v.generatedLaw(onLine(), v.ou(), { horizon: 1, initial: "marginl" as "marginal" }),
      "E_USAGE",
      "initial",
      /marginal\?/,
    ],
    [
      "quadrature in 3 dimensions",
      () => v.generatedLaw(engine.mixture([[0, 0, 0]]), v.ou(), { horizon: 1, method: "quadrature" }),
      "E_UNSUPPORTED",
      "method",
      /monteCarlo/,
    ],
    [
      "a function in 3 dimensions",
      () =>
        v.generatedLaw(engine.mixture([[0, 0, 0]]), v.ou(), {
          horizon: 1,
          initial: {
            density: () => 1 / 8,
            box: [
              [-1, 1],
              [-1, 1],
              [-1, 1],
            ],
          },
        }),
      "E_UNSUPPORTED",
      "initial",
      /samples of it, \[count, 3\]/,
    ],
    [
      "an unknown option",
      () => v.generatedLaw(onLine(), v.ou(), { horizn: 1 } as v.GeneratedLawOptions),
      "E_USAGE",
      "horizn",
      /horizon/,
    ],
    [
      "noise with a direction",
      () =>
        v.generatedLaw(
          engine.mixture([[0, 0]]),
          v.anisotropic(v.ou(), {
            covariance: [
              [2, 0],
              [0, 1],
            ],
          }),
          {
            horizon: 1,
          },
        ),
      "E_UNSUPPORTED",
      "process",
      /isotropic/,
    ],
    [
      "a density at time 0 of points",
      async () => (await v.generatedLaw(onLine(), v.ou(), { horizon: 1 })).density([[0]], 0),
      "E_UNSUPPORTED",
      "t",
      /masses/,
    ],
    [
      "a time beyond the horizon",
      async () => (await v.generatedLaw(onLine(), v.ou(), { horizon: 1 })).density([[0]], 1.1),
      "E_RANGE",
      "t",
      /at most 1/,
    ],
    [
      "a density of samples at the horizon",
      async () =>
        (await v.generatedLaw(onLine(), v.ou(), { horizon: 1, initial: [[0.1], [0.2]] })).density([[0]], 1),
      "E_UNSUPPORTED",
      "t",
      /below the horizon/,
    ],
    [
      "a jump that no panels meet",
      () =>
        v.generatedLaw(onLine(), v.ou(), {
          horizon: 1,
          initial: { density: ([x]) => ((x as number) < 1 / 3 ? 1 : 0), box: [[1 / 3 - 1, 1]] },
          tolerance: 1e-15,
        }),
      "E_LIMIT",
      "tolerance",
      /a tolerance above/,
    ],
  ];
  it.each(cases)("%s", { tags: ["slow"] }, async (_, call, code, argument, message) => {
    await expect(Promise.resolve().then(call)).rejects.toMatchObject({
      name: "VkernelError",
      code,
      argument,
      message: expect.stringMatching(message),
    });
  });

  it("a call is ended by its signal, and tells how far it is", async () => {
    const data = onLine();
    await expect(
      v.generatedLaw(data, v.ou(), { horizon: 1, signal: AbortSignal.abort("enough") }),
    ).rejects.toMatchObject({ code: "E_ABORT" });
    const controller = new AbortController();
    const many = engine.mixture(
      Float64Array.from({ length: 8 * 4096 }, (_, i) => Math.sin(i)),
      { dim: 8 },
    );
    const seen: number[] = [];
    const run = v.generatedLaw(many, v.ou(), {
      horizon: 1,
      signal: controller.signal,
      onProgress({ done }) {
        seen.push(done);
        if (seen.length === 2) controller.abort("enough");
      },
    });
    await expect(run).rejects.toMatchObject({ code: "E_ABORT", cause: "enough" });
    expect(seen).toEqual([1024, 2048]);
    data.dispose();
    many.dispose();
  });
});
