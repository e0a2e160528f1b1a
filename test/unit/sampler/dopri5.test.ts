// dopri5 on the kernels: the reference's steps, particle by particle, whatever else runs or ran beside it. Its order and
// tolerances are in orders.test.ts, densities in likelihood.test.ts.
import {
  createEngine,
  dopri5,
  type Engine,
  edm,
  exactScore,
  logLikelihood,
  ou,
  type Process,
  sample,
  songVp,
  times,
  ve,
  vp,
} from "vkernel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const processes: [string, Process][] = [
  ["edm", edm()],
  ["ve", ve()],
  ["vp", vp()],
  ["songVp", songVp()],
  ["ou", ou()],
];
const dims = [1, 2, 3, 4, 5, 6, 7, 9];
const weights = [1, 2, 3, 0, 5, 1e-3, 2];

let engine: Engine;
let plain: Engine;
beforeAll(async () => {
  engine = await createEngine({ kernels: "simd", threads: 1 });
  plain = await createEngine({ kernels: "reference" });
});
afterAll(() => {
  engine.close();
  plain.close();
});

function points(dim: number): Float64Array {
  let state = 1;
  return Float64Array.from({ length: dim * weights.length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32) * 2 - 1;
  });
}

const grid = (process: Process, inner = 0) =>
  times([
    process.timeOfSigma(5),
    ...Array.from({ length: inner }, (_, i) =>
      process.timeOfSigma(5 * (0.05 / 5) ** ((i + 1) / (inner + 1))),
    ),
    process.timeOfSigma(0.05),
  ]);
const largest = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs((a[i] as number) - (b[i] as number));
    if (!(difference <= most)) most = difference;
  }
  return most;
};

/**
 * Kernels and reference choose their steps by the same errors, which differ by rounding: 1e-15 of sums over 1e2 of
 * slopes, some 1e2 steps, grown by the flow between points (at most 1e4).
 */
const tolerance = 1e-9;

describe.each(dims)("the reference's numbers, dim %d", (dim) => {
  it.each(processes)("%s", { tags: ["slow"] }, async (_, process) => {
    for (const sigma0 of [0, 0.2]) {
      for (const logDensities of [false, true]) {
        const options = {
          sampler: dopri5({ rtol: 1e-7, atol: 1e-7 }),
          grid: grid(process, 2),
          count: 20,
          seed: 61,
          logLikelihood: logDensities,
        };
        const set = { dim, weights, sigma0, precision: "f64" } as const;
        const [a, b] = [engine.mixture(points(dim), set), plain.mixture(points(dim), set)];
        const [x, y] = [
          await sample(exactScore(a, process), options),
          await sample(exactScore(b, process), options),
        ];
        a.dispose();
        b.dispose();
        expect(x.stats.evaluations).toBe(y.stats.evaluations);
        expect(largest(x.samples, y.samples)).toBeLessThan(tolerance);
        if (logDensities) {
          // Densities are sharper by 1 / sigma^2 = 400.
          const densities = [x, y].map((run) => run.likelihood?.logDensity ?? []) as [
            Float64Array,
            Float64Array,
          ];
          expect(densities[0].length).toBe(20);
          expect(largest(...densities)).toBeLessThan(400 * tolerance);
        }
      }
    }
  });
});

describe.each(["f32", "f64"] as const)("a run does not see what ran before it: %s", (precision) => {
  it.each(dims)("dim %d", async (dim) => {
    const run = async (on: Engine) => {
      const data = on.mixture(points(dim), { dim, weights, precision });
      const field = exactScore(data, ou());
      const sampler = dopri5({ rtol: 1e-5, atol: 1e-5 });
      const down = await sample(field, {
        sampler,
        grid: grid(ou()),
        count: 33,
        seed: 62,
        logLikelihood: true,
      });
      const up = await logLikelihood(field, down.samples, { sampler, grid: grid(ou()) });
      data.dispose();
      return [down.samples, down.likelihood?.logDensity, up.logDensity, up.latents];
    };
    const fresh = await createEngine({ kernels: "simd", threads: 1 });
    const used = await createEngine({ kernels: "simd", threads: 1 });
    // Memory full of large numbers, given back: what is not written anew shows.
    for (const other of [1, dim + 1, dim + 4]) {
      const data = used.mixture(
        points(other).map((x) => 1e6 * x),
        { dim: other, precision },
      );
      await sample(exactScore(data, edm()), {
        sampler: dopri5({ rtol: 1e-4, atol: 1e-4 }),
        grid: times([1e7, 1e5]),
        count: 500,
        logLikelihood: true,
      });
      data.dispose();
    }
    expect(await run(used)).toEqual(await run(fresh));
    expect(await run(used)).toEqual(await run(fresh));
    fresh.close();
    used.close();
  });
});

it("float32 meets what float32 can", async () => {
  const dim = 2;
  const wide = engine.mixture(points(dim), { dim, weights, precision: "f64" });
  const narrow = engine.mixture(points(dim), { dim, weights });
  const initial = Float64Array.from({ length: 60 }, (_, i) => 5 * Math.sin(1 + i));
  const run = (data: typeof wide | typeof narrow, rtol: number) =>
    sample(exactScore(data, edm()), { sampler: dopri5({ rtol, atol: rtol }), grid: grid(edm()), initial });
  const truth = await run(wide, 1e-12);
  for (const rtol of [1e-3, 1e-4, 1e-5]) {
    // 10 times the tolerance (orders.test.ts), and float32's 1e-6 a hundred times: its steps are some tens.
    expect(largest((await run(narrow, rtol)).samples, truth.samples)).toBeLessThan(10 * rtol + 1e-4);
  }
  wide.dispose();
  narrow.dispose();
});

it("each stretch of a grid by itself gives what the whole grid does", async () => {
  const data = engine.mixture(points(2), { dim: 2, precision: "f64" });
  const all = await sample(exactScore(data, edm()), {
    sampler: dopri5({ rtol: 1e-8, atol: 1e-8 }),
    grid: grid(edm(), 5),
    count: 7,
    record: "all",
  });
  // Each stretch from its own recorded start gives the recorded end.
  for (let i = 0; i + 1 < all.times.length; i++) {
    const rows = (all.trajectories as Float64Array).subarray(14 * i, 14 * (i + 1));
    const one = await sample(exactScore(data, edm()), {
      sampler: dopri5({ rtol: 1e-8, atol: 1e-8 }),
      grid: times([all.times[i] as number, all.times[i + 1] as number]),
      initial: rows,
    });
    expect(
      largest(one.samples, (all.trajectories as Float64Array).subarray(14 * (i + 1), 14 * (i + 2))),
    ).toBeLessThan(1e-7);
  }
  data.dispose();
});
