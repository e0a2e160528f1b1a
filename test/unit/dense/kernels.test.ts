// Tangent kernels and feature maps: against 50-digit numbers, closed forms and the hosts' functions.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEngine, type Engine } from "../../../src/engine.js";
import {
  fourierFeatures,
  type Matrix,
  type NtkOptions,
  ntkDiagonal,
  ntkGram,
  ntkPoints,
  polynomialExponents,
  polynomialFeatures,
  rbfFeatures,
  symmetricEigen,
} from "../../../src/dense/index.js";
import { readGolden } from "../../golden/files.js";
import { bitsOf, codeOf, difference, matrixOf, randomMatrix, relative } from "../../shared/dense.js";

const engines = new Map<string, Engine>();
const engineOf = (name: string): Engine => engines.get(name) as Engine;
const kinds = ["simd", "relaxed", "reference"] as const;

beforeAll(async () => {
  engines.set("simd", await createEngine({ threads: 2, kernels: "simd" }));
  engines.set("relaxed", await createEngine({ threads: 1, kernels: "relaxed" }));
  engines.set("reference", await createEngine({ kernels: "reference" }));
});
afterAll(() => {
  for (const engine of engines.values()) engine.close();
});

/** What is promised of kernel values, relative. */
const KERNEL = 1e-12;

interface Golden {
  readonly psi: readonly (readonly number[])[];
  readonly values: readonly { readonly L: number; readonly K: readonly (readonly number[])[] }[];
}
/** From outside, with 50 digits; rows 0 and 3 are identical. */
const { psi: goldenPsi, values: goldenValues } = readGolden<Golden>("g6_ntk_kernel.json");

const rowOf = ({ data, columns }: Matrix, i: number): number[] => [
  ...data.subarray(i * columns, (i + 1) * columns),
];
const dot = (x: readonly number[], y: readonly number[]): number =>
  x.reduce((sum, v, k) => sum + v * (y[k] as number), 0);

/** The recursion as it is written in textbooks, with the host's functions. */
function textbook(x: readonly number[], y: readonly number[], o: Required<NtkOptions>): number {
  const { weightVariance: w, biasVariance: b } = o;
  const share = w / x.length;
  let [s11, s22, s12] = [share * dot(x, x) + b, share * dot(y, y) + b, share * dot(x, y) + b];
  let k = s12;
  for (let l = 1; l < o.depth; l++) {
    let mean: (p: number, q: number, r: number) => number;
    let slope: number;
    if (o.activation === "relu") {
      mean = (p, q, r) => {
        const size = Math.sqrt(p * q);
        const angle = Math.acos(Math.min(1, r / size));
        return (size * (Math.sin(angle) + (Math.PI - angle) * Math.cos(angle))) / (2 * Math.PI);
      };
      slope = (Math.PI - Math.acos(s12 / Math.sqrt(s11 * s22))) / (2 * Math.PI);
    } else {
      mean = (p, q, r) => (2 / Math.PI) * Math.asin((2 * r) / Math.sqrt((1 + 2 * p) * (1 + 2 * q)));
      slope = 4 / (Math.PI * Math.sqrt((1 + 2 * s11) * (1 + 2 * s22) - 4 * s12 * s12));
    }
    [s11, s22, s12] = [w * mean(s11, s11, s11) + b, w * mean(s22, s22, s22) + b, w * mean(s11, s22, s12) + b];
    k = o.kernel === "covariance" ? s12 : s12 + k * w * slope;
  }
  return k;
}

const settings: Required<NtkOptions>[] = (["relu", "erf"] as const).flatMap((activation) =>
  [1, 2, 3, 6].flatMap((depth) =>
    [
      [1, 0, "tangent"],
      [2, 0, "tangent"],
      [1.7, 0.3, "tangent"],
      [2, 0, "covariance"],
      [1.7, 0.3, "covariance"],
    ].map(([weightVariance, biasVariance, kernel]) => ({
      activation,
      depth,
      weightVariance: weightVariance as number,
      biasVariance: biasVariance as number,
      kernel: kernel as "tangent" | "covariance",
    })),
  ),
);

describe.each(kinds)("tangent kernels, %s", (kind) => {
  it("are those of 50 digits, identical rows among them", async () => {
    expect(goldenValues.length).toBeGreaterThanOrEqual(4);
    for (const { L, K } of goldenValues) {
      const { data } = await ntkGram(engineOf(kind), matrixOf(goldenPsi), undefined, { depth: L });
      expect([L, relative(data, K.flat())]).toEqual([L, expect.toSatisfy((e: number) => e < KERNEL)]);
    }
  });

  it.each(settings)(
    "follow the textbook at wide angles: $kernel, $activation, $depth layers, variances $weightVariance, $biasVariance",
    async (options) => {
      const psi = randomMatrix(23, 3, 1);
      const other = randomMatrix(18, 3, 2);
      const { data } = await ntkGram(engineOf(kind), psi, other, options);
      let compared = 0;
      for (let i = 0; i < 23; i++) {
        for (let j = 0; j < 18; j++) {
          const [x, y] = [rowOf(psi, i), rowOf(other, j)];
          const cosine = dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
          // There acos loses at most one digit per layer, and so do small values of rows that look apart.
          if (Math.abs(cosine) > 0.9) continue;
          compared++;
          const value = textbook(x, y, options);
          const size = Math.sqrt(textbook(x, x, options) * textbook(y, y, options));
          expect(Math.abs((data[i * 18 + j] as number) - value)).toBeLessThan(KERNEL * size);
        }
      }
      expect(compared).toBeGreaterThan(200);
    },
  );

  it("keep their digits where rows are all but parallel or opposite", async () => {
    // N0 = 2, unit rows: S = 1/2, and the angle is known.
    for (const angle of [1e-3, 1e-6, 1e-8, 1e-12, 1e-15]) {
      const pair = matrixOf([
        [1, 0],
        [1, angle],
        [-1, angle],
      ]);
      const { data } = await ntkGram(engineOf(kind), pair, undefined, { depth: 2 });
      const theta = Math.atan(angle);
      const [s11, s22] = [0.5, 0.5 * (1 + angle * angle)];
      const size = Math.sqrt(s11 * s22);
      const near = (size * (Math.sin(theta) + 2 * (Math.PI - theta) * Math.cos(theta))) / (2 * Math.PI);
      expect(Math.abs((data[1] as number) / near - 1)).toBeLessThan(KERNEL);
      // sin - x cos = x^3 / 3 - x^5 / 30 + ...
      const far = (size * (theta ** 3 / 3 - theta ** 5 / 30 - theta * Math.cos(theta))) / (2 * Math.PI);
      expect(Math.abs((data[2] as number) / far - 1)).toBeLessThan(KERNEL);
    }
    // Three layers: 1 - rho' = theta^2 / 2 - theta^3 / (3 pi) + O(theta^4), so theta' follows from theta.
    for (const angle of [1e-5, 1e-7, 1e-9]) {
      const pair = matrixOf([
        [1, 0],
        [1, angle],
      ]);
      const { data } = await ntkGram(engineOf(kind), pair, undefined, { depth: 3 });
      const theta = Math.atan(angle);
      const size = 0.5 * Math.sqrt(1 + angle * angle);
      const layer = (s: number, k: number, t: number): [number, number] => {
        const product = (s * (Math.sin(t) + (Math.PI - t) * Math.cos(t))) / (2 * Math.PI);
        return [product, product + (k * (Math.PI - t)) / (2 * Math.PI)];
      };
      const [, k] = layer(size, size * Math.cos(theta), theta);
      const next = theta * Math.sqrt(1 - (2 * theta) / (3 * Math.PI));
      const [, expected] = layer(size / 2, k, next);
      // The terms left out are of order theta^3 in the angle, below 1e-14 here.
      expect(Math.abs((data[1] as number) / expected - 1)).toBeLessThan(KERNEL);
    }
  });

  it("of a row with itself follow from lengths alone", async () => {
    const psi = randomMatrix(37, 4, 3);
    for (const options of settings) {
      const { activation, depth, kernel, weightVariance: w, biasVariance: b } = options;
      const values = await ntkDiagonal(engineOf(kind), psi, options);
      for (let i = 0; i < 37; i++) {
        let s = (w / 4) * dot(rowOf(psi, i), rowOf(psi, i)) + b;
        let k = s;
        for (let l = 1; l < depth; l++) {
          const slope = activation === "relu" ? 0.5 : 4 / (Math.PI * Math.sqrt(1 + 4 * s));
          s = w * (activation === "relu" ? s / 2 : (2 / Math.PI) * Math.asin((2 * s) / (1 + 2 * s))) + b;
          k = kernel === "covariance" ? s : s + k * w * slope;
        }
        expect(Math.abs((values[i] as number) / k - 1)).toBeLessThan(KERNEL);
      }
    }
  });

  it("are symmetric to the bit; parts of the matrix have its bits; twice a row gives twice the kernel", {
    tags: ["long"],
  }, async () => {
    const psi = randomMatrix(70, 5, 4);
    for (const options of settings) {
      const engine = engineOf(kind);
      const gram = await ntkGram(engine, psi, undefined, options);
      const full = await ntkGram(engine, psi, psi, options);
      expect(bitsOf(full.data)).toEqual(bitsOf(gram.data));
      for (let i = 0; i < 70; i++) {
        for (let j = 0; j < i; j++) expect(gram.data[i * 70 + j]).toBe(gram.data[j * 70 + i]);
      }
      const diagonal = await ntkDiagonal(engine, psi, options);
      expect(bitsOf(diagonal)).toEqual(
        bitsOf(Float64Array.from(diagonal, (_, i) => gram.data[i * 71] as number)),
      );
      const points = await ntkPoints(engine, psi, options);
      const one = await points.rows({ data: psi.data.slice(5 * 33, 5 * 34), rows: 1, columns: 5 });
      expect(bitsOf(one.data)).toEqual(bitsOf(gram.data.slice(33 * 70, 34 * 70)));
      points.dispose();
      points.dispose();
      expect(await codeOf(() => points.rows(psi))).toBe("E_DISPOSED");
      if (options.activation === "erf" || options.biasVariance > 0) continue;
      const twice = await ntkGram(engine, { ...psi, data: psi.data.map((v) => 2 * v) }, psi, options);
      expect(bitsOf(twice.data)).toEqual(bitsOf(gram.data.map((v) => 2 * v)));
    }
  });

  it("do not see rotations, give 0 for rows of zeros, and are positive semidefinite", {
    tags: ["slow"],
  }, async () => {
    const psi = randomMatrix(60, 2, 5);
    const [cosine, sine] = [0.28, 0.96];
    const turned = {
      ...psi,
      data: psi.data.map((v, at) =>
        at % 2 === 0
          ? cosine * v - sine * (psi.data[at + 1] as number)
          : sine * (psi.data[at - 1] as number) + cosine * v,
      ),
    };
    for (const options of settings) {
      const gram = await ntkGram(engineOf(kind), psi, undefined, options);
      const other = await ntkGram(engineOf(kind), turned, undefined, options);
      const largest = Math.max(...gram.data);
      expect(difference(gram.data, other.data)).toBeLessThan(KERNEL * largest);
      const { values } = await symmetricEigen(engineOf(kind), gram);
      expect(values[0]).toBeGreaterThan(-KERNEL * 60 * largest);
      const zeros = await ntkGram(engineOf(kind), matrixOf([[0, 0]]), psi, options);
      expect(zeros.data.every(Number.isFinite)).toBe(true);
      if (options.biasVariance === 0) expect(zeros.data.every((v) => v === 0)).toBe(true);
    }
  });
});

describe.each(kinds)("feature maps, %s", (kind) => {
  it("Gaussians", async () => {
    const x = randomMatrix(41, 3, 6);
    const centres = { ...randomMatrix(30, 3, 7) };
    centres.data.set(x.data.subarray(0, 3));
    const widths = Float64Array.from({ length: 30 }, (_, f) => 0.03 * (f + 1));
    const { data } = await rbfFeatures(engineOf(kind), x, centres, widths);
    expect(data[0]).toBe(1);
    let zeros = 0;
    for (let i = 0; i < 41; i++) {
      for (let f = 0; f < 30; f++) {
        let sum = 0;
        for (let k = 0; k < 3; k++)
          sum += ((x.data[i * 3 + k] as number) - (centres.data[f * 3 + k] as number)) ** 2;
        const exponent = sum / (2 * (widths[f] as number) ** 2);
        const value = data[i * 30 + f] as number;
        if (exponent > 708.4) {
          expect(value).toBeLessThan(2 ** -1021);
          zeros++;
          continue;
        }
        // exp's few ulp, and the exponent's rounding: 6 units of it.
        if (exponent < 708.2)
          expect(Math.abs(value / Math.exp(-exponent) - 1)).toBeLessThan(2 ** -53 * (8 + 6 * exponent));
      }
    }
    expect(zeros).toBeGreaterThan(5);
  });

  it("cosines, to 10^6", async () => {
    // Sixteenths: arguments without rounding, so the host's cosine (below 1 ulp) is the standard.
    const numbers = [...Array(200).keys()]
      .flatMap((k) => [k / 16, 97.0625 * k, 5000.0625 * k, -3.3125 * k])
      .filter((v) => Math.abs(v) < 1e6);
    const x = { data: Float64Array.from(numbers), rows: numbers.length, columns: 1 };
    const { data } = await fourierFeatures(
      engineOf(kind),
      x,
      matrixOf([[1], [0], [-1]]),
      Float64Array.of(0, 0, 0.5),
    );
    numbers.forEach((v, i) => {
      expect(Math.abs((data[3 * i] as number) - Math.cos(v))).toBeLessThan(6e-16);
      expect(data[3 * i + 1]).toBe(1);
      expect(Math.abs((data[3 * i + 2] as number) - Math.cos(0.5 - v))).toBeLessThan(6e-16);
    });
    // Where the cosine is all but 0: the argument's distance to the nearest odd multiple of pi / 2 decides.
    for (const q of [1, 3, 1001, 60_001]) {
      const at = { data: Float64Array.of((q * Math.PI) / 2), rows: 1, columns: 1 };
      const [value] = (await fourierFeatures(engineOf(kind), at, matrixOf([[1]]), new Float64Array(1))).data;
      expect(Math.abs((value as number) - Math.cos(at.data[0] as number))).toBeLessThan(6e-16);
    }
  });

  it("products of maps", async () => {
    const x = randomMatrix(9, 2, 8);
    const w = randomMatrix(5, 2, 9);
    const phases = randomMatrix(5, 1, 10).data;
    const gauss = await rbfFeatures(engineOf(kind), x, w, 0.7);
    const wave = await fourierFeatures(engineOf(kind), x, w, phases);
    const both = await fourierFeatures(engineOf(kind), x, w, phases, { times: gauss });
    expect(bitsOf(both.data)).toEqual(bitsOf(gauss.data.map((v, i) => v * (wave.data[i] as number))));
    const other = await rbfFeatures(engineOf(kind), x, w, 0.7, { times: wave });
    expect(bitsOf(other.data)).toEqual(bitsOf(both.data));
  });

  it("polynomials", async () => {
    expect(polynomialExponents(2, 2).map((e) => [...e])).toEqual([
      [0, 0],
      [1, 0],
      [0, 1],
      [2, 0],
      [1, 1],
      [0, 2],
    ]);
    expect(polynomialExponents(5, 4).length).toBe(126);
    const x = randomMatrix(7, 3, 11);
    const exponents = polynomialExponents(3, 5);
    const powers = await polynomialFeatures(engineOf(kind), x, { degree: 5 });
    const hermite = await polynomialFeatures(engineOf(kind), x, { degree: 5, kind: "hermite" });
    // He_k / sqrt(k!)
    const he = [
      () => 1,
      (v: number) => v,
      (v: number) => (v * v - 1) / Math.sqrt(2),
      (v: number) => (v ** 3 - 3 * v) / Math.sqrt(6),
      (v: number) => (v ** 4 - 6 * v * v + 3) / Math.sqrt(24),
      (v: number) => (v ** 5 - 10 * v ** 3 + 15 * v) / Math.sqrt(120),
    ];
    for (let i = 0; i < 7; i++) {
      exponents.forEach((exponent, f) => {
        const row = rowOf(x, i);
        const product = (of: (v: number, k: number) => number): number =>
          row.reduce((all, v, d) => all * of(v, exponent[d] as number), 1);
        const F = exponents.length;
        expect(Math.abs((powers.data[i * F + f] as number) - product((v, k) => v ** k))).toBeLessThan(1e-15);
        expect(
          Math.abs(
            (hermite.data[i * F + f] as number) - product((v, k) => (he[k] as (v: number) => number)(v)),
          ),
        ).toBeLessThan(1e-14);
      });
    }
    expect((await polynomialFeatures(engineOf(kind), x, { degree: 0 })).data.every((v) => v === 1)).toBe(
      true,
    );
  });
});

describe("bad input", () => {
  const psi = randomMatrix(3, 2, 12);
  const bad = <T>(value: unknown): T => value as T;
  const cases: [string, string, (engine: Engine) => unknown][] = [
    ["no depth", "E_TYPE", (e) => ntkGram(e, psi, undefined, bad({}))],
    ["no options", "E_TYPE", (e) => ntkGram(e, psi, undefined, bad(undefined))],
    ["depth 0", "E_RANGE", (e) => ntkGram(e, psi, undefined, { depth: 0 })],
    [
      "an unknown activation",
      "E_USAGE",
      (e) => ntkGram(e, psi, undefined, { depth: 1, activation: bad("rulu") }),
    ],
    ["no weights", "E_RANGE", (e) => ntkDiagonal(e, psi, { depth: 1, weightVariance: 0 })],
    ["other features", "E_SHAPE", (e) => ntkGram(e, psi, randomMatrix(3, 3, 1), { depth: 1 })],
    ["features beyond squares", "E_RANGE", (e) => ntkPoints(e, matrixOf([[1e150]]), { depth: 1 })],
    ["a width of 0", "E_RANGE", (e) => rbfFeatures(e, psi, psi, 0)],
    ["a width whose square vanishes", "E_RANGE", (e) => rbfFeatures(e, psi, psi, 1e-170)],
    ["widths of another length", "E_SHAPE", (e) => rbfFeatures(e, psi, psi, new Float64Array(2))],
    ["centres of another dimension", "E_SHAPE", (e) => rbfFeatures(e, psi, randomMatrix(3, 3, 1), 1)],
    ["times of another shape", "E_SHAPE", (e) => rbfFeatures(e, psi, psi, 1, { times: psi })],
    [
      "arguments beyond 10^6",
      "E_RANGE",
      (e) => fourierFeatures(e, psi, matrixOf([[1e7, 0]]), new Float64Array(1)),
    ],
    ["a degree that is none", "E_RANGE", (e) => polynomialFeatures(e, psi, { degree: 1.5 })],
    ["too many features", "E_LIMIT", (e) => polynomialFeatures(e, randomMatrix(1, 50, 1), { degree: 6 })],
  ];
  it.each(cases)("%s: %s", async (_, code, work) => {
    for (const kind of ["simd", "reference"]) expect(await codeOf(() => work(engineOf(kind)))).toBe(code);
  });
});
