import { describe, expect, it } from "vitest";
import { anisotropic } from "../../../src/score/index.js";
import {
  customProcess,
  ddpm,
  edm,
  logSnrAt,
  ou,
  type Process,
  processPresets,
  songVe,
  songVp,
  subVp,
  timeOfLogSnr,
  translate,
  ve,
  vp,
} from "../../../src/process/index.js";
import {
  ancestral,
  createEngine,
  dpmpp2m,
  eulerMaruyama as reverseSde,
  exactScore,
  heun,
  logarithmic,
  rk4,
  sample,
} from "vkernel";
import {
  evaluatePoint,
  eulerMaruyama,
  integrate,
  levelAt,
  naive,
  posterior,
  quantityShapes,
} from "vkernel/reference";

const processes: [string, Process][] = [
  ["edm", edm()],
  ["ve", ve()],
  ["vp", vp()],
  ["vp, constant rate", vp({ betaMin: 3, betaD: 0 })],
  ["vp, no rate at 0", vp({ betaMin: 0, betaD: 5 })],
  ["songVp", songVp()],
  ["ou", ou()],
  ["subVp", subVp()],
  ["songVe", songVe()],
  ["custom, rates alone", customProcess({ beta: () => 1, diffusion: (t) => t, end: 3 })],
  [
    "custom, all given",
    customProcess({
      alpha: (t) => Math.exp(-t),
      variance: (t) => -Math.expm1(-2 * t),
      beta: () => 1,
      diffusion: () => 1,
      end: Number.POSITIVE_INFINITY,
    }),
  ],
  [
    "anisotropic",
    anisotropic(vp(), {
      covariance: [
        [1, 0.3],
        [0.3, 0.5],
      ],
    }),
  ],
];
const sampleTimes = [1e-6, 1e-3, 0.05, 0.3, 0.7, 0.99];

/** Central differences with h = 1e-4 t: error h^2 f''' / 6 + eps f / h, both below 1e-7 of f' scale t here. */
const derivativeTolerance = 1e-6;
/** A few roundings of exp and expm1. */
const closedFormTolerance = 1e-14;

function derivative(f: (t: number) => number, t: number): number {
  const h = 1e-4 * t;
  return (f(t + h) - f(t - h)) / (t + h - (t - h));
}

function close(a: number, b: number, relative: number): void {
  expect(Math.abs(a - b), `${a} and ${b}`).toBeLessThanOrEqual(
    relative * Math.max(Math.abs(a), Math.abs(b)) + Number.MIN_VALUE,
  );
}

describe.each(processes)("%s", (_, process) => {
  it("obeys S' = -2 beta S + 2 D and alpha' = -beta alpha", () => {
    for (const t of sampleTimes) {
      const slope = derivative((u) => process.variance(u), t);
      const expected = -2 * process.beta(t) * process.variance(t) + 2 * process.diffusion(t);
      // Both terms may be far larger than their sum, and S' t far smaller than the rounding of S: both are the scale.
      const scale = 2 * process.diffusion(t) + process.variance(t) / t;
      expect(Math.abs(slope - expected)).toBeLessThanOrEqual(derivativeTolerance * scale);
      const alphaSlope = derivative((u) => process.alpha(u), t);
      expect(Math.abs(alphaSlope + process.beta(t) * process.alpha(t))).toBeLessThanOrEqual(
        derivativeTolerance * Math.max(process.beta(t) * process.alpha(t), 1e-6 / t),
      );
    }
  });

  it("has sigma = sqrt(S) / alpha, and timeOfSigma is its inverse", () => {
    for (const t of [1e-12, ...sampleTimes]) {
      close(process.sigma(t), Math.sqrt(process.variance(t)) / process.alpha(t), closedFormTolerance);
      close(process.timeOfSigma(process.sigma(t)), t, 1e-13);
    }
    expect(process.sigma(0)).toBe(0);
    expect(process.timeOfSigma(0)).toBe(0);
  });

  it("is the data itself at time 0", () => {
    expect(process.alpha(0)).toBe(1);
    expect(process.variance(0)).toBe(0);
    expect(Object.is(process.variance(0), 0)).toBe(true);
    expect(process.transition(0, 0)).toEqual({ scale: 1, variance: 0 });
  });

  it("has transitions that compose and that start from the data", () => {
    for (const t of sampleTimes) {
      const whole = process.transition(0, t);
      close(whole.scale, process.alpha(t), closedFormTolerance);
      close(whole.variance, process.variance(t), closedFormTolerance);
      for (const part of [0.1, 0.5, 0.999]) {
        const s = part * t;
        const first = process.transition(0, s);
        const second = process.transition(s, t);
        close(second.scale * first.scale, whole.scale, closedFormTolerance);
        close(second.scale ** 2 * first.variance + second.variance, whole.variance, closedFormTolerance);
      }
    }
  });

  it("does not cancel over a tiny step", () => {
    const t = 0.5;
    const s = t - 2 ** -40;
    const { variance } = process.transition(s, t);
    // v = 2 D (t - s) to first order; the next order is (t - s) times a rate of at most 20.
    close(variance, (process.diffusion(t) + process.diffusion(s)) * 2 ** -40, 1e-9);
  });

  it("refuses times outside its range", () => {
    for (const t of [-1, -1e-300, Number.NaN, Number.POSITIVE_INFINITY]) {
      for (const f of ["alpha", "variance", "beta", "diffusion", "sigma"] as const) {
        expect(() => process[f](t), `${f}(${t})`).toThrow(/"t" expected a finite number/);
      }
    }
    if (process.end < Number.POSITIVE_INFINITY) {
      expect(() => process.alpha(process.end + 1e-9)).toThrow(expect.objectContaining({ code: "E_RANGE" }));
    }
    expect(() => process.transition(0.5, 0.4)).toThrow(
      expect.objectContaining({ code: "E_RANGE", argument: "s" }),
    );
    expect(() => process.timeOfSigma(-1)).toThrow(expect.objectContaining({ code: "E_RANGE" }));
  });
});

describe("closed forms", () => {
  it("edm, ve, ou", () => {
    expect([edm().variance(3), edm().diffusion(3), edm().sigma(3), edm().beta(3)]).toEqual([9, 3, 3, 0]);
    expect([ve().variance(4), ve().diffusion(4), ve().sigma(4), ve().beta(4)]).toEqual([4, 0.5, 2, 0]);
    close(ou().variance(1e-8), 2e-8 - 2e-16, 1e-15); // 1 - e^-2t would lose half of the digits here
    close(ou().alpha(0.3), 0.7408182206817179, 1e-15);
    close(edm().transition(3, 3 + 2 ** -50).variance, 6 * 2 ** -50, 1e-15);
  });

  it("vp is that of Vastola 2025, Table 1; songVp has half its rates", () => {
    close(vp().alpha(1), 4.319e-5, 1e-3);
    close(vp().alpha(0.5), Math.exp(-0.1 * 0.5 - (19.9 * 0.25) / 2), 1e-14);
    close(songVp().alpha(1), 6.571e-3, 1e-3);
    for (const t of sampleTimes) {
      close(songVp().beta(t), vp({ betaMin: 0.05, betaD: 9.95 }).beta(t), 1e-15);
      close(songVp().alpha(t), vp({ betaMin: 0.05, betaD: 9.95 }).alpha(t), 1e-14);
    }
    expect([vp().end, songVp().end, edm().end]).toEqual([1, 1, Number.POSITIVE_INFINITY]);
    expect(vp().parameters).toEqual({ betaMin: 0.1, betaD: 19.9 });
    expect(songVp().parameters).toEqual({ betaMin: 0.1, betaMax: 20 });
  });

  it("noise levels far beyond the square of float64 have a time", () => {
    close(ou().timeOfSigma(1e200), 200 * Math.LN10, 1e-15);
    close(ou().timeOfSigma(1e-200), 0, 1);
  });
});

describe("anisotropic", () => {
  it("keeps the matrix, symmetrized and out of reach", () => {
    const matrix = Float64Array.of(2, 0.5, 0.5 + 1e-16, 1);
    const process = anisotropic(edm(), { covariance: matrix });
    matrix[0] = 7;
    expect(Array.from(process.covariance as Float64Array)).toEqual([2, 0.5, 0.5, 1]);
    (process.covariance as Float64Array)[0] = 7;
    expect((process.covariance as Float64Array)[0]).toBe(2);
    expect(process.dim).toBe(2);
    expect(process.base?.name).toBe("edm");
  });

  const bad: [string, unknown, string][] = [
    ["nothing", undefined, "E_TYPE"],
    ["a string", "identity", "E_TYPE"],
    ["a Float32Array", Float32Array.of(1), "E_TYPE"],
    ["empty", [], "E_SHAPE"],
    ["not square", Float64Array.of(1, 0, 0), "E_SHAPE"],
    ["ragged", [[1, 0], [0]], "E_SHAPE"],
    ["flat numbers", [1, 0, 0, 1], "E_TYPE"],
    ["text inside", [["1"]], "E_TYPE"],
    ["NaN", [[Number.NaN]], "E_NONFINITE"],
    [
      "not symmetric",
      [
        [1, 0.1],
        [0.2, 1],
      ],
      "E_RANGE",
    ],
    [
      "indefinite",
      [
        [1, 2],
        [2, 1],
      ],
      "E_RANGE",
    ],
    [
      "singular",
      [
        [1, 1],
        [1, 1],
      ],
      "E_RANGE",
    ],
    ["zero", [[0]], "E_RANGE"],
    ["negative", [[-1]], "E_RANGE"],
  ];
  it.each(bad)("refuses a covariance that is %s", (_, covariance, code) => {
    expect(() => anisotropic(edm(), { covariance } as never)).toThrow(
      expect.objectContaining({ name: "VkernelError", code }),
    );
  });

  it("refuses a base that is none, or has a covariance itself", () => {
    const covariance = [[1]];
    expect(() => anisotropic("edm" as never, { covariance })).toThrow(
      expect.objectContaining({ code: "E_TYPE" }),
    );
    const once = anisotropic(edm(), { covariance });
    expect(() => anisotropic(once, { covariance })).toThrow(expect.objectContaining({ code: "E_USAGE" }));
  });
});

describe("bad options", () => {
  const bad: [string, () => unknown, string][] = [
    ["vp betaMin -1", () => vp({ betaMin: -1 }), "E_RANGE"],
    ["vp betaD NaN", () => vp({ betaD: Number.NaN }), "E_NONFINITE"],
    ["vp betaD text", () => vp({ betaD: "20" as never }), "E_TYPE"],
    ["vp betaMin 1e9", () => vp({ betaMin: 1e9 }), "E_RANGE"],
    ["vp both 0", () => vp({ betaMin: 0, betaD: 0 }), "E_RANGE"],
    ["vp misspelt", () => vp({ betamin: 1 } as never), "E_USAGE"],
    ["vp __proto__", () => vp(JSON.parse('{"__proto__": 1}')), "E_USAGE"],
    ["vp null", () => vp(null as never), "E_TYPE"],
    ["songVp betaMax below betaMin", () => songVp({ betaMin: 3, betaMax: 2 }), "E_RANGE"],
    ["songVp both 0", () => songVp({ betaMin: 0, betaMax: 0 }), "E_RANGE"],
    ["songVp with vp's option", () => songVp({ betaD: 1 } as never), "E_USAGE"],
    ["anisotropic misspelt", () => anisotropic(edm(), { covarience: [[1]] } as never), "E_USAGE"],
  ];
  it.each(bad)("%s", (_, make, code) => {
    expect(make).toThrow(expect.objectContaining({ name: "VkernelError", code }));
  });
});

describe("anisotropic, of time", () => {
  /** R(t) diag(2, 1/2) R(t)' with the angle t, and its derivative. */
  const turning = (t: number) => {
    const [c, s] = [Math.cos(t), Math.sin(t)];
    return [
      [2 * c * c + 0.5 * s * s, 1.5 * c * s],
      [1.5 * c * s, 2 * s * s + 0.5 * c * c],
    ];
  };
  const turn = (t: number) => {
    const [c, s] = [Math.cos(2 * t), Math.sin(2 * t)];
    return [
      [-1.5 * s, 1.5 * c],
      [1.5 * c, 1.5 * s],
    ];
  };
  const bases: [string, Process][] = [
    ["edm", edm()],
    ["vp", vp()],
    ["ou", ou()],
    ["ddpm", ddpm({ schedule: "linear", steps: 10, betaStart: 0.05, betaEnd: 0.4 })],
    ["custom", customProcess({ beta: () => 1, diffusion: (t) => t, end: 3 })],
  ];
  const at = (values: ArrayLike<number> | undefined, k = 0): number =>
    (values as ArrayLike<number>)[k] as number;

  it.each(bases)("on %s: S' = -2 beta S + 2 D, with a derivative given or by differences", (_, base) => {
    const given = anisotropic(base, { dim: 2, covariance: turning, derivative: turn });
    const found = anisotropic(base, { dim: 2, covariance: turning });
    for (const t of [1e-3, 0.05, 0.31, 0.77, 0.99]) {
      const { variance, diffusion, covariance } = (given.matrices as NonNullable<Process["matrices"]>)(t);
      const other = (found.matrices as NonNullable<Process["matrices"]>)(t);
      for (let k = 0; k < 4; k++) {
        const slope = derivative((u) => at(given.matrices?.(u).variance, k), t);
        const expected = -2 * base.beta(t) * at(variance, k) + 2 * at(diffusion, k);
        const scale = 4 * base.diffusion(t) + (2 * base.variance(t)) / t;
        expect(Math.abs(slope - expected)).toBeLessThanOrEqual(derivativeTolerance * scale);
        // Differences in steps of t / 16 and below, extrapolated: rounding of 1e-16 over t / 2^11.
        expect(Math.abs(at(other.diffusion, k) - at(diffusion, k))).toBeLessThan(1e-12 * scale);
        expect(at(covariance, k)).toBe(at(turning(t)[k >> 1], k & 1));
      }
      expect(at(diffusion, 1)).toBe(at(diffusion, 2));
      const s = 0.6 * t;
      const step = given.transitionMatrix?.(s, t);
      const before = given.matrices?.(s).variance;
      for (let k = 0; k < 4; k++) {
        const whole = at(step?.variance, k) + (step?.scale as number) ** 2 * at(before, k);
        expect(Math.abs(whole - at(variance, k))).toBeLessThan(1e-14 * 4 * base.variance(t));
      }
    }
  });

  it("at the ends of time", () => {
    const process = anisotropic(vp(), { dim: 2, covariance: turning });
    const exact = anisotropic(vp(), { dim: 2, covariance: turning, derivative: turn });
    expect(Array.from(process.matrices?.(0).variance ?? [1])).toEqual([0, 0, 0, 0]);
    expect(at(process.matrices?.(0).diffusion)).toBeCloseTo(0.2, 15);
    for (const t of [1, 1 - 1e-9]) {
      const [a, b] = [process, exact].map((one) => one.matrices?.(t).diffusion) as [
        Float64Array,
        Float64Array,
      ];
      // To one side the extrapolation has half the order.
      a.forEach((value, k) => {
        expect(Math.abs(value - at(b, k))).toBeLessThan(1e-9 * 40);
      });
    }
  });

  it("the constant form has the same matrices", () => {
    const process = anisotropic(ou(), { covariance: turning(0.3) });
    const { variance, diffusion, covariance } = (process.matrices as NonNullable<Process["matrices"]>)(0.4);
    covariance[0] = 9;
    turning(0.3)
      .flat()
      .forEach((value, k) => {
        expect(at(process.covariance, k)).toBe(value);
        expect(at(variance, k)).toBe(ou().variance(0.4) * value);
        expect(at(diffusion, k)).toBe(value);
        expect(at(process.transitionMatrix?.(0.1, 0.4).variance, k)).toBe(
          ou().transition(0.1, 0.4).variance * value,
        );
      });
  });

  const points = [1, 0, -0.5, 0.8, -0.4, -0.9];
  const weights = [0.5, 0.2, 0.3];
  const all: [string, Process][] = [
    ...bases,
    ["constant", anisotropic(edm(), { covariance: turning(0.7) })],
    ...bases.map(([name, base]): [string, Process] => [
      `turning ${name}`,
      anisotropic(base, { dim: 2, covariance: turning, derivative: turn }),
    ]),
    ["turning vp, differences", anisotropic(vp(), { dim: 2, covariance: turning })],
  ];

  it.each(all)("%s: d/dt log p + v . s + div v = 0, by kernels and by the reference", async (_, process) => {
    const engine = await createEngine({ threads: 1 });
    const names = Object.keys(quantityShapes) as (keyof typeof quantityShapes)[];
    for (const sigma0 of [0, 0.3]) {
      const data = engine.mixture(Float64Array.from(points), { dim: 2, weights, precision: "f64", sigma0 });
      const field = exactScore(data, process);
      const x = Float64Array.of(0.31, -0.22, 1.4, 0.6, -0.7, -0.1);
      for (const t of [0.3, 0.72]) {
        const h = 1e-3 * t;
        const logs = [-2, -1, 1, 2].map((k) => field.evaluateSync(x, t + k * h, ["logDensity"]).logDensity);
        const got = field.evaluateSync(x, t, names);
        for (let q = 0; q < 3; q++) {
          const [a, b, c, d] = logs.map((values) => values[q] as number) as [number, number, number, number];
          const rate = (a - 8 * b + 8 * c - d) / (12 * h);
          let flow = at(got.divergence, q);
          let scale = 1 + Math.abs(flow);
          for (const k of [2 * q, 2 * q + 1]) {
            flow += at(got.velocity, k) * at(got.score, k);
            scale += Math.abs(at(got.velocity, k) * at(got.score, k));
          }
          // Fourth order in steps of 1e-3 t: h^4 / 30 times a fifth derivative of a few hundred; rounding 1e-15 / h.
          expect(Math.abs(rate + flow)).toBeLessThan(1e-9 * scale + 1e-14 / h);
          const level = levelAt(process, t);
          const mixture = {
            points: Float64Array.from(points),
            dim: 2,
            weights: Float64Array.from(weights),
            sigma0,
          };
          const one = evaluatePoint(mixture, level, x.slice(2 * q, 2 * q + 2), names);
          for (const name of names) {
            const value: number | Float64Array = one[name];
            const list = typeof value === "number" ? [value] : Array.from(value);
            const size = Math.max(1, ...list.map(Math.abs));
            list.forEach((expected, k) => {
              expect(Math.abs(at(got[name], q * list.length + k) - expected), name).toBeLessThan(
                1e-12 * size,
              );
            });
          }
        }
      }
      data.dispose();
    }
    engine.close();
  });

  it("traces beyond 64 dimensions follow the matrix too", async () => {
    const dim = 66;
    const engine = await createEngine({ threads: 1 });
    const diagonal = (t: number, slope: boolean) => {
      const a = new Float64Array(dim * dim);
      for (let i = 0; i < dim; i++) a[i * (dim + 1)] = slope ? i / dim : 1 + (i * t) / dim;
      return a;
    };
    const process = anisotropic(edm(), {
      dim,
      covariance: (t) => diagonal(t, false),
      derivative: (t) => diagonal(t, true),
    });
    const two = Float64Array.from({ length: 2 * dim }, (_, k) => Math.sin(k));
    const data = engine.mixture(two, { dim, precision: "f64", sigma0: 0.1 });
    const x = Float64Array.from({ length: dim }, (_, k) => 0.5 * (Math.sin(k) + Math.sin(k + dim)));
    const got = exactScore(data, process).evaluateSync(x, [2.5], ["divergence"]);
    const mixture = { points: two, dim, weights: Float64Array.of(0.5, 0.5), sigma0: 0.1 };
    const { divergence } = evaluatePoint(mixture, levelAt(process, 2.5), x, ["divergence"]);
    expect(Math.abs(at(got.divergence) / divergence - 1)).toBeLessThan(1e-12);
    engine.close();
  });

  it("takes the reference's Euler-Maruyama steps: those of a constant where it stays one", () => {
    const still = anisotropic(edm(), { dim: 2, covariance: () => turning(0.7) });
    const constant = anisotropic(edm(), { covariance: turning(0.7) });
    const mixture = {
      points: Float64Array.from(points),
      dim: 2,
      weights: Float64Array.from(weights),
      sigma0: 0,
    };
    const [a, b] = [still, constant].map(
      (process) =>
        integrate(eulerMaruyama, {
          mixture,
          process,
          times: [2, 1, 0.5],
          initial: Float64Array.of(1, 2),
          seed: 3,
        }).samples,
    ) as [Float64Array, Float64Array];
    a.forEach((value, k) => {
      expect(Math.abs(value - at(b, k))).toBeLessThan(1e-12);
    });
  });

  it.each([
    ["heun", heun(), 0],
    ["rk4", rk4(), 0],
    ["eulerMaruyama", reverseSde(), 0],
    ["heun", heun(), 0.4],
    ["eulerMaruyama", reverseSde(), 0.4],
  ] as const)(
    "is sampled by %s (%#): one point keeps its Gaussian law",
    { tags: ["long"] },
    async (_, sampler, sigma0) => {
      // So slowly that the diffusion matrix stays positive.
      const process = anisotropic(edm(), { dim: 2, covariance: (t) => turning(t / 20) });
      const engine = await createEngine({ threads: 1 });
      const centre = [0.7, -0.4];
      const data = engine.mixture([centre], { dim: 2, sigma0, precision: "f64" });
      const count = 60_000;
      // Steps so small that what they leave is far below the standard errors: 0.0058 of a variance.
      const grid = logarithmic({ steps: 400, tMin: 0.3, tMax: 2 });
      const { samples } = await sample(exactScore(data, process), {
        sampler,
        grid,
        count,
        seed: 4,
        initial: "marginal",
      });
      engine.close();
      const variance = process.matrices?.(0.3).variance;
      const sums = [0, 0, 0, 0, 0];
      for (let i = 0; i < count; i++) {
        const [x, y] = [0, 1].map((d) => at(samples, 2 * i + d) - at(centre, d)) as [number, number];
        [x, y, x * x, x * y, y * y].forEach((value, j) => {
          sums[j] = (sums[j] as number) + value / count;
        });
      }
      const [xx, xy, yy] = [at(variance, 0) + sigma0 ** 2, at(variance, 1), at(variance, 3) + sigma0 ** 2];
      // Five comparisons at 5.7 standard errors in each of five runs: 3e-7 false alarms; 1 % for Euler-Maruyama's steps.
      const bias = sampler.name === "eulerMaruyama" ? 0.01 : 0;
      const expected = [
        [0, Math.sqrt(xx / count)],
        [0, Math.sqrt(yy / count)],
        [xx, xx * (Math.sqrt(2 / count) + bias / 5.7)],
        [xy, Math.sqrt((xx * yy + xy * xy) / count) + (bias / 5.7) * Math.sqrt(xx * yy)],
        [yy, yy * (Math.sqrt(2 / count) + bias / 5.7)],
      ];
      expected.forEach(([value, error], j) => {
        expect(Math.abs(at(sums, j) - (value as number))).toBeLessThan(5.7 * (error as number));
      });
    },
  );

  it("is refused by samplers that take it for a multiple of one matrix", async () => {
    const process = anisotropic(edm(), { dim: 2, covariance: turning });
    const engine = await createEngine({ threads: 1 });
    const data = engine.mixture(Float64Array.from(points), { dim: 2 });
    for (const sampler of [ancestral({ eta: 0.5 }), dpmpp2m()]) {
      await expect(sample(exactScore(data, process), { count: 2, sampler })).rejects.toMatchObject({
        code: "E_UNSUPPORTED",
      });
    }
    engine.close();
    const mixture = {
      points: Float64Array.from(points),
      dim: 2,
      weights: Float64Array.from(weights),
      sigma0: 0,
    };
    for (const step of [posterior, naive({ draws: 1 })]) {
      const run = () => integrate(step, { mixture, process, times: [2, 1], initial: Float64Array.of(1, 2) });
      expect(run).toThrow(expect.objectContaining({ code: "E_UNSUPPORTED" }));
    }
  });

  const bad: [string, unknown, string, string][] = [
    ["no dim", { covariance: turning }, "E_TYPE", "dim"],
    ["dim with a constant", { covariance: turning(0), dim: 2 }, "E_USAGE", "dim"],
    ["another dim", { covariance: turning, dim: 3 }, "E_SHAPE", "covariance(1)"],
    ["a derivative that is none", { covariance: turning, dim: 2, derivative: 3 }, "E_TYPE", "derivative"],
    ["no matrix", { covariance: () => 3, dim: 2 }, "E_TYPE", "covariance(1)"],
    [
      "an indefinite one",
      { covariance: (t: number) => [[0.5 - t]], dim: 1 },
      "E_RANGE",
      "covariance(1)[0][0]",
    ],
    [
      "an asymmetric derivative",
      {
        covariance: turning,
        dim: 2,
        derivative: () => [
          [0, 1],
          [2, 0],
        ],
      },
      "E_RANGE",
      "derivative(1)",
    ],
  ];
  it.each(bad)("refuses %s", (_, options, code, argument) => {
    expect(() => anisotropic(vp(), options as never)).toThrow(expect.objectContaining({ code, argument }));
  });

  it("names the function that throws, and the time", () => {
    const options = {
      dim: 1,
      covariance: (t: number) => {
        if (t < 0.5) throw new Error("too early");
        return [[1]];
      },
    };
    expect(() => anisotropic(edm(), options).matrices?.(0.25)).toThrow(
      expect.objectContaining({
        code: "E_USAGE",
        argument: "covariance",
        message: expect.stringContaining("0.25"),
      }),
    );
    expect(() => anisotropic(edm(), { dim: 1, covariance: (t) => [[t - 0.5]] }).matrices?.(0.25)).toThrow(
      expect.objectContaining({ code: "E_RANGE", argument: "covariance(0.25)[0][0]" }),
    );
  });
});

describe("translate", () => {
  const noisy = processPresets;
  const names = Object.keys(noisy) as (keyof typeof noisy)[];

  it("keeps the exact posterior mean, whatever the processes, and comes back", async () => {
    const engine = await createEngine({ threads: 1 });
    const data = engine.mixture(Float64Array.of(1, 0, -0.5, 0.8, -0.4, -0.9), { dim: 2, precision: "f64" });
    const x = Float64Array.of(0.31, -0.22, 1.4, 0.6);
    const start = 0.6;
    const { posteriorMean } = exactScore(data, edm()).evaluateSync(x, start, ["posteriorMean"]);
    for (const name of names) {
      const to = noisy[name].make();
      const there = translate(x, start, edm(), to);
      expect(Math.abs(to.sigma(there.t) / start - 1)).toBeLessThan(1e-12);
      const mean = exactScore(data, to).evaluateSync(there.x, there.t, ["posteriorMean"]).posteriorMean;
      // Rounding of sigma and of x, each 1e-13, times |mu|^2 / sigma^2 = 3.
      mean.forEach((value, k) => {
        expect(Math.abs(value - (posteriorMean[k] as number)), name).toBeLessThan(1e-12);
      });
      const back = translate(there.x, there.t, to, edm());
      expect(Math.abs(back.t / start - 1)).toBeLessThan(1e-12);
      back.x.forEach((value, k) => {
        expect(Math.abs(value / (x[k] as number) - 1)).toBeLessThan(1e-13);
      });
    }
    expect(Array.from(x)).toEqual([0.31, -0.22, 1.4, 0.6]);
    engine.close();
  });

  it("keeps the type, the end and the shape of the noise", () => {
    const single = translate(Float32Array.of(1, 2), 1, vp(), vp());
    expect(single.x).toEqual(Float32Array.of(1, 2));
    close(single.t, 1, 1e-15);
    const [flat, tilted] = [edm(), ou()].map((base) => anisotropic(base, { covariance: [[2]] })) as [
      Process,
      Process,
    ];
    expect(translate(Float64Array.of(1), 1, flat, tilted).t).toBe(ou().timeOfSigma(1));
    const x = Float64Array.of(1);
    const cases: [() => unknown, string, string][] = [
      [() => translate(x, 100, edm(), songVe()), "E_RANGE", "t"],
      [() => translate(x, 1, edm(), tilted), "E_USAGE", "to"],
      [() => translate(x, 1, flat, anisotropic(ou(), { covariance: [[3]] })), "E_USAGE", "to"],
      [
        () => translate(x, 1, anisotropic(edm(), { dim: 1, covariance: () => [[1]] }), edm()),
        "E_UNSUPPORTED",
        "from",
      ],
      [() => translate([1] as never, 1, edm(), ve()), "E_TYPE", "x"],
      [() => translate(x, 1, "edm" as never, ve()), "E_TYPE", "from"],
      [() => translate(x, Number.NaN, edm(), ve()), "E_NONFINITE", "t"],
      [() => timeOfLogSnr(vp(), -100), "E_RANGE", "value"],
      [() => timeOfLogSnr(vp(), Number.NaN), "E_NONFINITE", "value"],
    ];
    for (const [run, code, argument] of cases) {
      expect(run).toThrow(expect.objectContaining({ name: "VkernelError", code, argument }));
    }
  });

  it.each(names)("log signal-to-noise ratio and its inverse: %s", (name) => {
    const process = noisy[name].make();
    const end = Math.min(process.end, 5);
    for (const part of [1e-3, 0.1, 0.5, 1]) {
      const t = part * end;
      const ratio = logSnrAt(process, t);
      expect(Math.abs(ratio - Math.log(process.alpha(t) ** 2 / process.variance(t)))).toBeLessThan(1e-12);
      close(timeOfLogSnr(process, ratio), t, 1e-13);
    }
    expect(logSnrAt(process, 0)).toBe(Number.POSITIVE_INFINITY);
    expect(timeOfLogSnr(process, Number.POSITIVE_INFINITY)).toBe(0);
  });
});

describe("presets", () => {
  it("have the last levels of their sources", () => {
    const alpha = (name: keyof typeof processPresets) => {
      const process = processPresets[name].make();
      return process.alpha(process.end).toPrecision(2);
    };
    expect(
      (["vp", "songVp", "subVp", "ddpm", "stableDiffusion", "improvedDdpm"] as const).map(alpha),
    ).toEqual(["0.000043", "0.0066", "0.0066", "0.0064", "0.068", "0.000049"]);
    const process = songVe();
    close(process.variance(1), 50 ** 2 - 0.01 ** 2, 1e-12);
    close(process.variance(0.5) + 0.01 ** 2, 0.01 * 50, 1e-12);
    close(subVp().variance(0.37), songVp().variance(0.37) ** 2, 1e-14);
    expect(subVp().alpha(0.37)).toBe(songVp().alpha(0.37));
    for (const { make, description } of Object.values(processPresets)) {
      expect(make().alpha(0)).toBe(1);
      expect(description).toMatch(/\.$|\w$/);
      expect(description).not.toContain("\n");
    }
    expect(Object.isFrozen(processPresets)).toBe(true);
    expect(Object.isFrozen(processPresets.vp)).toBe(true);
  });

  it("refuse bad options", () => {
    for (const make of [
      () => songVe({ sigmaMin: 2, sigmaMax: 1 }),
      () => subVp({ betaMin: 3, betaMax: 2 }),
    ]) {
      expect(make).toThrow(expect.objectContaining({ code: "E_RANGE" }));
    }
    expect(() => songVe({ sigmamin: 1 } as never)).toThrow(expect.objectContaining({ code: "E_USAGE" }));
  });
});
