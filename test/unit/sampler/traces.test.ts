// The divergences of learned and smoothed fields: closed forms, central differences of the score itself, and log densities along
// the flow against the determinant of its Jacobian. A field without a divergence says why.
import * as v from "vkernel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ntkSlopes, ntkValue, type ReferenceNtk } from "../../../src/dense/plain/ntk.js";

let engine: v.Engine;
let data: v.Mixture<"f64">;
let line: v.Mixture<"f64">;
const process = v.edm();
const times = v.logUniformTimes({ tMin: 0.1, tMax: 2 });
beforeAll(async () => {
  engine = await v.createEngine({ threads: 1 });
  data = engine.mixture(
    [
      [-1, 0.2],
      [0.3, 0.7],
      [0.9, -0.6],
    ],
    { precision: "f64" },
  );
  line = engine.mixture(
    [
      [-1, -0.5],
      [0, 0],
      [1.4, 0.7],
    ],
    { precision: "f64" },
  );
});
afterAll(() => engine?.close());

const places = [
  [0.31, -0.22],
  [-0.57, 0.14],
  [1.13, 0.41],
  [-1.9, -1.2],
];

/** tr J by central differences of the score, at each place. */
async function differences(field: v.ScoreField, t: number, h: number): Promise<number[]> {
  const { dim } = field.data;
  const rows = places.flatMap((x) =>
    Array.from({ length: 2 * dim }, (_, k) =>
      x.map((value, d) => (d === k >> 1 ? value + (k % 2 ? h : -h) : value)),
    ),
  );
  const { score } = await field.evaluate(rows, t, ["score"]);
  return places.map((_, i) => {
    let sum = 0;
    for (let d = 0; d < dim; d++) {
      const [low, high] = [0, 1].map((k) => score[((i * dim + d) * 2 + k) * dim + d] as number) as [
        number,
        number,
      ];
      sum += (high - low) / (2 * h);
    }
    return sum;
  });
}

/** The trace that the quantity "divergence" is made of. */
async function traces(field: v.ScoreField, t: number): Promise<number[]> {
  const { divergence } = await field.evaluate(places, t, ["divergence"]);
  const { beta, diffusion } = field.process;
  return Array.from(divergence, (value) => -(value + 2 * beta(t)) / diffusion(t));
}

const samples = 40;
const squares = {
  count: 3,
  row: ([x, y]: Float64Array, t: number) => [
    (x as number) ** 2 / t,
    (x as number) * (y as number),
    Math.sin(y as number) + 1,
  ],
  slopes: ([x, y]: Float64Array, t: number) => [
    (2 * (x as number)) / t,
    0,
    y as number,
    x as number,
    0,
    Math.cos(y as number),
  ],
};

/** Fields, and the step of differences; those of the ends of a box bend over 1e-2. */
const fields: readonly [string, () => Promise<v.ScoreField>][] = [
  ["ntk, relu", async () => (await v.ntkScore(data, process, { samples, times })).average],
  [
    "ntk, erf",
    async () => (await v.ntkScore(data, process, { samples, times, activation: "erf", ridge: 1e-3 })).fit(),
  ],
  [
    "ntk, relu with biases, deep",
    async () =>
      (await v.ntkScore(data, process, { samples, times, depth: 6, biasVariance: 0.3, weightVariance: 2 }))
        .average,
  ],
  [
    "ntk, erf with biases",
    async () =>
      (
        await v.ntkScore(data, process, {
          samples,
          times,
          depth: 4,
          activation: "erf",
          biasVariance: 0.2,
          ridge: 1e-3,
        })
      ).average,
  ],
  [
    "ntk of one layer",
    async () => (await v.ntkScore(data, process, { samples, times, depth: 1, ridge: 1e-3 })).average,
  ],
  [
    "ntk, a draw with a Gaussian start",
    async () =>
      (await v.ntkScore(data, process, { samples, times, initial: "gaussian", trainingTime: 3 })).draw(4),
  ],
  [
    "ntk, a linear start",
    async () =>
      (
        await v.ntkScore(data, process, {
          samples,
          times,
          trainingTime: 2,
          initial: {
            linear: [
              [0.3, -1, 0.2, 0],
              [0.5, 0.7, 0, 1],
            ],
          },
        })
      ).average,
  ],
  [
    "ntk, an input map with its slopes",
    async () => (await v.ntkScore(data, process, { samples, times, inputMap: squares, ridge: 1e-2 })).average,
  ],
  [
    "features of one's own with their slopes",
    async () =>
      (
        await v.linearScore(data, process, {
          samples,
          times,
          features: v.customFeatures(squares),
          ridge: 1e-3,
        })
      ).average,
  ],
  [
    "smoothed, truncated",
    async () => v.smoothedScore(data, process, { width: 0.4, rule: "quasi", count: 64, truncate: 2 }),
  ],
  [
    "smoothed, Gaussian, truncated",
    async () => v.smoothedScore(data, process, { width: 0.3, kernel: "gaussian", count: 32, truncate: 1.5 }),
  ],
  [
    "smoothed, minimumNorm on a line",
    async () => v.smoothedScore(line, process, { width: 0.5, kernel: "minimumNorm" }),
  ],
];

describe("the quantity divergence is the trace of the score's own derivative", () => {
  it.each(fields)("%s", async (_, make) => {
    const field = await make();
    for (const t of [0.35, 1.1]) {
      const [found, truth] = [await traces(field, t), await differences(field, t, 1e-5)];
      found.forEach((value, i) => {
        const want = truth[i] as number;
        // Differences are right to h^2 times third derivatives and rounding over h: 1e-8 or so of sizes up to 1e3; those of the
        // least mean, which golden sections find to 1e-8, to 1e-3.
        const tolerance = /minimumNorm/.test(_) ? 5e-3 : 2e-5;
        expect(Math.abs(value - want), `${_}, t = ${t}, place ${i}`).toBeLessThan(
          tolerance * (1 + Math.abs(want)),
        );
      });
      expect(Math.max(...truth.map(Math.abs))).toBeGreaterThan(1e-3);
    }
  });

  it("at times of their own, in any order, it is the same to the bit", async () => {
    for (const [name, make] of fields) {
      const field = await make();
      const own = [0.7, 0.2, 0.7, 1.3];
      const both = await field.evaluate(places, own, ["divergence", "score"]);
      for (const [i, t] of own.entries()) {
        const one = await field.evaluate([places[i] as number[]], t, ["divergence", "score"]);
        expect(both.divergence[i], name).toBe(one.divergence[0]);
        expect(both.score.subarray(2 * i, 2 * i + 2), name).toEqual(one.score);
      }
    }
  });
});

describe("the kernel's derivative", () => {
  const rows: [number[], number[]][] = [
    [
      [0.4, -1.1, 0.7],
      [1.2, 0.3, -0.5],
    ],
    [
      [1, 2, 3],
      [1.01, 2.02, 2.99],
    ],
    [
      [1, 0, 0.2],
      [-1, 0.1, -0.2],
    ],
  ];
  const options: ReferenceNtk[] = (["relu", "erf"] as const).flatMap((activation) =>
    [1, 2, 3, 7].flatMap((depth) =>
      [0, 0.4].flatMap((biasVariance) =>
        (["tangent", "covariance"] as const).map((kernel) => ({
          depth,
          activation,
          biasVariance,
          weightVariance: 1.7,
          kernel,
        })),
      ),
    ),
  );
  it.each(options)(
    "$activation of depth $depth, bias $biasVariance, $kernel: central differences",
    (network) => {
      for (const [x, y] of rows) {
        const { square, product } = ntkSlopes(x, y, network);
        for (let d = 0; d < 3; d++) {
          const h = 1e-5;
          const [low, high] = [-h, h].map((by) =>
            ntkValue(
              x.map((value, k) => (k === d ? value + by : value)),
              y,
              network,
            ),
          ) as [number, number];
          const found = 2 * square * (x[d] as number) + product * (y[d] as number);
          expect(Math.abs(found - (high - low) / (2 * h))).toBeLessThan(2e-8 * (1 + Math.abs(found)) + 1e-7);
        }
      }
    },
  );

  it("closed forms: a linear kernel, and relu's of two layers", () => {
    const [x, y] = [
      [0.4, -1.1, 0.7],
      [1.2, 0.3, -0.5],
    ];
    const one = { depth: 1, activation: "relu", weightVariance: 1.5, biasVariance: 0 } as const;
    expect(ntkSlopes(x, y, one)).toEqual({ square: 0, product: 0.5 });
    // k = w^2 / (2 pi) (|x| |y| sin a + 2 (pi - a) x . y) / N0, a the angle between: d/d(x . y) and d/d|x|^2.
    const two = { ...one, depth: 2 };
    const dot = (u: number[], w: number[]) => u.reduce((sum, value, k) => sum + value * (w[k] as number), 0);
    const [xx, yy, xy] = [dot(x, x), dot(y, y), dot(x, y)];
    const a = Math.acos(xy / Math.sqrt(xx * yy));
    const [root, scale] = [Math.sqrt(xx * yy - xy * xy), 1.5 ** 2 / (2 * Math.PI * 3)];
    const { square, product } = ntkSlopes(x, y, two);
    // root + 2 (pi - a) xy; d root / d xy = -xy / root, d a / d xy = -1 / root; d root / d xx = yy / (2 root), d a / d xx = xy / (2 xx root).
    expect(product).toBeCloseTo(scale * (-xy / root + 2 * (Math.PI - a) + (2 * xy) / root), 13);
    expect(square).toBeCloseTo(scale * (yy / (2 * root) - (xy * xy) / (xx * root)), 13);
  });

  it("where rows are parallel, relu's kink has the slope of neither side", () => {
    const network = { depth: 3, activation: "relu", weightVariance: 2, biasVariance: 0 } as const;
    const x = [1, 2, -0.5];
    const { square, product } = ntkSlopes(x, x, network);
    // Along x the kernel is homogeneous of degree 1: its gradient there is the kernel.
    const gradient = x.map((value) => (2 * square + product) * value);
    expect(gradient.reduce((sum, g, k) => sum + g * (x[k] as number), 0)).toBeCloseTo(
      ntkValue(x, x, network),
      12,
    );
  });
});

describe("log densities along the flow of such fields", () => {
  it.each(fields)(
    "%s: minus the log determinant of the flow's Jacobian",
    { tags: ["slow"] },
    async (name, make) => {
      const field = await make();
      const grid = v.logarithmic({ steps: 60, tMin: 0.3, tMax: 1.2 });
      const start = [0.83, -0.46];
      const h = 1e-4;
      const moved = [
        start,
        ...[0, 1].flatMap((d) => [-h, h].map((by) => start.map((x, k) => (k === d ? x + by : x)))),
      ];
      const run = await v.sample(field, { sampler: v.rk4(), grid, initial: moved, logLikelihood: true });
      const of = (row: number, d: number): number => run.samples[2 * row + d] as number;
      const j = (i: number, d: number): number => (of(2 + 2 * d, i) - of(1 + 2 * d, i)) / (2 * h);
      const determinant = j(0, 0) * j(1, 1) - j(0, 1) * j(1, 0);
      const change = run.likelihood?.divergence[0] as number;
      // A kink is passed within h by chance alone; the integral of a divergence that jumps there is of order 1 in the steps.
      expect(Math.abs(change + Math.log(determinant)), name).toBeLessThan(
        /truncated|minimumNorm|relu|layer|Gaussian|linear start/.test(name) ? 2e-2 : 1e-3,
      );
      expect(Math.abs(change)).toBeGreaterThan(0.05);
    },
  );
});

describe("without a divergence, a field says why", () => {
  const refused: readonly [string, () => Promise<v.ScoreField>, RegExp, RegExp][] = [
    [
      "customScore",
      async () => v.customScore(data, process, (x) => x),
      /values of a score tells nothing of its derivative/,
      /customScore takes a divergence/,
    ],
    [
      "customFeatures",
      async () => {
        const { count, row } = squares;
        const features = v.customFeatures({ count, row });
        return (await v.linearScore(data, process, { samples, times, features, ridge: 1e-3 })).average;
      },
      /features that are given by their values tell nothing/,
      /customFeatures takes slopes/,
    ],
    [
      "an input map",
      async () => {
        const { count, row } = squares;
        return (await v.ntkScore(data, process, { samples, times, inputMap: { count, row }, ridge: 1e-2 }))
          .average;
      },
      /input map that is given by its values/,
      /inputMap takes slopes/,
    ],
    [
      "minimumNorm in the plane",
      async () => v.smoothedScore(data, process, { width: 0.4, kernel: "minimumNorm" }),
      /jumps from one direction to another/,
      /"box" or "gaussian"/,
    ],
  ];
  it.each(refused)("%s", async (_, make, reason, way) => {
    const field = await make();
    const grid = v.logarithmic({ steps: 2, tMin: 0.3, tMax: 1.2 });
    const calls = [
      field.evaluate(places, 0.5, ["divergence"]),
      v.logLikelihood(field, places, { grid }),
      v.sample(field, { grid, logLikelihood: true, sampler: v.heun() }),
    ];
    for (const call of calls) {
      const error = await call.then(
        () => undefined,
        (thrown: v.VkernelError) => thrown,
      );
      expect(error?.code).toBe("E_UNSUPPORTED");
      expect(error?.message).toMatch(reason);
      expect(error?.message).toMatch(way);
    }
  });
});
