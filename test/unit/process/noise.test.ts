// The Brownian paths of `noise: "shared"`: a value depends on seed, particle and time alone, in every build, and its law
// is that of Brownian motion.
//
// False alarms, for a change of stream: some 70 Kolmogorov-Smirnov distances at 1e-8 and 150 variances and correlations at
// 1.2e-8 (5.7 standard errors): below 3e-6.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  createEngine,
  dopri5,
  edm,
  euler,
  eulerMaruyama,
  exactScore,
  heun,
  naiveScore,
  predictorCorrector,
  sample,
  times,
  ve,
} from "vkernel";
import { beforeAll, describe, expect, it } from "vitest";
import type { SampleJob } from "../../../bindings/job.js";
import type { PathScratch } from "../../../bindings/scratch.js";
import { embedded } from "../../../bindings/embedded.js";
import { instantiate } from "../../../bindings/instantiate.js";
import { Executor } from "../../../bindings/executor.js";
import { BrownianPath, binaryDigits } from "../../../bindings/path.js";
import { brownianPath } from "../../../src/numeric/random.js";
import { normalCdf } from "../../../src/numeric/special.js";
import { distanceBound, ksDistance, standardErrors } from "../../shared/statistics.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const builds = ["simd-local", "relaxed-local"] as const;
type BuildName = (typeof builds)[number];
const built = new Map<BuildName, { executor: Executor; memory: WebAssembly.Memory }>();

beforeAll(async () => {
  // The loader knows how this version of Node is asked for relaxed SIMD, which is done before anything is compiled.
  expect((await embedded.loadModule("relaxed", false))?.build).toBe("relaxed");
  for (const name of builds) {
    const module = await WebAssembly.compile(readFileSync(`${root}build/wasm/${name}.wasm`));
    const memory = new WebAssembly.Memory({ initial: 600, maximum: 65536 });
    built.set(name, { executor: new Executor(await instantiate(module, memory), memory), memory });
  }
});

interface Ask {
  readonly seed?: number;
  readonly dim?: number;
  readonly bytes?: 4 | 8;
  readonly first?: number;
  readonly n: number;
  readonly exponent: number;
}

const OUTPUT = 2 ** 24;
const BASE = 4096;

/** A path of some particles on a build: increments over intervals, `[n, dim]`, divided by sqrt(t - s). */
function kernelPath(name: BuildName, { seed = 77, dim = 1, bytes = 8, first = 0, n, exponent }: Ask) {
  const { executor, memory } = built.get(name) as { executor: Executor; memory: WebAssembly.Memory };
  const width = dim <= 3 ? dim : Math.ceil(dim / (16 / bytes)) * (16 / bytes);
  const size = 8 * n * dim + 64;
  const at = (i: number): number => i * Math.ceil(size / 64) * 64;
  const scratch: PathScratch = { left: at(0), right: at(1), normals: at(2), at: at(3), words: at(4) };
  const job = {
    mixture: { bytes, dim, width },
    seedLow: seed >>> 0,
    seedHigh: Math.floor(seed / 2 ** 32),
  } as unknown as SampleJob;
  expect(BASE + at(5) + 1024).toBeLessThan(OUTPUT);
  const path = new BrownianPath(executor.kernels(8), memory, job, scratch, BASE, first, n);
  return (t: number, s: number): Float64Array => {
    for (const _ of path.increment(OUTPUT, t, s, exponent));
    const Kind = bytes === 4 ? Float32Array : Float64Array;
    const rows = new Kind(memory.buffer, OUTPUT, n * width);
    return Float64Array.from(
      { length: n * dim },
      (_, i) => rows[Math.floor(i / dim) * width + (i % dim)] as number,
    );
  };
}

/** The same by the reference. */
function referencePath({ seed = 77, dim = 1, first = 0, n, exponent }: Ask) {
  return (t: number, s: number): Float64Array => {
    const out = new Float64Array(n * dim);
    for (let p = 0; p < n; p++) {
      const upper = brownianPath(seed, first + p, dim, t, exponent);
      const lower = brownianPath(seed, first + p, dim, s, exponent);
      out.set(
        upper.map((w, d) => (w - (lower[d] as number)) / Math.sqrt(t - s)),
        p * dim,
      );
    }
    return out;
  };
}

/** Times of a run: dyadic, not dyadic, next to each other, over many octaves, and powers of two themselves. */
const ladder = [
  37.123,
  8,
  7.999,
  Math.PI,
  1 + 2 ** -52,
  1,
  0.7,
  0.5,
  0.3,
  0.30000000000000004 - 2 ** -30,
  0.01,
  1e-3,
];
const exponent = -10;

describe.each(builds)("%s", (name) => {
  /**
   * Kernels and reference take normals that differ by 1e-14 relative (`kernels.test.ts`) and add up to 52 of them; an
   * increment over dt loses |W| / sqrt(dt) 1e-16 more, and dt is 2^-52 at least (from 1 to its neighbour).
   */
  const tolerance = (t: number, s: number): number => 1e-12 + (1e-14 * 20) / Math.sqrt(t - s);

  it.each([1, 2, 3, 5])("the reference's numbers: dim %d", (dim) => {
    const ask = { dim, n: 9, first: 1234, seed: 2 ** 45 + 9, exponent };
    const [ours, theirs] = [kernelPath(name, ask), referencePath(ask)];
    for (let i = 0; i + 1 < ladder.length; i++) {
      const [t, s] = [ladder[i] as number, ladder[i + 1] as number];
      const [a, b] = [ours(t, s), theirs(t, s)];
      a.forEach((value, j) => {
        expect(Math.abs(value - (b[j] as number)), `${t} to ${s}`).toBeLessThan(tolerance(t, s));
      });
    }
  });

  it("the same numbers asked for downward, upward, in any order and twice", () => {
    const ask = { dim: 2, n: 7, exponent };
    const pairs = ladder.slice(1).map((s, i) => [ladder[i] as number, s] as const);
    const run = (order: readonly (readonly [number, number])[]) => {
      const path = kernelPath(name, ask);
      return new Map(order.map(([t, s]) => [`${t} ${s}`, path(t, s)]));
    };
    const truth = run(pairs);
    expect(run([...pairs].reverse())).toEqual(new Map([...truth].reverse()));
    const shuffled = [3, 3, 0, 9, 1, 9, 5].map((i) => pairs[i] as readonly [number, number]);
    for (const [key, value] of run(shuffled)) expect(value).toEqual(truth.get(key));
  });

  it("a particle's path knows neither its block nor its neighbours", () => {
    const whole = kernelPath(name, { dim: 2, n: 10, exponent })(Math.PI, 0.3);
    for (const [first, n] of [
      [0, 3],
      [3, 7],
      [9, 1],
    ] as const) {
      const part = kernelPath(name, { dim: 2, n, first, exponent })(Math.PI, 0.3);
      expect(part).toEqual(whole.slice(2 * first, 2 * (first + n)));
    }
  });

  it("float32 is the rounded float64, bit for bit, and padding is not written to", () => {
    for (const dim of [1, 2, 3, 5]) {
      for (const [t, s] of [
        [8, 7.999],
        [Math.PI, 0.3],
      ] as const) {
        const wide = kernelPath(name, { dim, n: 9, exponent })(t, s);
        const narrow = kernelPath(name, { dim, bytes: 4, n: 9, exponent })(t, s);
        expect(narrow).toEqual(Float64Array.from(wide, Math.fround));
      }
    }
  });

  it("increments add up: a finer grid sees the same path", () => {
    const path = kernelPath(name, { dim: 2, n: 50, exponent });
    const [t, s] = [5.3, 0.013];
    const whole = path(t, s).map((z) => z * Math.sqrt(t - s));
    for (const steps of [2, 7, 64]) {
      const list = Array.from({ length: steps + 1 }, (_, i) =>
        i === 0 ? t : i === steps ? s : t * (s / t) ** (i / steps),
      );
      const sum = new Float64Array(whole.length);
      for (let i = 0; i < steps; i++) {
        const [a, b] = [list[i] as number, list[i + 1] as number];
        path(a, b).forEach((z, j) => {
          sum[j] = (sum[j] as number) + z * Math.sqrt(a - b);
        });
      }
      sum.forEach((value, j) => {
        expect(Math.abs(value - (whole[j] as number))).toBeLessThan(1e-13 * steps);
      });
    }
  });

  it("where it counts from does not matter to an increment above", () => {
    // W_t - W_s above 2^exponent: the sums below cancel, to rounding.
    const [t, s] = [Math.PI, 0.3];
    const low = kernelPath(name, { n: 20, exponent: -30 })(t, s);
    const high = kernelPath(name, { n: 20, exponent: -2 })(t, s);
    low.forEach((z, i) => {
      expect(Math.abs(z - (high[i] as number))).toBeLessThan(1e-12);
    });
  });
});

describe("the law of increments", () => {
  const n = 100_000;
  const path = (seed: number, low = exponent) => kernelPath("simd-local", { n, seed, exponent: low });
  const correlation = (a: Float64Array, b: Float64Array): number => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += (a[i] as number) * (b[i] as number);
    return Math.abs(sum) / Math.sqrt(n);
  };
  /** Standard normal: distance of distribution functions, and the variance. */
  function expectStandard(z: Float64Array, what: string): void {
    let squares = 0;
    for (const value of z) squares += value * value;
    expect(Math.abs(squares / n - 1) / Math.sqrt(2 / n), what).toBeLessThan(standardErrors);
    expect(ksDistance(z.slice(), normalCdf), what).toBeLessThan(distanceBound(n));
  }

  const grids: [string, number[], number][] = [
    ["within an octave, dyadic", [2, 1.75, 1.5, 1.25, 1], 0],
    ["within an octave, not dyadic", [1.9, 1.7, 1.3, 1.1, 1.05], 0],
    ["across octaves", [40, 9, 3.3, 1, 0.26, 0.25, 0.011], -7],
    ["whole octaves", [16, 8, 4, 1, 0.5], -1],
    ["unequal neighbours", [1.5, 1.5 - 1e-4, 1.5 - 2e-4, 1.2, 1.2 - 1e-6], 0],
    [
      "tiny: 2^-30 of the time",
      [3 * (1 + 2 ** -30), 3, 3 * (1 - 2 ** -30), 2 * (1 + 2 ** -30), 2, 2 * (1 - 2 ** -30)],
      0,
    ],
  ];
  it.each(grids)("%s: standard normal and independent", { tags: ["slow"] }, (_, list, low) => {
    const of = path(91, low);
    const increments = list.slice(1).map((s, i) => of(list[i] as number, s));
    increments.forEach((z, i) => {
      expectStandard(z, `${list[i]} to ${list[i + 1]}`);
      for (let j = 0; j < i; j++) {
        const other = increments[j] as Float64Array;
        expect(correlation(z, other), `${i} and ${j}`).toBeLessThan(standardErrors);
        // Squares less 1 have variance 2 each.
        const squares = [z, other].map((a) => a.map((x) => (x * x - 1) / Math.SQRT2)) as [
          Float64Array,
          Float64Array,
        ];
        expect(correlation(...squares), `squares of ${i} and ${j}`).toBeLessThan(standardErrors);
      }
    });
  });

  it("overlapping intervals are correlated as they overlap", () => {
    const of = path(92);
    // Cov(W_3 - W_1, W_2 - W_0.5) = 1; over sqrt(2 * 1.5).
    const [a, b] = [of(3, 1), of(2, 0.5)];
    const truth = 1 / Math.sqrt(3);
    let sum = 0;
    for (let i = 0; i < n; i++) sum += (a[i] as number) * (b[i] as number) - truth;
    // Var(ab) = 1 + truth^2
    expect(Math.abs(sum) / Math.sqrt(n * (1 + truth ** 2))).toBeLessThan(standardErrors);
  });

  it("particles, coordinates and seeds are independent", { tags: ["slow"] }, () => {
    const [t, s] = [2.7, 0.3];
    const one = path(93)(t, s);
    expect(correlation(one, path(94)(t, s))).toBeLessThan(standardErrors);
    expect(
      correlation(one, kernelPath("simd-local", { n, seed: 93, first: n, exponent })(t, s)),
    ).toBeLessThan(standardErrors);
    const both = kernelPath("simd-local", { n, seed: 93, dim: 2, exponent })(t, s);
    const [x, y] = [0, 1].map((d) => both.filter((_, i) => i % 2 === d)) as [Float64Array, Float64Array];
    expectStandard(x, "x");
    expectStandard(y, "y");
    expect(correlation(x, y)).toBeLessThan(standardErrors);
  });
});

describe("binaryDigits", () => {
  it("takes every normal number apart exactly", () => {
    for (const t of [1, 2, 0.5, Math.PI, 1e-300, 1e300, 1 + 2 ** -52, 2 ** -1022, 0.1]) {
      const { exponent: e, digits } = binaryDigits(t);
      expect(2 ** e * (1 + digits * 2 ** -52)).toBe(t);
    }
  });
});

describe('noise: "shared" through the public API', () => {
  it("every build, precision and grid sees one path", async () => {
    // ve without drift: a single point seen from far away adds D (mu - x) / t dt, which one evaluation gives exactly.
    const list = [1.7, 1.1, 0.9, 0.35];
    const increments = async (kernels: "simd" | "relaxed" | "reference", precision: "f32" | "f64") => {
      const engine = await createEngine({ kernels, threads: 1 });
      const data = engine.mixture([[0, 0]], { precision });
      const run = await sample(exactScore(data, ve()), {
        sampler: eulerMaruyama(),
        grid: times(list),
        noise: "shared",
        seed: 2 ** 33 + 5,
        count: 11,
        record: "all",
      });
      engine.close();
      const x = run.trajectories as Float64Array;
      // x' = x - dt x / t + sqrt(dt) z
      return Float64Array.from({ length: 3 * 22 }, (_, i) => {
        const [t, s] = [list[Math.floor(i / 22)] as number, list[Math.floor(i / 22) + 1] as number];
        return ((x[i + 22] as number) - (x[i] as number) * (1 - (t - s) / t)) / Math.sqrt(t - s);
      });
    };
    const truth = Float64Array.from(
      list
        .slice(1)
        .flatMap((s, i) =>
          Array.from(referencePath({ dim: 2, n: 11, seed: 2 ** 33 + 5, exponent: -2 })(list[i] as number, s)),
        ),
    );
    for (const kernels of ["simd", "relaxed", "reference"] as const) {
      for (const precision of ["f32", "f64"] as const) {
        const got = await increments(kernels, precision);
        got.forEach((z, i) => {
          // Float32 states of size 2 round by 1.2e-7 per step, over sqrt(0.2).
          expect(Math.abs(z - (truth[i] as number))).toBeLessThan(precision === "f64" ? 1e-12 : 2e-6);
        });
      }
    }
  });

  it("samplers that take none ignore it, samplers with draws of their own refuse it", async () => {
    const engine = await createEngine({ threads: 1 });
    const data = engine.mixture([
      [0, 0],
      [1, 2],
    ]);
    const field = exactScore(data, edm());
    for (const sampler of [euler(), heun(), dopri5()]) {
      const [a, b] = await Promise.all(
        (["shared", "independent"] as const).map((noise) => sample(field, { sampler, count: 5, noise })),
      );
      expect(a?.samples).toEqual(b?.samples);
    }
    // Churn takes an increment of the path.
    const [a, b] = await Promise.all(
      (["shared", "independent"] as const).map((noise) =>
        sample(field, { sampler: heun({ churn: 1 }), noise, count: 5 }),
      ),
    );
    expect(a?.samples).not.toEqual(b?.samples);
    await expect(sample(field, { sampler: predictorCorrector(), noise: "shared", count: 1 })).rejects.toThrow(
      /noise/,
    );
    await expect(sample(naiveScore(data, edm()), { noise: "shared", count: 1 })).rejects.toThrow(/noise/);
    engine.close();
  });
});
