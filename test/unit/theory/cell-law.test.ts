// Which Voronoi cell, and which end: Cao et al. 2025, Eq. 4.36-4.45 and Fig. 10. Seeds are fixed. Statistical: some 150 shares at 5.7
// standard errors (1.2e-8 each).
import * as v from "vkernel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { normalCdf, owenT } from "../../../src/numeric/special.js";
import { voronoiCells } from "../../../src/theory/voronoi.js";
import { bounded, polygonRule } from "../../../src/theory/polygonRule.js";
import { standardErrors } from "../../shared/statistics.js";

let engine: v.Engine;
let hexagon: v.Mixture<"f64">;
/** No symmetry, weights of its own, cells with one to four sides. */
let uneven: v.Mixture<"f64">;
beforeAll(async () => {
  engine = await v.createEngine({ threads: 2, kernels: "simd" });
  hexagon = engine.mixture(v.polygon().points, { dim: 2, precision: "f64" });
  uneven = engine.mixture(
    [
      [0, 0],
      [1, 0.2],
      [0.3, 2],
      [-1, -1],
      [1.2, -1.1],
      [-0.9, 1.3],
    ],
    { weights: [1, 2, 3, 4, 2, 1], precision: "f64" },
  );
});
afterAll(() => engine.close());

const times = [1, 0.13, 0.016, 0.0003];
/** Sums of some ten masses of Owen's T, each right to 1e-15. */
const ROUNDING = 1e-13;
const sigmaAt = (t: number): number => v.ou().sigma(t);

/** A composite Simpson rule. */
function simpson(f: (x: number) => number, from: number, to: number, cells = 4000): number {
  const h = (to - from) / cells;
  let sum = f(from) + f(to);
  for (let i = 1; i < cells; i++) sum += (i % 2 ? 4 : 2) * f(from + i * h);
  return (sum * h) / 3;
}

describe("Owen's T", () => {
  it("is what its tables and its special values say", () => {
    // Owen (1956), and Patefield and Tandy (2000).
    expect(owenT(0.0625, 0.25)).toBeCloseTo(0.03891193023470137, 15);
    expect(owenT(6.5, 0.4375)).toBeCloseTo(2.000577304850831e-11, 25);
    expect(owenT(7, 0.96875)).toBeCloseTo(6.39906271938987e-13, 27);
    expect(owenT(4.78125, 0.0625)).toBeCloseTo(1.0632974804687463e-7, 21);
    expect(owenT(2, 0.5)).toBeCloseTo(8.625077985522e-3, 13);
    for (const h of [0.1, 1, 3, 8]) {
      expect(owenT(h, 1)).toBeCloseTo(0.5 * normalCdf(h) * normalCdf(-h), 14);
      expect(owenT(h, Number.POSITIVE_INFINITY)).toBeCloseTo(0.5 * normalCdf(-h), 16);
      expect(owenT(-h, 0.3)).toBe(owenT(h, 0.3));
      expect(owenT(h, -3)).toBe(-owenT(h, 3));
    }
    for (const a of [0.2, 1, 5]) expect(owenT(0, a)).toBeCloseTo(Math.atan(a) / (2 * Math.PI), 15);
  });
});

describe("cells", () => {
  it("fill the plane, and areas are those of nearest points", { tags: ["slow"] }, () => {
    const cells = voronoiCells(uneven.points);
    const areas = cells.map((sides) => {
      let area = 0;
      for (const { weight } of polygonRule(bounded(sides, 3), 6)) area += weight;
      return area;
    });
    expect(areas.reduce((a, b) => a + b)).toBeCloseTo(36, 10);
    const side = 0.01;
    const x = Float64Array.from({ length: 2 * 600 * 600 }, (_, i) => {
      const q = i >> 1;
      return side * ((i & 1 ? Math.floor(q / 600) : q % 600) + 0.5) - 3;
    });
    const counted = new Float64Array(6);
    for (const k of v.exactScore(uneven, v.edm()).evaluateSync(x, 1, ["nearest"]).nearest) {
      counted[k] = (counted[k] as number) + side * side;
    }
    // Some 600 squares on walls of length 6, each wrong by up to a half.
    areas.forEach((area, k) => {
      expect(Math.abs(area - (counted[k] as number))).toBeLessThan(0.005);
    });
  });
});

describe("cellLaw", () => {
  it("of the hexagon: the mass of a wedge, by polar coordinates, and its survival by the reflection principle", async () => {
    const law = await v.cellLaw(hexagon, v.ou(), { times });
    times.forEach((t, row) => {
      const sigma = sigmaAt(t);
      /** The mass of N(mu_k, sigma^2 I) in the wedge around mu_0, radially in closed form. */
      const wedge = (k: number): number =>
        simpson(
          (angle) => {
            const [b, across] = [Math.cos(angle) / sigma, Math.sin(angle) / sigma];
            const tail = Math.exp(-0.5 / (sigma * sigma));
            return (
              (tail + Math.sqrt(2 * Math.PI) * b * Math.exp(-0.5 * across * across) * normalCdf(b)) /
              (2 * Math.PI)
            );
          },
          (k * Math.PI) / 3 - Math.PI / 6,
          (k * Math.PI) / 3 + Math.PI / 6,
        );
      let settled = 0;
      for (let k = 0; k < 6; k++) {
        const mass = wedge(k);
        settled += (k % 2 ? -1 : 1) * mass;
        for (let m = 0; m < 6; m++) {
          // Distances around the circle.
          const value = law.joint[(row * 6 + ((m + k) % 6)) * 6 + m] as number;
          expect(Math.abs(6 * value - mass)).toBeLessThan(1e-12);
        }
      }
      expect(Math.abs((law.settled[row] as number) - settled)).toBeLessThan(1e-11);
      expect(law.error[row]).toBeLessThan(ROUNDING);
    });
    [0.25564922343, 0.64696177012, 0.99444159481, 1].forEach((value, row) => {
      expect(law.inFinalCell[row]).toBeCloseTo(value, 10);
    });
    [0.00599807532, 0.34880275485, 0.98888321666, 1].forEach((value, row) => {
      expect(law.settled[row]).toBeCloseTo(value, 10);
    });
  });

  it("of two points, of a square and of an octagon: closed forms", async () => {
    const two = await v.cellLaw(engine.mixture([[-1], [1]], { weights: [1, 3] }), v.edm(), {
      times: [0.2, 1, 5, 0],
    });
    two.times.forEach((sigma, row) => {
      const far = sigma === 0 ? 0 : normalCdf(-1 / sigma);
      expect(Math.abs((two.inFinalCell[row] as number) - (1 - far))).toBeLessThan(ROUNDING);
      expect(Math.abs((two.settled[row] as number) - (1 - 2 * far))).toBeLessThan(ROUNDING);
      // In the left cell and ending on the right one.
      expect(Math.abs((two.joint[row * 4 + 1] as number) - 0.75 * far)).toBeLessThan(ROUNDING);
    });
    expect([...two.ends]).toEqual([0.25, 0.75]);
    const corners = [-1, 1].flatMap((x) => [-1, 1].map((y) => [x, y]));
    const square = await v.cellLaw(engine.mixture(corners), v.edm(), { times: [0.3, 2] });
    square.times.forEach((sigma, row) => {
      const far = normalCdf(-1 / sigma);
      expect(Math.abs((square.inFinalCell[row] as number) - (1 - far) ** 2)).toBeLessThan(ROUNDING);
      expect(Math.abs((square.settled[row] as number) - (1 - 2 * far) ** 2)).toBeLessThan(ROUNDING);
    });
    const ring = Array.from({ length: 8 }, (_, k) => [
      Math.cos((k * Math.PI) / 4),
      Math.sin((k * Math.PI) / 4),
    ]);
    const octagon = await v.cellLaw(engine.mixture(ring, { precision: "f64" }), v.edm(), { times: [0.4] });
    const alternating = Array.from(
      { length: 8 },
      (_, k) => (k % 2 ? -8 : 8) * (octagon.joint[8 * k] as number),
    );
    expect(octagon.settled[0]).toBeCloseTo(
      alternating.reduce((a, b) => a + b),
      12,
    );
    // Five points make wedges of 72 degrees, whose reflections do not close.
    const pentagon = await v.cellLaw(engine.mixture(v.polygon({ count: 5 }).points, { dim: 2 }), v.edm(), {
      times: [0.4],
    });
    expect(pentagon.settled[0]).toBeNaN();
    expect(pentagon.inFinalCell[0]).toBeGreaterThan(0.5);
  });

  it("sums to the weights, and is p_t(z) p(m | z, t) over cells as the kernels have them", {
    tags: ["slow"],
  }, async () => {
    const t = 0.3;
    const law = await v.cellLaw(uneven, v.ou(), { times: [t, 2] });
    for (let row = 0; row < 2; row++) {
      for (let m = 0; m < 6; m++) {
        let sum = 0;
        for (let k = 0; k < 6; k++) sum += law.joint[(row * 6 + k) * 6 + m] as number;
        expect(Math.abs(sum - (uneven.weights[m] as number))).toBeLessThan(ROUNDING);
        expect(law.ends[m]).toBeCloseTo(uneven.weights[m] as number, 15);
      }
      const cells = Array.from({ length: 6 }, (_, k) => law.cells[row * 6 + k] as number);
      expect(cells.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    }
    // Midpoints of squares of side 0.02, turned so that no wall runs along them: some 300 lie on walls, each wrong by up to
    // half of 6e-5, of both signs.
    const side = 0.02;
    const along = Math.round(11 / side);
    const x = new Float64Array(2 * along * along);
    for (let q = 0; q < along * along; q++) {
      const [a, b] = [q % along, Math.floor(q / along)].map((k) => side * (k + 0.5) - 5.5) as [
        number,
        number,
      ];
      x[2 * q] = a * Math.cos(0.4) - b * Math.sin(0.4);
      x[2 * q + 1] = a * Math.sin(0.4) + b * Math.cos(0.4);
    }
    const field = v.exactScore(uneven, v.ou());
    const { nearest, logDensity, posteriorWeights } = await field.evaluate(x, t, [
      "nearest",
      "logDensity",
      "posteriorWeights",
    ]);
    const sums = new Float64Array(36);
    for (let q = 0; q < along * along; q++) {
      const mass = side * side * Math.exp(logDensity[q] as number);
      for (let m = 0; m < 6; m++) {
        const at = (nearest[q] as number) * 6 + m;
        sums[at] = (sums[at] as number) + mass * (posteriorWeights[q * 6 + m] as number);
      }
    }
    sums.forEach((value, i) => {
      expect(Math.abs(value - (law.joint[i] as number))).toBeLessThan(2e-4);
    });
  });

  it("from other starts: what exact draws do, at the horizon too", { tags: ["long"] }, async () => {
    const count = 100_000;
    for (const initial of ["normal", "noise"] as const) {
      const horizon = 0.7;
      const grid = [horizon, 0.3, 0.01, 0];
      const law = await v.cellLaw(uneven, v.ou(), { times: grid, initial, horizon });
      const field = v.exactScore(uneven, v.ou());
      const run = await v.sample(field, {
        sampler: v.posterior(),
        grid: v.times(grid),
        count,
        initial,
        seed: 9,
        record: "all",
      });
      const captured = await v.capture(field, run);
      const states = run.trajectories as Float64Array;
      for (let row = 0; row < 4; row++) {
        expect(law.error[row]).toBeLessThan(1e-9);
        const t = grid[row] as number;
        const part = states.subarray(row * count * 2, (row + 1) * count * 2);
        const cells =
          t > 0
            ? field.evaluateSync(part, t, ["nearest"]).nearest
            : (await v.nearestPoints(part, uneven)).index;
        const hits = new Float64Array(36);
        cells.forEach((k, i) => {
          const at = k * 6 + (captured.nearest[i] as number);
          hits[at] = (hits[at] as number) + 1;
        });
        hits.forEach((hit, i) => {
          const p = law.joint[row * 36 + i] as number;
          // Counts of rare events are skew: some more.
          const allowed = standardErrors * Math.sqrt(p * (1 - p) * count) + 20;
          expect(Math.abs(hit - p * count)).toBeLessThan(allowed);
        });
        expect(law.inFinalCell[row]).toBeCloseTo(captured.shareByTime.inFinalCell.fraction[row] as number, 2);
      }
      expect(law.settled[0]).toBeNaN();
      // Generated weights differ from the data's: Corollary 3.2.
      expect(Math.abs((law.ends[3] as number) - 4 / 13)).toBeGreaterThan(1e-3);
    }
  });

  it("of two points from N(0, 1): the integral over the line", async () => {
    const [horizon, weights] = [0.5, [1, 3]];
    const line = engine.mixture([[-1], [1]], { weights, precision: "f64" });
    const { joint, ends } = await v.cellLaw(line, v.ou(), { times: [horizon], initial: "normal", horizon });
    const { alpha, variance } = { alpha: Math.exp(-0.5), variance: 1 - Math.exp(-1) };
    const right = (x: number): number => 1 / (1 + Math.exp(-(2 * alpha * x) / variance) / 3);
    const density = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
    const mass = simpson((x) => density(x) * right(x), 0, 10);
    expect(Math.abs((joint[3] as number) - mass)).toBeLessThan(1e-10);
    expect(Math.abs((ends[1] as number) - mass - simpson((x) => density(x) * right(x), -10, 0))).toBeLessThan(
      1e-10,
    );
  });

  it("counts points at one position once, for the heaviest; points without weight are absent", async () => {
    const twice = engine.mixture([[-1], [1], [1], [5]], { weights: [2, 1, 3, 0] });
    const law = await v.cellLaw(twice, v.edm(), { times: [1] });
    expect([...law.ends].map((value) => value.toFixed(12))).toEqual(
      [1 / 3, 0, 2 / 3, 0].map((w) => w.toFixed(12)),
    );
    expect(law.inFinalCell[0]).toBeCloseTo(normalCdf(1), 12);
    const one = await v.cellLaw(engine.mixture([[3, 4]]), v.edm(), { times: [1] });
    expect([one.inFinalCell[0], one.settled[0]]).toEqual([1, 1]);
    const none = await v.cellLaw(hexagon, v.edm(), { times: [] });
    expect(none.inFinalCell).toHaveLength(0);
  });

  it("says what is wrong", { tags: ["slow"] }, async () => {
    // biome-ignore lint/suspicious/noExplicitAny: what a caller without types might pass
    const law = v.cellLaw as any;
    const space = engine.mixture([[1, 2, 3]]);
    const wide = engine.mixture([[1, 2]], { sigma0: 0.1 });
    const skew = v.anisotropic(v.edm(), { covariance: Float64Array.of(2, 0, 0, 1) });
    for (const [args, code, argument] of [
      [[[[0, 0]], v.ou(), { times: [1] }], "E_TYPE", "data"],
      [[hexagon, {}, { times: [1] }], "E_TYPE", "process"],
      [[hexagon, v.ou(), {}], "E_TYPE", "times"],
      [[hexagon, v.ou(), { times: [1, -1] }], "E_RANGE", "times[1]"],
      [[hexagon, v.ou(), { times: [Number.NaN] }], "E_NONFINITE", "times[0]"],
      [[hexagon, v.ou(), { times: [1], inital: "normal" }], "E_USAGE", "inital"],
      [[hexagon, v.ou(), { times: [1], initial: "normal" }], "E_USAGE", "horizon"],
      [[hexagon, v.ou(), { times: [1], horizon: 2 }], "E_USAGE", "horizon"],
      [[hexagon, v.ou(), { times: [3], initial: "noise", horizon: 2 }], "E_RANGE", "times[0]"],
      [[hexagon, v.ou(), { times: [0.99999], initial: "noise", horizon: 1 }], "E_LIMIT", "times"],
      [[space, v.ou(), { times: [1] }], "E_UNSUPPORTED", "data"],
      [[wide, v.ou(), { times: [1] }], "E_UNSUPPORTED", "data"],
      [[hexagon, skew, { times: [1] }], "E_UNSUPPORTED", "process"],
      [[hexagon, v.ou(), { times: [1], signal: AbortSignal.abort() }], "E_ABORT", "signal"],
    ] as const) {
      await expect(law(...args)).rejects.toMatchObject({ code, argument });
    }
  });
});

describe("capture of the reverse SDE and of the probability flow", () => {
  /** `steps` of equal ratio in sigma between the four times, then to 0. */
  const gridOf = (steps: number): number[] => {
    const { sigma, timeOfSigma } = v.ou();
    const knots = [...times, 1e-5];
    const grid = knots
      .slice(1)
      .flatMap((to, i) =>
        Array.from({ length: steps }, (_, k) =>
          k === 0
            ? (knots[i] as number)
            : timeOfSigma(sigma(knots[i] as number) * (sigma(to) / sigma(knots[i] as number)) ** (k / steps)),
        ),
      );
    return [...grid, 1e-5, 0];
  };
  const shares = ({ fraction, standardError }: v.Shares, rows: readonly number[]) =>
    rows.map((row) => ({ value: fraction[row] as number, error: standardError[row] as number }));

  it("the hexagon under ou: both shares are the exact ones; what is not seen biases the second upward", {
    tags: ["slow"],
  }, async () => {
    const law = await v.cellLaw(hexagon, v.ou(), { times });
    const field = v.exactScore(hexagon, v.ou());
    const excess: number[] = [];
    for (const steps of [1, 4, 16]) {
      const run = await v.sample(field, {
        sampler: v.posterior(),
        initial: "marginal",
        grid: v.times(gridOf(steps)),
        count: 20_000,
        seed: 5,
        record: "all",
      });
      const { shareByTime } = await v.capture(field, run, { unseen: true });
      const rows = times.map((_, i) => i * steps);
      const { low, high } = shareByTime.unseen as { low: v.Shares; high: v.Shares };
      const seen = shares(shareByTime.settled, rows);
      const [below, above] = [shares(low, rows), shares(high, rows)];
      for (const [i, { value, error }] of shares(shareByTime.inFinalCell, rows).entries()) {
        expect(Math.abs(value - (law.inFinalCell[i] as number))).toBeLessThan(standardErrors * error + 1e-12);
        const truth = law.settled[i] as number;
        const [under, over] = [below[i] as (typeof below)[number], above[i] as (typeof above)[number]];
        expect(under.value).toBeLessThan(truth + standardErrors * under.error + 1e-12);
        expect(over.value).toBeGreaterThan(truth - standardErrors * over.error - 1e-12);
        expect(under.value).toBeLessThanOrEqual(over.value);
        expect(over.value).toBeLessThanOrEqual((seen[i] as (typeof seen)[number]).value);
        // From four steps a decade on the bounds are near, and nearer at sixteen.
        if (steps > 1) expect(over.value - under.value).toBeLessThan(0.2 / steps);
      }
      excess.push((seen[1] as (typeof seen)[number]).value - (law.settled[1] as number));
    }
    // Unseen excursions: of the order of the square root of the step. At t = 0.13: 0.30, 0.21, 0.11.
    expect(excess[1]).toBeGreaterThan(0.15);
    expect((excess[1] as number) / (excess[2] as number)).toBeGreaterThan(1.5);
  });

  it("the flow never crosses a wall of the hexagon: both shares are 1 at all times", {
    tags: ["slow"],
  }, async () => {
    const field = v.exactScore(hexagon, v.ou());
    const run = await v.sample(field, {
      sampler: v.heun(),
      initial: "marginal",
      grid: v.logSnr({ steps: 100, tMin: 1e-5, tMax: 1 }),
      count: 20_000,
      seed: 5,
      record: "all",
    });
    const { inFinalCell, settled, entered } = (await v.capture(field, run)).shareByTime;
    for (const shares of [inFinalCell, settled, entered]) {
      expect(shares.fraction.every((value) => value === 1)).toBe(true);
    }
  });

  it("one wall: the bounds are one number, exact at any step", { tags: ["slow"] }, async () => {
    const two = engine.mixture(
      [
        [-1, 0],
        [1, 0],
      ],
      { precision: "f64" },
    );
    const field = v.exactScore(two, v.edm());
    for (const grid of [
      [1, 1e-4, 0],
      [1, 0.5, 0.3, 1e-4, 0],
    ]) {
      const run = await v.sample(field, {
        sampler: v.posterior(),
        initial: "marginal",
        grid: v.times(grid),
        count: 50_000,
        seed: 2,
        record: "all",
      });
      const { low, high } = (await v.capture(field, run, { unseen: true })).shareByTime.unseen as {
        low: v.Shares;
        high: v.Shares;
      };
      expect(low.fraction).toEqual(high.fraction);
      const truth = 1 - 2 * normalCdf(-1);
      expect(Math.abs((low.fraction[0] as number) - truth)).toBeLessThan(
        standardErrors * (low.standardError[0] as number),
      );
      expect(low.fraction.at(-1)).toBe(1);
    }
  });

  it("of unequal points in space, stated walls and first entries", async () => {
    const space = engine.mixture(
      [
        [0, 0, 0],
        [2, 0, 0],
      ],
      { precision: "f64" },
    );
    const field = v.exactScore(space, v.ou());
    // x / alpha at 0.5, then 1.5, then 0.2 along the first axis; the wall is at 1.
    const [a, b] = [Math.exp(-0.4), Math.exp(-0.1)];
    const states = [
      [0.5 * a, 1, 0],
      [1.5 * a, 1, 0],
      [0.2 * b, 3, 0],
      [0, 0, 0],
    ];
    const run: v.RecordedRun = {
      samples: Float64Array.from(states[3] as number[]),
      count: 1,
      dim: 3,
      times: Float64Array.of(0.5, 0.4, 0.1, 0),
      recorded: Int32Array.of(0, 1, 2, 3),
      trajectories: Float64Array.from(states.flat()),
    };
    const captured = await v.capture(field, run, { unseen: true });
    expect([...captured.firstIndex, ...captured.index]).toEqual([0, 2]);
    expect([...captured.shareByTime.entered.fraction]).toEqual([1, 1, 1, 1]);
    const low = captured.shareByTime.unseen?.low.fraction as Float64Array;
    // From 0.8 to 1 away from the wall, in the variance e^0.2 - 1.
    expect(low[2]).toBeCloseTo(1 - Math.exp(-1.6 / Math.expm1(0.2)), 12);
    expect([low[0], low[1], low[3]]).toEqual([0, 0, 1]);
  });

  it("unseen excursions are asked for rightly", async () => {
    const wide = engine.mixture([[0], [1]], { sigma0: 0.1 });
    const run = await v.sample(v.exactScore(wide, v.edm()), {
      grid: v.times([1, 0.5]),
      count: 3,
      record: "all",
    });
    await expect(v.capture(v.exactScore(wide, v.edm()), run, { unseen: true })).rejects.toMatchObject({
      code: "E_UNSUPPORTED",
    });
    await expect(
      v.capture(v.exactScore(wide, v.edm()), run, { unseen: 1 as unknown as boolean }),
    ).rejects.toMatchObject({ code: "E_TYPE", argument: "unseen" });
  });
});

describe("maps", () => {
  const view = { x: [-2, 2], y: [-1.5, 2.5], width: 41, height: 33 } as const;

  it("cells are the nearest points", async () => {
    const { index, x, y, width, height } = await v.cellMap(uneven, view);
    expect([width, height, x[0], x[40], y[0], y[32]]).toEqual([41, 33, -2, 2, -1.5, 2.5]);
    index.forEach((m, q) => {
      const [px, py] = [x[q % 41] as number, y[Math.floor(q / 41)] as number];
      const squares = Array.from(
        { length: 6 },
        (_, k) =>
          (px - (uneven.points[2 * k] as number)) ** 2 + (py - (uneven.points[2 * k + 1] as number)) ** 2,
      );
      expect(squares[m]).toBeCloseTo(Math.min(...squares), 12);
    });
  });

  it("the flow of two points of unequal weight keeps quantiles: its basins meet where p_t has the left one's mass", async () => {
    const two = engine.mixture(
      [
        [-1, 0],
        [1, 0],
      ],
      { weights: [1, 3], precision: "f64" },
    );
    const t = 0.4;
    const basins = await v.basinMap(v.exactScore(two, v.ou()), {
      t,
      ...view,
      x: [-1, 1],
      width: 201,
      height: 2,
      sampler: v.rk4(),
    });
    const { alpha, sigma } = { alpha: Math.exp(-t), sigma: Math.sqrt(1 - Math.exp(-2 * t)) };
    const cdf = (x: number): number =>
      0.25 * normalCdf((x + alpha) / sigma) + 0.75 * normalCdf((x - alpha) / sigma);
    basins.index.forEach((m, q) => {
      const x = basins.x[q % 201] as number;
      // A place of the grid right at the border may go either way.
      if (Math.abs(cdf(x) - 0.25) > 1e-3) expect(m).toBe(cdf(x) > 0.25 ? 1 : 0);
    });
    expect(basins.index.some((m) => m === 0)).toBe(true);
    expect(Math.max(...basins.distance)).toBeLessThan(1e-2);
  });

  it("basins of the flow come to the cells as t goes to 0; those of the SDE are draws", async () => {
    const field = v.exactScore(uneven, v.ou());
    const cells = await v.cellMap(uneven, view);
    const apart = async (t: number): Promise<number> => {
      const { index } = await v.basinMap(field, { t, ...view });
      return index.filter((m, q) => m !== cells.index[q]).length / index.length;
    };
    const [late, early] = [await apart(1e-3), await apart(0.8)];
    expect(late).toBeLessThan(0.01);
    expect(early).toBeGreaterThan(0.1);
    const [a, b] = [
      await v.basinMap(field, { t: 0.8, ...view, sampler: v.posterior(), seed: 1 }),
      await v.basinMap(field, { t: 0.8, ...view, sampler: v.posterior(), seed: 2 }),
    ];
    expect(a.index).not.toEqual(b.index);
  });

  it("say what is wrong", async () => {
    // biome-ignore lint/suspicious/noExplicitAny: what a caller without types might pass
    const [cells, basins] = [v.cellMap as any, v.basinMap as any];
    const field = v.exactScore(uneven, v.ou());
    for (const [call, code, argument] of [
      [() => cells(uneven, { ...view, widht: 1 }), "E_USAGE", "widht"],
      [() => cells(engine.mixture([[1]]), view), "E_SHAPE", "data"],
      [() => cells(uneven, { ...view, x: [1, 0] }), "E_RANGE", "x"],
      [() => basins(uneven, { t: 1, ...view }), "E_TYPE", "field"],
      [() => basins(field, view), "E_TYPE", "t"],
      [() => basins(field, { t: 1, ...view, grid: v.times([2, 0]) }), "E_RANGE", "grid"],
      [() => basins(field, { t: 1, ...view, signal: AbortSignal.abort() }), "E_ABORT", "signal"],
    ] as const) {
      await expect(call()).rejects.toMatchObject({ code, argument });
    }
  });
});
