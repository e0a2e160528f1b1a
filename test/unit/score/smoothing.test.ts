// Smoothed and piecewise scores, flow maps and terminal laws of Chen 2025 beyond the golden numbers. Seeds are fixed. Statistical
// checks: two chi-squares at p > 1e-6, and thirty masses at 5.7 standard errors (1.2e-8 each).
import * as v from "vkernel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chiSquare } from "../../../src/numeric/statistics.js";
import { gaussLegendre } from "../../../src/numeric/quadrature.js";
import { normalCdf } from "../../../src/numeric/special.js";
import { standardErrors } from "../../shared/statistics.js";

let engine: v.Engine;
beforeAll(async () => {
  engine = await v.createEngine({ threads: 2, kernels: "simd" });
});
afterAll(() => engine.close());

const four = [-1, -1 / 3, 1 / 3, 1];
const kappa = 0.4;
const t0 = 0.02;
const flat = (precision: "f32" | "f64" = "f64") =>
  engine.mixture(
    four.map((y) => [y, 0]),
    { precision },
  );
const scheme = { sampler: v.euler({ variable: "squareRoot" }), seed: 11, initial: "marginal" as const };
const width = (t: number): number => 1 / 3 - Math.sqrt(kappa * t);

describe("laws", () => {
  const count = 1_000_000;
  const histogram = (samples: ArrayLike<number>, edges: readonly number[]): number[] => {
    const counts = edges.slice(1).map(() => 0);
    const [first, step] = [
      edges[0] as number,
      ((edges.at(-1) as number) - (edges[0] as number)) / counts.length,
    ];
    for (let i = 0; i < samples.length; i += 2) {
      let cell = Math.floor(((samples[i] as number) - first) / step);
      // Rounding of the division aside.
      if ((edges[cell] as number) > (samples[i] as number)) cell--;
      counts[cell] = (counts[cell] as number) + 1;
    }
    return counts;
  };
  /** Between the points and a little beyond; no edge is near a point. */
  const edges = Array.from({ length: 62 }, (_, k) => -1 - 1 / 60 + (k * (2 + 1 / 30)) / 61);

  it("a million particles under the piecewise score have the terminal law", { tags: ["long"] }, async () => {
    const field = v.piecewiseScore(flat("f32"), { kappa });
    const grid = v.squareRoot({ steps: 10, tMin: 0, tMax: t0 });
    const { samples } = await v.sample(field, { ...scheme, grid, count });
    const law = v.terminalLaw(flat(), { kappa, from: t0 });
    expect(law.continuousMass).toBeCloseTo(0.39528, 5);
    const within = (share: number, expected: number): void => {
      const error = Math.sqrt((expected * (1 - expected)) / count);
      expect(Math.abs(share - expected)).toBeLessThan(standardErrors * error);
    };
    const atoms = new Float64Array(4);
    let across = 0;
    for (let i = 0; i < samples.length; i += 2) {
      const k = four.findIndex((place) => Math.abs((samples[i] as number) - place) <= 1e-5);
      if (k >= 0) atoms[k] = (atoms[k] as number) + 1;
      across = Math.max(across, Math.abs(samples[i + 1] as number));
    }
    [0.18412, 0.11824, 0.11824, 0.18412].forEach((mass, k) => {
      expect(law.atoms[k]).toBeCloseTo(mass, 5);
      within((atoms[k] as number) / count, law.atoms[k] as number);
    });
    within(1 - atoms.reduce((a, b) => a + b, 0) / count, law.continuousMass);
    expect(across).toBeLessThan(1e-6);
    const expected = edges.slice(1).map((edge, k) => count * (law.cdf(edge) - law.cdf(edges[k] as number)));
    expect(chiSquare(histogram(samples, edges), expected).p).toBeGreaterThan(1e-6);
  });

  it("a million particles under the smoothed score have the law that plain TypeScript maps p_t to", {
    tags: ["long"],
  }, async () => {
    const grid = v.squareRoot({ steps: 24, tMin: 0, tMax: t0 });
    const field = v.smoothedScore(flat("f32"), v.ve(), { width });
    const { samples } = await v.sample(field, { ...scheme, grid, count });
    // The same scheme by the reference takes a fine row of starts to their ends, in order: edges go back through it.
    const reference = await v.createEngine({ kernels: "reference" });
    const start = Float64Array.from({ length: 16_001 }, (_, i) => -2 + i / 4000);
    const plain = reference.mixture(
      four.map((y) => [y]),
      { precision: "f64" },
    );
    const ends = await v.sample(v.smoothedScore(plain, v.ve(), { width }), {
      ...scheme,
      grid,
      initial: start,
      count: start.length,
    });
    reference.close();
    const cdf = (x: number): number =>
      four.reduce((sum, place) => sum + normalCdf((x - place) / Math.sqrt(t0)) / 4, 0);
    const before = edges.map((edge) => {
      const i = ends.samples.findIndex((end) => end > edge);
      if (i <= 0) return i < 0 ? 1 : 0;
      const [a, b] = [ends.samples[i - 1] as number, ends.samples[i] as number];
      return cdf((start[i - 1] as number) + (edge - a) / (b - a) / 4000);
    });
    const expected = edges
      .slice(1)
      .map((_, k) => count * ((before[k + 1] as number) - (before[k] as number)));
    expect(chiSquare(histogram(samples, edges), expected).p).toBeGreaterThan(1e-6);
  });

  it("density, atoms and distribution function belong together, gaps of different widths too", () => {
    const law = v.terminalLaw(engine.mixture([[-2], [0], [0.5], [3]]), { kappa: 0.3, from: 0.1 });
    let mass = 0;
    const cells = 20_000;
    for (let i = 0; i < cells; i++) mass += (law.density(-2 + (5 * (i + 0.5)) / cells) * 5) / cells;
    expect(mass).toBeCloseTo(law.continuousMass, 4);
    expect(law.atoms.reduce((a, b) => a + b, 0) + law.continuousMass).toBeCloseTo(1, 12);
    expect(law.cdf(0.2) - law.cdf(0.1)).toBeCloseTo(0.1 * law.density(0.15), 4);
    expect(law.bounds).toBeUndefined();
  });
});

describe("flow maps", () => {
  it("are what Euler in sqrt(t) does, at any step count, in any direction of R^3, on gaps of any width", async () => {
    const u = [2 / 3, -1 / 3, 2 / 3];
    const o = [0.2, 0.4, 0];
    const places = [-1.5, -0.3, 0.4, 2];
    const line = engine.mixture(
      places.map((y) => u.map((value, d) => (o[d] as number) + y * value)),
      { precision: "f64" },
    );
    const start = Float64Array.from({ length: 60 }, (_, i) => Math.sin(12.9898 * i) * 1.7);
    const end = v.flowMap(line, { kappa: 0.7, from: 0.15, to: 0.01 })(start);
    for (const steps of [1, 4, 50]) {
      const grid = v.squareRoot({ steps, tMin: 0.01, tMax: 0.15 });
      const field = v.piecewiseScore(line, { kappa: 0.7 });
      const { samples } = await v.sample(field, { ...scheme, initial: start, count: 20, grid });
      samples.forEach((value, i) => {
        expect(Math.abs(value - (end[i] as number))).toBeLessThan(1e-11);
      });
    }
  });

  it("compose, and serve other processes in x / alpha", { tags: ["slow"] }, async () => {
    const line = engine.mixture([[-1], [1]], { precision: "f64" });
    const x = Float64Array.from({ length: 41 }, (_, i) => (i - 20) / 10);
    const whole = v.flowMap(line, { kappa: 0.4, from: 0.5 })(x);
    const half = v.flowMap(line, { kappa: 0.4, from: 0.5, to: 0.1 })(x);
    v.flowMap(line, { kappa: 0.4, from: 0.1 })(half).forEach((value, i) => {
      expect(value).toBeCloseTo(whole[i] as number, 12);
    });
    const options = { kappa: 0.4, process: v.ou() };
    const start = x.map((value) => 0.9 * value);
    const end = v.flowMap(line, { ...options, from: 0.2, to: 0.01 })(start);
    const { samples } = await v.sample(v.piecewiseScore(line, options), {
      sampler: v.rk4(),
      grid: v.logarithmic({ steps: 3000, tMin: 0.01, tMax: 0.2, last: "sigmaMin" }),
      count: 41,
      seed: 0,
      initial: start,
    });
    samples.forEach((value, i) => {
      expect(Math.abs(value - (end[i] as number))).toBeLessThan(1e-4);
    });
  });
});

describe("smoothed scores", () => {
  const cloud = (dim: number, size: number, precision: "f32" | "f64" = "f64") =>
    engine.mixture(
      Array.from({ length: size }, (_, m) =>
        Array.from({ length: dim }, (_, d) => Math.sin(7 * m + 3 * d + m * m)),
      ),
      { precision, weights: Array.from({ length: size }, (_, m) => 1 + (m % 3)), sigma0: 0.1 },
    );
  const at = (dim: number) =>
    Array.from({ length: 6 }, (_, q) => Array.from({ length: dim }, (_, d) => Math.cos(q + 2 * d)));

  it.each([2, 3])(
    "cubes of %d dimensions are the means of the score, by draws of another rule",
    async (dim) => {
      const data = cloud(dim, 7);
      const tau = 0.3;
      const exact = v.smoothedScore(data, v.vp(), { width: tau });
      const { score } = await exact.evaluate(at(dim), 0.2, ["score"]);
      const error = await exact.errorEstimate(at(dim), 0.2);
      expect(Math.max(...error)).toBeLessThan(1e-7);
      for (const rule of ["quasi", "draws"] as const) {
        const drawn = v.smoothedScore(data, v.vp(), { width: tau, rule, count: 4096, seed: 5 });
        const other = await drawn.evaluate(at(dim), 0.2, ["score"]);
        const errors = await drawn.errorEstimate(at(dim), 0.2);
        other.score.forEach((value, i) => {
          expect(errors[i]).toBeGreaterThan(0);
          // Eight copies give a t statistic of 7 degrees: 14 standard errors for 1e-6.
          const allowed = (rule === "quasi" ? 14 : standardErrors) * (errors[i] as number);
          expect(Math.abs(value - (score[i] as number))).toBeLessThan(allowed);
        });
      }
    },
  );

  it("go to the exact score as the width goes to 0, and are it at 0, for every kernel", async () => {
    const data = cloud(2, 7);
    const truth = (await v.exactScore(data, v.edm()).evaluate(at(2), 0.4, ["score"])).score;
    for (const kernel of ["box", "minimumNorm", "gaussian"] as const) {
      for (const [size, allowed] of [
        [0, 0],
        [1e-6, 1e-4],
      ] as const) {
        const field = v.smoothedScore(data, v.edm(), { width: size, kernel });
        const { score } = await field.evaluate(at(2), 0.4, ["score"]);
        score.forEach((value, i) => {
          expect(Math.abs(value - (truth[i] as number))).toBeLessThanOrEqual(allowed);
        });
      }
    }
  });

  it("on a line of R^3 keep the normal part, and the shortest mean does not ask where the axes lie (Eq. 37)", async () => {
    const turned = (rows: readonly (readonly number[])[]) =>
      rows.map(([x, y]) => [
        0.6 * (x as number) - 0.8 * (y as number),
        0.8 * (x as number) + 0.6 * (y as number),
      ]);
    const rows = four.map((y) => [y, 0]);
    const queries = at(2);
    const options = { width: 0.2, kernel: "minimumNorm" } as const;
    const a = await v.smoothedScore(flat(), v.ve(), options).evaluate(queries, 0.03, ["score"]);
    const oblique = engine.mixture(turned(rows) as number[][], { precision: "f64" });
    const field = v.smoothedScore(oblique, v.ve(), options);
    const b = await field.evaluate(turned(queries) as number[][], 0.03, ["score"]);
    const expected = turned(
      Array.from({ length: 6 }, (_, q) => [a.score[2 * q] as number, a.score[2 * q + 1] as number]),
    );
    expected.flat().forEach((value, i) => {
      expect(Math.abs((b.score[i] as number) - (value as number))).toBeLessThan(1e-6);
    });
    queries.forEach(([, y], q) => {
      expect(a.score[2 * q + 1]).toBeCloseTo(-(y as number) / 0.03, 9);
    });
  });

  it("the shortest mean in space turns with the data, and no direction has a shorter one", {
    tags: ["long"],
  }, async () => {
    const data = cloud(3, 6);
    // A turn about (1, 1, 1), exact in floating point.
    const turned = ([x, y, z]: readonly number[]) => [z, x, y] as number[];
    const other = engine.mixture(
      Array.from({ length: 6 }, (_, m) => turned(Array.from(data.points.subarray(3 * m, 3 * m + 3)))),
      { precision: "f64", weights: data.weights, sigma0: 0.1 },
    );
    const options = { width: 0.4, kernel: "minimumNorm" } as const;
    const queries = at(3);
    const t = 0.05;
    const a = (await v.smoothedScore(data, v.ve(), options).evaluate(queries, t, ["score"])).score;
    const b = (await v.smoothedScore(other, v.ve(), options).evaluate(queries.map(turned), t, ["score"]))
      .score;
    const exact = v.exactScore(data, v.ve());
    const { nodes, weights } = gaussLegendre(48);
    for (const [q, query] of queries.entries()) {
      const row = Array.from(a.subarray(3 * q, 3 * q + 3));
      turned(row).forEach((value, d) => {
        expect(Math.abs(value - (b[3 * q + d] as number))).toBeLessThan(1e-4 * Math.hypot(...row) + 1e-6);
      });
      const places: number[][] = [];
      for (let k = 0; k < 300; k++) {
        const direction = [Math.sin(3 * k + 1), Math.sin(5 * k + 2), Math.sin(7 * k + 3)];
        const length = Math.hypot(...direction);
        for (const node of nodes) {
          places.push(
            query.map((value, d) => value + (0.4 * (2 * node - 1) * (direction[d] as number)) / length),
          );
        }
      }
      const { score } = await exact.evaluate(places, t, ["score"]);
      for (let k = 0; k < 300; k++) {
        const mean = [0, 1, 2].map((d) =>
          weights.reduce((sum, weight, n) => sum + weight * (score[(48 * k + n) * 3 + d] as number), 0),
        );
        expect(Math.hypot(...mean)).toBeGreaterThan(Math.hypot(...row) - 1e-6);
      }
    }
  });

  it("truncated draws are no longer than they may be", async () => {
    const field = v.smoothedScore(flat(), v.ve(), { width: 0.2, rule: "draws", count: 64, truncate: 3 });
    const { score } = await field.evaluate(at(2), 1e-3, ["score"]);
    for (let q = 0; q < 6; q++) {
      expect(Math.hypot(score[2 * q] as number, score[2 * q + 1] as number)).toBeLessThanOrEqual(3 + 1e-9);
    }
  });

  it("samples do not depend on threads or blocks", { tags: ["slow"] }, async () => {
    const run = async (options: v.EngineOptions) => {
      const own = await v.createEngine({ kernels: "simd", ...options });
      const data = own.mixture(four.map((y) => [y, 0.1 * y * y]));
      const field = v.smoothedScore(data, v.ve(), { width: 0.1 });
      const grid = v.squareRoot({ steps: 5, tMin: 0.001, tMax: t0 });
      const { samples } = await v.sample(field, { ...scheme, count: 50, grid });
      own.close();
      return samples;
    };
    const first = await run({ threads: 1 });
    expect(await run({ threads: 2, blockSize: 7 })).toEqual(first);
  });

  it("the piecewise score follows translations of its line and is odd about its middle", async () => {
    const moved = engine.mixture(
      four.map((y) => [y + 5, 2]),
      { precision: "f64" },
    );
    const x = at(2);
    const a = await v.piecewiseScore(flat(), { kappa }).evaluate(x, 0.01, ["score"]);
    const shifted = x.map(([p, q]) => [(p as number) + 5, (q as number) + 2]);
    const b = await v.piecewiseScore(moved, { kappa }).evaluate(shifted, 0.01, ["score"]);
    const c = await v.piecewiseScore(flat(), { kappa }).evaluate(
      x.map((row) => row.map((value) => -value)),
      0.01,
      ["score"],
    );
    a.score.forEach((value, i) => {
      expect(b.score[i]).toBeCloseTo(value, 9);
      expect(c.score[i]).toBeCloseTo(-value, 9);
    });
  });
});

describe("bad input", () => {
  const turned = () => v.anisotropic(v.edm(), { covariance: Float64Array.of(2, 0, 0, 1) });
  it.each<[string, () => unknown, string, string]>([
    ["a negative width", () => v.smoothedScore(flat(), v.ve(), { width: -1 }), "E_RANGE", "width"],
    [
      "a width that is no number",
      () => v.smoothedScore(flat(), v.ve(), { width: "1" as never }),
      "E_TYPE",
      "width",
    ],
    ["no width", () => v.smoothedScore(flat(), v.ve(), {} as never), "E_TYPE", "width"],
    [
      "a width of t that is NaN",
      () => v.smoothedScore(flat(), v.ve(), { width: () => Number.NaN }).evaluate([[0, 0]], 0.1, ["score"]),
      "E_NONFINITE",
      "width at t = 0.1",
    ],
    [
      "an unknown kernel",
      () => v.smoothedScore(flat(), v.ve(), { width: 1, kernel: "bax" as never }),
      "E_USAGE",
      "kernel",
    ],
    [
      "a count without draws",
      () => v.smoothedScore(flat(), v.ve(), { width: 1, count: 64 }),
      "E_USAGE",
      "count",
    ],
    [
      "a rule of another kernel",
      () => v.smoothedScore(flat(), v.ve(), { width: 1, kernel: "gaussian", rule: "quasi" }),
      "E_USAGE",
      "rule",
    ],
    [
      "panels in four dimensions",
      () =>
        v.smoothedScore(
          engine.mixture([
            [0, 1, 2, 3],
            [1, 2, 0, 5],
          ]),
          v.ve(),
          { width: 1, rule: "panels" },
        ),
      "E_LIMIT",
      "rule",
    ],
    ["anisotropic noise", () => v.smoothedScore(flat(), turned(), { width: 1 }), "E_UNSUPPORTED", "process"],
    ["neither kappa nor width", () => v.piecewiseScore(flat(), {}), "E_USAGE", "kappa"],
    ["both", () => v.piecewiseScore(flat(), { kappa: 1, width: 0.1 }), "E_USAGE", "kappa"],
    ["a width beyond half a gap", () => v.piecewiseScore(flat(), { width: 0.34 }), "E_RANGE", "width"],
    [
      "points off a line",
      () =>
        v.piecewiseScore(
          engine.mixture([
            [0, 0],
            [1, 0],
            [2, 1e-3],
          ]),
          { kappa: 1 },
        ),
      "E_RANGE",
      "line",
    ],
    ["one point", () => v.piecewiseScore(engine.mixture([[0, 0]]), { kappa: 1 }), "E_SHAPE", "line"],
    [
      "a point twice",
      () => v.piecewiseScore(engine.mixture([[0], [1], [1]]), { kappa: 1 }),
      "E_RANGE",
      "line",
    ],
    [
      "points of different weights",
      () => v.piecewiseScore(engine.mixture([[0], [1]], { weights: [1, 2] }), { kappa: 1 }),
      "E_UNSUPPORTED",
      "line",
    ],
    [
      "points of some width",
      () => v.piecewiseScore(engine.mixture([[0], [1]], { sigma0: 1 }), { kappa: 1 }),
      "E_UNSUPPORTED",
      "line",
    ],
    [
      "kappa t beyond its range, at the call",
      () => v.piecewiseScore(flat(), { kappa: 0.4 }).evaluate([[0, 0]], 0.3, ["score"]),
      "E_RANGE",
      "kappa",
    ],
    ["and in a flow map", () => v.flowMap(flat(), { kappa: 0.4, from: 0.3 }), "E_RANGE", "kappa"],
    ["a flow upward", () => v.flowMap(flat(), { kappa: 0.4, from: 0.1, to: 0.2 }), "E_RANGE", "to"],
    ["no start", () => v.terminalLaw(flat(), { kappa: 0.4 } as never), "E_TYPE", "from"],
    ["a negative kappa", () => v.smoothingLossLimit(-1), "E_RANGE", "kappa"],
    ["a misspelt option", () => v.terminalLaw(flat(), { kapa: 0.4, from: 1 } as never), "E_USAGE", "kapa"],
    ["an unknown variable", () => v.euler({ variable: "root" as never }), "E_USAGE", "variable"],
  ])("%s", async (_, call, code, argument) => {
    await expect((async () => call())()).rejects.toMatchObject({ code, argument });
  });
});
