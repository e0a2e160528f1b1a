// Fokker-Planck equations on grids: against laws that are known exactly, orders, mass and sign, bits, bad input.
import * as vkernel from "vkernel";
import {
  anisotropic,
  createEngine,
  customProcess,
  ddpm,
  type Engine,
  edm,
  type FokkerPlanckOptions,
  type FokkerPlanckRun,
  fokkerPlanck,
  type Mixture,
  ou,
  type Process,
  polygon,
  songVe,
  songVp,
  subVp,
  ve,
  vp,
} from "vkernel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { normalMass } from "../../../src/numeric/special.js";
import { readGolden } from "../../golden/files.js";
import { bitsOf, codeOf, difference } from "../../shared/dense.js";
import { fokkerPlanckBits, fokkerPlanckHashes } from "../../shared/fokkerPlanck.js";

const engines = new Map<string, Engine>();
const engineOf = (name: string): Engine => engines.get(name) as Engine;
const kinds = ["simd", "relaxed", "reference"] as const;
beforeAll(async () => {
  engines.set("simd", await createEngine({ threads: 1, kernels: "simd" }));
  engines.set("relaxed", await createEngine({ threads: 1, kernels: "relaxed" }));
  engines.set("reference", await createEngine({ kernels: "reference" }));
});
afterAll(() => {
  for (const engine of engines.values()) engine.close();
});

/** What is promised of the mass. */
const MASS = 1e-12;
/** How far a slope over halved steps may be from the order. */
const SLOPE = 0.15;

interface Golden {
  readonly corollary_3_2: readonly {
    readonly T_star: number;
    readonly y: readonly number[];
    readonly w: readonly number[];
    readonly intermediate: readonly { readonly t: number; readonly z: number; readonly q: number }[];
  }[];
  readonly ou_forward: {
    readonly y: readonly number[];
    readonly w: readonly number[];
    readonly points: readonly {
      readonly t: number;
      readonly x: number;
      readonly rho: number;
      readonly d_rho_dt: number;
    }[];
  };
}
const golden = readGolden<Golden>("g5_reverse.json");
const { y: places, w: weights } = golden.ou_forward;

const line = (engine: Engine, sigma0 = 0): Mixture =>
  engine.mixture(
    places.map((y) => [y]),
    { weights: [...weights], sigma0, precision: "f64" },
  );

/** Cell averages of sum_m w_m N(centre_m, sigma^2), from the normal law. */
function cellsOf(edges: Float64Array, centres: readonly number[], w: readonly number[], sigma: number) {
  return Float64Array.from({ length: edges.length - 1 }, (_, i) => {
    const [a, b] = [edges[i] as number, edges[i + 1] as number];
    let sum = 0;
    centres.forEach((centre, m) => {
      sum += (w[m] as number) * normalMass((a - centre) / sigma, (b - centre) / sigma);
    });
    return sum / (b - a);
  });
}

/** The noised law of the five points, cell by cell. */
const exactLine = (process: Process, t: number, edges: Float64Array, sigma0 = 0): Float64Array => {
  const alpha = process.alpha(t);
  const sigma = Math.sqrt((alpha * sigma0) ** 2 + process.variance(t));
  return cellsOf(
    edges,
    places.map((y) => alpha * y),
    weights,
    sigma,
  );
};

/** int |q - p| */
const distance = (run: FokkerPlanckRun, k: number, exact: Float64Array): number => {
  const q = run.densities[k] as Float64Array;
  const volume = run.edges.reduce((v, e) => v * ((e[1] as number) - (e[0] as number)), 1);
  return q.reduce((sum, value, i) => sum + Math.abs(value - (exact[i] as number)), 0) * volume;
};

/** log2 of the ratios of errors of which each belongs to a step half of that before. */
const slopes = (errors: readonly number[]): number[] =>
  errors.slice(1).map((e, i) => Math.log2((errors[i] as number) / e));

/** Mass, sign and numbers of a run. */
function checkRun(run: FokkerPlanckRun): void {
  for (const mass of run.mass) expect(Math.abs(mass - 1)).toBeLessThan(MASS);
  for (const q of run.densities) expect(q.every((value) => value >= 0 && value < 1e300)).toBe(true);
}

type Direction = "forward" | "reverse" | "deterministic";
const directions = ["forward", "reverse", "deterministic"] as const;

describe("one dimension", () => {
  it.each(directions)(
    "%s: second order in space, to the exact law of the noised data",
    { tags: ["slow"] },
    async (direction) => {
      const data = line(engineOf("simd"));
      const times = direction === "forward" ? [0.2, 0.8] : [0.8, 0.2];
      const errors: number[] = [];
      for (const cells of [48, 96, 192, 384]) {
        // As many steps as make time's errors a hundredth.
        const options = { direction, times, cells, steps: 2400, domain: [-7, 7] } as const;
        const run = await fokkerPlanck(data, ou(), options);
        checkRun(run);
        errors.push(distance(run, 1, exactLine(ou(), times[1] as number, run.edges[0] as Float64Array)));
      }
      for (const slope of slopes(errors)) expect(Math.abs(slope - 2)).toBeLessThan(SLOPE);
      expect(errors[3]).toBeLessThan(2e-3);
    },
  );

  it.each([
    ["forward", "patankar", 2],
    ["forward", "euler", 1],
    ["reverse", "patankar", 2],
    ["reverse", "euler", 1],
  ] as const)(
    "%s, %s: order %d in time, on a grid that stays",
    { tags: ["slow"] },
    async (direction, scheme, order) => {
      const data = line(engineOf("simd"));
      const times = direction === "forward" ? [0.05, 1] : [1, 0.05];
      const solve = (steps: number) =>
        fokkerPlanck(data, ou(), { direction, times, cells: 256, domain: [-7, 7], steps, scheme });
      const limit = (await solve(order === 1 ? 32768 : 8192)).densities[1] as Float64Array;
      const errors: number[] = [];
      for (const steps of [64, 128, 256, 512]) {
        const run = await solve(steps);
        checkRun(run);
        errors.push(distance(run, 1, limit));
      }
      for (const slope of slopes(errors)) expect(Math.abs(slope - order)).toBeLessThan(SLOPE);
    },
  );

  it("deterministic: second order in time, on a grid so fine that nothing else is left", {
    tags: ["slow"],
  }, async () => {
    const errors: number[] = [];
    for (const steps of [12, 24, 48, 96]) {
      const options = {
        direction: "deterministic",
        times: [1, 0.05],
        cells: 12_000,
        domain: [-7, 7],
      } as const;
      const run = await fokkerPlanck(line(engineOf("simd")), ou(), { ...options, steps });
      checkRun(run);
      errors.push(distance(run, 1, exactLine(ou(), 0.05, run.edges[0] as Float64Array)));
    }
    for (const slope of slopes(errors)) expect(Math.abs(slope - 2)).toBeLessThan(SLOPE);
  });

  it.each(kinds)("the golden values of Corollary 3.2 between, %s", { tags: ["slow"] }, async (kind) => {
    for (const { T_star, y, w, intermediate } of golden.corollary_3_2) {
      const data = engineOf(kind).mixture(
        y.map((v) => [v]),
        { weights: [...w], precision: "f64" },
      );
      const times = [...new Set([T_star, ...intermediate.map(({ t }) => t)])].sort((a, b) => b - a);
      // Whole and half numbers are centres of cells of 0.01.
      const run = await fokkerPlanck(data, ou(), {
        direction: "reverse",
        times,
        initial: "normal",
        cells: 1601,
        domain: [-8.005, 8.005],
        steps: 600,
      });
      checkRun(run);
      for (const { t, z, q } of intermediate) {
        const density = run.densities[times.indexOf(t)] as Float64Array;
        const i = Math.round((z + 8) * 100);
        expect(run.axes[0]?.[i]).toBeCloseTo(z, 12);
        const [left, here, right] = density.subarray(i - 1, i + 2) as unknown as [number, number, number];
        // The value at the centre from averages; what is left is the scheme's own error.
        const value = here - (left - 2 * here + right) / 24;
        expect(Math.abs(value - q)).toBeLessThan(3e-5);
      }
    }
  });

  it("the golden values of the forward law and of its slope in time", { tags: ["slow"] }, async () => {
    const { points } = golden.ou_forward;
    expect(points).toHaveLength(12);
    for (const { t, x, rho, d_rho_dt } of points) {
      const h = 0.0025;
      const cells = 4801;
      const dt = 1e-5;
      const run = await fokkerPlanck(line(engineOf("simd")), ou(), {
        direction: "forward",
        times: [t - dt, t, t + dt],
        cells,
        domain: [x - 0.5 * cells * h, x + 0.5 * cells * h],
      });
      const middle = (cells - 1) / 2;
      const [a, b, c] = run.densities.map((q) => q[middle] as number) as [number, number, number];
      // h^2 / 24 rho'' and h^2 / 12 of the flux: below 1e-3 of the largest values where the noise is 0.14 wide.
      const scale = t === 0.01 ? 1 : 0.02;
      expect(Math.abs(b - rho)).toBeLessThan(1e-3 * scale);
      expect(Math.abs((c - a) / (2 * dt) - d_rho_dt)).toBeLessThan(0.05 * scale);
    }
  });

  it("a start of one's own gives Corollary 3.2's law, whatever the process", { tags: ["long"] }, async () => {
    for (const [process, from, to] of [
      [ou(), 1.2, 0.15],
      [edm(), 2, 0.4],
      [songVp(), 0.7, 0.25],
    ] as [Process, number, number][]) {
      const data = line(engineOf("simd"), 0.1);
      const spread = Math.sqrt(process.variance(from));
      // Two bumps that the noised data would not have.
      const start = (x: number): number => {
        const bump = (c: number, s: number): number =>
          Math.exp(-0.5 * ((x - c) / s) ** 2) / (s * Math.sqrt(2 * Math.PI));
        return 0.3 * bump(-1.5 * spread, 0.5 * spread) + 0.7 * bump(0.8 * spread, 0.7 * spread);
      };
      const reach = 9 * spread;
      const run = await fokkerPlanck(data, process, {
        direction: "reverse",
        times: [from, to],
        initial: ([x]) => start(x as number),
        cells: 1500,
        steps: 900,
        domain: [-reach, reach],
      });
      checkRun(run);
      // q(z) = int q_0(y) sum_m P(m | y) N(z; bridge of mu_m and y): Theorem 2 for any process and width.
      const { scale, variance } = process.transition(to, from);
      const total = (t: number): number => (process.alpha(t) * 0.1) ** 2 + process.variance(t);
      const between = (total(to) * variance) / total(from);
      const edges = run.edges[0] as Float64Array;
      const exact = new Float64Array(edges.length - 1);
      const step = spread / 12;
      for (let y = -7 * spread; y <= 7 * spread; y += step) {
        const logs = places.map(
          (mu, m) => Math.log(weights[m] as number) - (y - process.alpha(from) * mu) ** 2 / (2 * total(from)),
        );
        const top = Math.max(...logs);
        const parts = logs.map((l) => Math.exp(l - top));
        const sum = parts.reduce((a, b) => a + b);
        const means = places.map(
          (mu) => (variance * process.alpha(to) * mu + scale * total(to) * y) / total(from),
        );
        const shares = parts.map((p) => (p / sum) * start(y) * step);
        const cells = cellsOf(edges, means, shares, Math.sqrt(between));
        cells.forEach((value, i) => {
          exact[i] = (exact[i] as number) + value;
        });
      }
      const total1 = exact.reduce((a, b) => a + b) * ((edges[1] as number) - (edges[0] as number));
      expect(Math.abs(total1 - 1)).toBeLessThan(1e-9);
      expect(distance(run, 1, exact)).toBeLessThan(5e-4);
      // And not the law of the data, which the marginal start would give.
      expect(distance(run, 1, exactLine(process, to, edges, 0.1))).toBeGreaterThan(0.01);
    }
  });

  const processes: [Process, number, number][] = [
    [edm(), 2, 0.2],
    [ve(), 2, 0.05],
    [vp(), 0.8, 0.03],
    [songVp(), 0.8, 0.05],
    [songVe(), 0.6, 0.35],
    [subVp(), 0.9, 0.15],
    [ou(), 2, 0.04],
    [ddpm({ schedule: "linear" }), 700, 60],
    [customProcess({ beta: (t) => 0.5 + t, diffusion: (t) => 0.3 + 0.2 * t, end: 3 }), 2, 0.1],
  ];
  it.each(processes.map(([process, from, to]) => [process.name, process, from, to] as const))(
    "%s: every equation follows the law of the data",
    { tags: ["long"] },
    async (_, process, from, to) => {
      for (const sigma0 of [0, 0.15]) {
        const data = line(engineOf("simd"), sigma0);
        for (const direction of directions) {
          const times = direction === "forward" ? [to, from] : [from, to];
          const run = await fokkerPlanck(data, process, { direction, times, cells: 800, steps: 400 });
          checkRun(run);
          const exact = exactLine(process, times[1] as number, run.edges[0] as Float64Array, sigma0);
          expect(distance(run, 1, exact)).toBeLessThan(2e-3);
        }
      }
    },
  );
});

describe("two dimensions", () => {
  /** Corners of a rectangle with the weights of a product, so that laws are products too. */
  const ends = { x: [-1, 0.6], y: [-0.3, 0.9], wx: [0.7, 0.3], wy: [0.4, 0.6] };
  const corners = (engine: Engine): Mixture =>
    engine.mixture(
      ends.x.flatMap((x) => ends.y.map((y) => [x, y])),
      { weights: ends.wx.flatMap((a) => ends.wy.map((b) => a * b)), precision: "f64" },
    );
  const outer = (x: Float64Array, y: Float64Array): Float64Array =>
    Float64Array.from({ length: x.length * y.length }, (_, i) => {
      return (x[i % x.length] as number) * (y[Math.floor(i / x.length)] as number);
    });

  it.each(directions)(
    "%s: second order in space and time together",
    { tags: ["slow"] },
    async (direction) => {
      const { points } = polygon();
      const w = [1, 2, 3, 1, 2, 3].map((v) => v / 12);
      const data = engineOf("simd").mixture(points, { dim: 2, weights: w, precision: "f64" });
      const times = direction === "forward" ? [0.2, 0.8] : [0.8, 0.2];
      const errors: number[] = [];
      for (const n of [64, 128, 256]) {
        const run = await fokkerPlanck(data, ou(), {
          ...{ direction, times },
          cells: [n, n + 8],
          steps: n,
          domain: [
            [-5, 5],
            [-5.2, 5.2],
          ],
        });
        checkRun(run);
        const t = times[1] as number;
        const [ex, ey] = run.edges as readonly [Float64Array, Float64Array];
        const sigma = Math.sqrt(ou().variance(t));
        const exact = new Float64Array(n * (n + 8));
        w.forEach((weight, m) => {
          const centre = (d: number): number => ou().alpha(t) * (points[2 * m + d] as number);
          const product = outer(
            cellsOf(ex, [centre(0)], [weight], sigma),
            cellsOf(ey, [centre(1)], [1], sigma),
          );
          product.forEach((value, i) => {
            exact[i] = (exact[i] as number) + value;
          });
        });
        errors.push(distance(run, 1, exact));
      }
      for (const slope of slopes(errors)) expect(Math.abs(slope - 2)).toBeLessThan(0.25);
      expect(errors[2]).toBeLessThan(1e-2);
    },
  );

  it.each(kinds)(
    "data and start that are products give the product of two lines' laws, %s",
    { tags: ["slow"] },
    async (kind) => {
      const engine = engineOf(kind);
      const shared = {
        direction: "reverse",
        times: [1.5, 0.6, 0.15],
        initial: "normal",
        steps: 150,
      } as const;
      const domain: [[number, number], [number, number]] = [
        [-6, 6],
        [-5.6, 5.68],
      ];
      const run = await fokkerPlanck(corners(engine), ou(), { ...shared, cells: [150, 141], domain });
      checkRun(run);
      const lines = await Promise.all(
        (["x", "y"] as const).map((name, axis) =>
          fokkerPlanck(
            engine.mixture(
              ends[name].map((v) => [v]),
              { weights: axis === 0 ? ends.wx : ends.wy, precision: "f64" },
            ),
            ou(),
            { ...shared, cells: [150, 141][axis] as number, domain: domain[axis] as [number, number] },
          ),
        ),
      );
      for (const k of [1, 2]) {
        const [x, y] = lines.map((one) => one.densities[k]) as [Float64Array, Float64Array];
        // The two directions do not touch each other then: equal but for rounding of log densities.
        expect(difference(run.densities[k] as Float64Array, outer(x, y))).toBeLessThan(1e-10);
      }
    },
  );

  it("reflections of the data are reflections of the densities", { tags: ["slow"] }, async () => {
    const data = engineOf("simd").mixture(
      [
        [1, 0.5],
        [-1, 0.5],
        [1, -0.5],
        [-1, -0.5],
      ],
      { precision: "f64" },
    );
    for (const direction of ["reverse", "deterministic"] as const) {
      const n = 96;
      const run = await fokkerPlanck(data, edm(), { direction, times: [2, 0.4], cells: n, steps: 80 });
      checkRun(run);
      const q = run.densities[1] as Float64Array;
      const largest = Math.max(...q);
      for (let j = 0; j < n; j++) {
        for (let i = 0; i < n; i++) {
          const here = q[j * n + i] as number;
          expect(Math.abs(here - (q[j * n + (n - 1 - i)] as number))).toBeLessThan(1e-11 * largest);
          expect(Math.abs(here - (q[(n - 1 - j) * n + i] as number))).toBeLessThan(1e-11 * largest);
        }
      }
    }
  });
});

describe("mass and sign", () => {
  it.each(kinds)("hold at any step, from any start, %s", async (kind) => {
    const engine = engineOf(kind);
    for (const dim of [1, 2] as const) {
      const n = dim === 1 ? 301 : 45;
      const data = engine.mixture(
        Array.from({ length: 5 }, (_, m) => [Math.cos(3 * m), Math.sin(5 * m)].slice(0, dim)),
        { sigma0: 0.2, precision: "f64" },
      );
      const box = Array.from({ length: dim }, () => [-4, 4] as const);
      const spike = new Float64Array(n ** dim);
      spike[Math.floor(0.4 * spike.length)] = (n / 8) ** dim;
      for (const direction of directions) {
        for (const scheme of ["patankar", "euler"] as const) {
          for (const steps of [1, 7]) {
            const times = direction === "forward" ? [0.01, 5] : [5, 0.001];
            const run = await fokkerPlanck(data, ou(), {
              ...{ direction, scheme, steps, times },
              cells: n,
              domain: box,
              initial: spike,
            });
            checkRun(run);
            // Something happened.
            expect(difference(run.densities[1] as Float64Array, spike)).toBeGreaterThan(0.1);
          }
        }
      }
    }
  });

  it("hold over 4,000 steps", async () => {
    const data = line(engineOf("simd"));
    for (const direction of directions) {
      const times = direction === "forward" ? [0.01, 3] : [3, 0.01];
      checkRun(
        await fokkerPlanck(data, ou(), { direction, times, cells: 200, steps: 4000, domain: [-7, 7] }),
      );
    }
  });

  it("the normal law is kept by the Ornstein-Uhlenbeck flow, node by node", async () => {
    const run = await fokkerPlanck(line(engineOf("simd")), ou(), {
      direction: "forward",
      times: [0, 10],
      initial: "normal",
      cells: 160,
    });
    const q = run.densities[1] as Float64Array;
    const x = run.axes[0] as Float64Array;
    // Fluxes vanish for exp(-x^2 / 2) at the centres, so that the limit is it and nothing near it.
    const ratios = x.map((place, i) => (q[i] as number) * Math.exp(0.5 * place * place));
    const centre = ratios[80] as number;
    x.forEach((place, i) => {
      if (Math.abs(place) < 4) expect(Math.abs((ratios[i] as number) / centre - 1)).toBeLessThan(1e-6);
    });
  });
});

describe("motion in a box", () => {
  const process = customProcess({
    beta: () => 0,
    diffusion: () => 1,
    alpha: () => 1,
    variance: (t) => 2 * t,
    end: 100,
    name: "brownian",
  });

  it("forward (2.9): cosines decay as exp(-k^2 t), to the uniform law", async () => {
    const length = 3;
    const data = engineOf("simd").mixture([[1]], { precision: "f64" });
    for (const j of [1, 2, 5]) {
      const k = (Math.PI * j) / length;
      const run = await fokkerPlanck(data, process, {
        direction: "forward",
        boundary: "reflecting",
        times: [0, 0.05, 0.2],
        domain: [0, length],
        cells: 400,
        steps: 400,
        initial: ([x]) => (1 + 0.9 * Math.cos(k * (x as number))) / length,
      });
      checkRun(run);
      run.densities.forEach((q, at) => {
        let amplitude = 0;
        (run.axes[0] as Float64Array).forEach((x, i) => {
          amplitude += (2 / 400) * length * (q[i] as number) * Math.cos(k * x);
        });
        const exact = 0.9 * Math.exp(-k * k * (run.times[at] as number));
        // (k h)^2 / 12 of the exponent in space; steps are a fifth of that.
        expect(Math.abs(amplitude - exact)).toBeLessThan(1e-3 * exact + 1e-4);
      });
    }
  });

  it("forward, reverse (2.10) and deterministic follow the reflected law of the data", {
    tags: ["slow"],
  }, async () => {
    const data = engineOf("simd").mixture([[0.2], [2.5]], { weights: [1, 3], precision: "f64" });
    const exact = (edges: Float64Array, t: number): Float64Array => {
      // All mirror images within 12 periods.
      const images: number[] = [];
      const shares: number[] = [];
      for (let k = -12; k <= 12; k++) {
        for (const [y, w] of [
          [0.2, 0.25],
          [2.5, 0.75],
        ] as const) {
          images.push(y + 6 * k, 6 * k - y);
          shares.push(w, w);
        }
      }
      return cellsOf(edges, images, shares, Math.sqrt(2 * t));
    };
    for (const direction of directions) {
      const times = direction === "forward" ? [0.02, 0.3, 4, 60] : [60, 4, 0.3, 0.02];
      const run = await fokkerPlanck(data, process, {
        ...{ direction, times },
        boundary: "reflecting",
        domain: [0, 3],
        cells: 300,
        steps: 400,
      });
      checkRun(run);
      times.forEach((t, k) => {
        if (t < 10) expect(distance(run, k, exact(run.edges[0] as Float64Array, t))).toBeLessThan(2e-3);
        else for (const q of run.densities[k] as Float64Array) expect(q).toBeCloseTo(1 / 3, 6);
      });
    }
  });

  it("asks for a box that holds the data, and for a process without drift", async () => {
    const data = engineOf("simd").mixture([[1]], { precision: "f64" });
    const run = (p: Process, domain?: [number, number]) =>
      fokkerPlanck(data, p, {
        direction: "forward",
        boundary: "reflecting",
        times: [0.1, 1],
        ...(domain ? { domain } : {}),
      });
    expect(await codeOf(() => run(process))).toBe("E_USAGE");
    expect(await codeOf(() => run(process, [2, 3]))).toBe("E_RANGE");
    expect(await codeOf(() => run(ou(), [0, 3]))).toBe("E_UNSUPPORTED");
  });
});

describe("the unstable reversal (2.3)", () => {
  it("grows each wave number as theory says, corrected for the drift, until rounding has taken over", async () => {
    const data = line(engineOf("simd"));
    const n = 256;
    const waves = [3, 5, 8];
    for (const process of [ou(), ve()]) {
      const width = 4;
      const run = await fokkerPlanck(data, process, {
        direction: "unstable",
        times: [1.5, 1.498, 1.496, 0.2],
        cells: n,
        domain: [-width, width],
        initial: ([x]) =>
          (1 + waves.reduce((s, j) => s + 0.1 * Math.cos((Math.PI * j * ((x as number) + width)) / 8), 0)) /
          8,
      });
      expect(run.illPosed).toBe(true);
      for (const k of [1, 2]) {
        const t = run.times[k] as number;
        const { variance } = process.transition(t, 1.5);
        for (const j of waves) {
          const k0 = (Math.PI * j) / 8;
          const grown = (run.amplitudes[k]?.[j] as number) / (run.amplitudes[0]?.[j] as number);
          const theory = Math.exp(0.5 * k0 * k0 * variance);
          expect((run.growth[k]?.[j] as number) / theory).toBeCloseTo(1, 12);
          // The grid sees k_0 smaller by (k_0 h)^2 / 24; its own growth is followed closely.
          expect(Math.abs(Math.log(grown) / Math.log(theory) - 1)).toBeLessThan(2e-3);
          expect(grown / (run.gridGrowth[k]?.[j] as number)).toBeCloseTo(1, 7);
        }
        expect(run.amplitudes[k]?.[0]).toBeCloseTo(1 / 8, 9);
      }
      // 0.2 is never reached: the smallest waves, which were rounding alone, come to 1e150 before.
      expect(run.times).toHaveLength(3);
      expect(run.stopped?.time).toBeGreaterThan(0.2);
      expect(run.stopped?.largest).toBeGreaterThan(1e149);
      expect(run.densities.every((q) => q.every(Number.isFinite))).toBe(true);
    }
    // The example of the notes: k_0 = 5, s = 1.
    expect(Math.exp(12.5 * -Math.expm1(-2))).toBeCloseTo(4.94e4, -2);
  });

  it("is for one dimension", async () => {
    const data = engineOf("simd").mixture([[0, 0]], { precision: "f64" });
    const run = () => fokkerPlanck(data, ou(), { direction: "unstable", times: [1, 0.5] });
    expect(await codeOf(run)).toBe("E_UNSUPPORTED");
  });
});

describe("bits", () => {
  it.each([
    [1, undefined],
    [2, 3],
  ] as const)(
    "are the promised ones, threads %s, blocks %s",
    { tags: ["slow"] },
    async (threads, blockSize) => {
      const got = await fokkerPlanckBits(vkernel, { threads, ...(blockSize ? { blockSize } : {}) });
      if (process.env.UPDATE_BITS) console.log(got);
      expect(got).toEqual(fokkerPlanckHashes);
      expect(new Set(Object.values(got)).size).toBe(13);
    },
  );

  const cases = (["reverse", "deterministic", "forward"] as const).flatMap((direction) =>
    ([1, 2] as const).map((dim) => [direction, dim] as const),
  );
  it.each(cases)(
    "%s in %d: the same for any number of threads and any block",
    { tags: ["slow"] },
    async (direction, dim) => {
      const options = (engine: Engine): [Mixture, Process, FokkerPlanckOptions<Direction>] => {
        const points = Array.from({ length: 21 }, (_, m) => [Math.cos(2 * m), Math.sin(3 * m)].slice(0, dim));
        const times = direction === "forward" ? [0.1, 0.5, 1] : [1, 0.5, 0.1];
        const cells = dim === 1 ? 6001 : [133, 150];
        const data = engine.mixture(points, { sigma0: 0.1 });
        return [data, ou(), { direction, times, cells, steps: 9 }];
      };
      const found: BigUint64Array[] = [];
      for (const [threads, blockSize] of [
        [1, undefined],
        [2, undefined],
        [3, 1],
      ] as const) {
        const engine = await createEngine({ threads, kernels: "simd", ...(blockSize ? { blockSize } : {}) });
        try {
          const run = await fokkerPlanck(...options(engine));
          found.push(bitsOf(run.densities[2] as Float64Array));
          expect(engine.info.memoryUsed).toBeLessThan(2 ** 16);
        } finally {
          engine.close();
        }
      }
      expect(found[1]).toEqual(found[0]);
      expect(found[2]).toEqual(found[0]);
      const plain = await fokkerPlanck(...options(engineOf("reference")));
      const fast = new Float64Array((found[0] as BigUint64Array).buffer);
      const largest = Math.max(...fast);
      // A few ulp in each of 9 steps; places of faces are ulps of log densities times D dt / h^2, up to 3e4 cells.
      const near = direction === "deterministic" ? 1e-9 : 1e-12;
      expect(difference(plain.densities[2] as Float64Array, fast)).toBeLessThan(near * largest);
    },
  );
});

describe("long calls", () => {
  it.each(["simd", "reference"])(
    "report progress, stop when they are told to, leave no memory: %s",
    async (kind) => {
      const engine = engineOf(kind);
      const data = engine.mixture([[0, 0]], { precision: "f64" });
      const before = engine.info.memoryUsed;
      const abort = new AbortController();
      let reports = 0;
      let last = 0;
      const run = fokkerPlanck(data, ou(), {
        direction: "reverse",
        times: [2, 0.5],
        cells: 512,
        steps: 100_000,
        signal: abort.signal,
        onProgress: (done, total) => {
          expect(done).toBeGreaterThanOrEqual(last);
          expect(done).toBeLessThanOrEqual(total);
          last = done;
          if (++reports === 3) abort.abort();
        },
      });
      expect(await codeOf(() => run)).toBe("E_ABORT");
      expect(reports).toBe(3);
      expect(engine.info.memoryUsed).toBe(before);
      const early = { direction: "reverse", times: [1, 0.5], signal: AbortSignal.abort() } as const;
      expect(await codeOf(() => fokkerPlanck(data, ou(), early))).toBe("E_ABORT");
      const thrown = fokkerPlanck(data, ou(), {
        direction: "forward",
        times: [0.5, 1],
        steps: 100_000,
        onProgress: () => {
          throw new RangeError("mine");
        },
      });
      await expect(thrown).rejects.toThrow("mine");
      expect(engine.info.memoryUsed).toBe(before);
    },
  );
});

describe("bad input", () => {
  const bad = <T>(value: unknown): T => value as T;
  const base = { direction: "reverse", times: [1, 0.1], cells: 64, domain: [-6, 6] } as const;
  const cases: [string, string, RegExp, Partial<Record<string, unknown>>, Process?][] = [
    ["an unknown option", "E_USAGE", /did you mean/, { cell: 3 }],
    ["no direction", "E_TYPE", /direction/, { direction: undefined }],
    ["a misspelt direction", "E_USAGE", /reverse\?/, { direction: "revers" }],
    ["ascending times", "E_RANGE", /times\[1\].*below/, { times: [0.1, 1] }],
    ["a time twice", "E_RANGE", /times\[1\]/, { times: [1, 1] }],
    ["one time", "E_SHAPE", /at least two/, { times: [1] }],
    ["NaN as a time", "E_NONFINITE", /times\[0\]/, { times: [Number.NaN, 1] }],
    ["a time beyond the process", "E_RANGE", /end of vp/, { times: [2, 0.5] }, vp()],
    ["time 0 of points", "E_RANGE", /no density at 0/, { times: [1, 0] }],
    ["cells wider than the noise", "E_RANGE", /at least 12001 along axis 0/, { times: [1, 5e-7] }],
    ["three cells", "E_RANGE", /at least 4/, { cells: 3 }],
    ["cells of two axes", "E_SHAPE", /cells/, { cells: [64, 64] }],
    ["half a cell", "E_RANGE", /cells/, { cells: 64.5 }],
    ["too many cells", "E_LIMIT", /2\^24/, { cells: 2 ** 24 + 1 }],
    [
      "too many densities",
      "E_LIMIT",
      /2\^31/,
      { cells: 2 ** 23, times: Array.from({ length: 300 }, (_, k) => 9 - k / 100) },
    ],
    ["no steps", "E_RANGE", /steps/, { steps: 0 }],
    ["an empty box", "E_RANGE", /low < high/, { domain: [1, 1] }],
    ["an endless box", "E_NONFINITE", /domain/, { domain: [0, Number.POSITIVE_INFINITY] }],
    ["a box beside the law", "E_RANGE", /wider "domain"/, { domain: [8, 12] }],
    ["a start without its box", "E_USAGE", /domain/, { initial: new Float64Array(64), domain: undefined }],
    ["a start of another length", "E_SHAPE", /64 cell averages/, { initial: new Float64Array(63) }],
    ["a start of words", "E_TYPE", /initial\[0\]/, { initial: new Array(64).fill("1") }],
    ["a start of 0", "E_RANGE", /0 on the whole domain/, { initial: new Float64Array(64) }],
    [
      "a negative start",
      "E_RANGE",
      /initial\[3\]/,
      { initial: Array.from({ length: 64 }, (_, i) => (i === 3 ? -1 : 0.1)) },
    ],
    [
      "NaN in the start",
      "E_NONFINITE",
      /initial\[2\]/,
      { initial: Array.from({ length: 64 }, (_, i) => (i === 2 ? Number.NaN : 0.1)) },
    ],
    [
      "a start of integral 2",
      "E_RANGE",
      /integral 1\.9|integral 2/,
      { initial: new Float64Array(64).fill(1 / 6) },
    ],
    ["a function of integral 2", "E_RANGE", /integral/, { initial: () => 1 / 6 }],
    ["a negative function", "E_RANGE", /initial\(/, { initial: () => -1 }],
    ["a function that gives NaN", "E_NONFINITE", /initial\(/, { initial: () => Number.NaN }],
    ["a function that gives words", "E_TYPE", /initial\(/, { initial: () => "1" }],
    ["a misspelt start", "E_USAGE", /marginal\?/, { initial: "marginl" }],
    ["a misspelt scheme", "E_USAGE", /patankar/, { scheme: "pat" }],
    ["anisotropic noise", "E_UNSUPPORTED", /isotropic/, {}, anisotropic(ou(), { covariance: [[2]] })],
    ["a signal that is none", "E_TYPE", /signal/, { signal: 3 }],
  ];
  it.each(cases)("%s: %s", async (_, code, message, change, process = ou()) => {
    for (const kind of ["simd", "reference"]) {
      const data = engineOf(kind).mixture([[0.5]], { precision: "f64" });
      const before = engineOf(kind).info.memoryUsed;
      let error: unknown;
      try {
        await fokkerPlanck(data, process, bad<FokkerPlanckOptions>({ ...base, ...change }));
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
      expect(engineOf(kind).info.memoryUsed).toBe(before);
      data.dispose();
    }
  });

  it("points in space: E_UNSUPPORTED; a mixture that is gone: E_DISPOSED", async () => {
    const data = engineOf("simd").mixture([[0, 0, 0]]);
    const run = () => fokkerPlanck(data, ou(), { direction: "forward", times: [0.1, 1] });
    expect(await codeOf(run)).toBe("E_UNSUPPORTED");
    data.dispose();
    expect(await codeOf(run)).toBe("E_DISPOSED");
  });

  it("more cells than there is memory for: E_MEMORY", async () => {
    const engine = await createEngine({ threads: 1, memory: 2 ** 20 });
    try {
      const data = engine.mixture([[0]], { precision: "f64" });
      const run = () => fokkerPlanck(data, ou(), { direction: "forward", times: [0.5, 1], cells: 1e5 });
      expect(await codeOf(run)).toBe("E_MEMORY");
    } finally {
      engine.close();
    }
  });
});
