import { describe, expect, it } from "vitest";
import { anisotropic, edm, ou, type Process, songVp, ve, vp } from "../../build/ts/src/process/index.js";

const processes: [string, Process][] = [
  ["edm", edm()],
  ["ve", ve()],
  ["vp", vp()],
  ["vp, constant rate", vp({ betaMin: 3, betaD: 0 })],
  ["vp, no rate at 0", vp({ betaMin: 0, betaD: 5 })],
  ["songVp", songVp()],
  ["ou", ou()],
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

  it("vp is that of Paper 002, Table 1; songVp has half its rates", () => {
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
