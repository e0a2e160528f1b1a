import { availableParallelism } from "node:os";
import { createEngine, edm, exactScore } from "vkernel";
import { Baseline } from "../build/ts/src/baseline/baseline.js";
import { makeData } from "./data.js";
import { powerLaw } from "./fit.js";
import { assertAgreement, interleave } from "./measure.js";
import { columns, inWords } from "./tables.js";

/**
 * How times grow: posterior means with one of M, D, the number of queries and that of threads varied, all else kept. On logarithmic
 * axes a power law is a line; its slope is fitted to the upper half of a sweep, where what a call costs whatever its size no longer
 * counts, and says what to expect at 10 and at 100 times the last size.
 *
 * @typedef {{ dim: number, size: number, count: number, threads: number }} Shape
 */

/** Posterior means of unit-scale data: as in 1-kernels. */
const TOLERANCE = 1e-4;
/** Sweeps are many cases: fewer rounds of each than of cases with targets. */
const MOST_ROUNDS = 5;
/** The most dimensions that the library takes. */
const MAX_DIM = 4096;
/** Noise of 0.3 of the data's scale. */
const SHARE = 0.3;

/** @type {Record<string, { of: keyof Shape, base: Shape, sizes: readonly number[] }>} */
const sweeps = {
  "points, D = 2": {
    of: "size",
    base: { dim: 2, size: 0, count: 256, threads: 1 },
    sizes: [16, 64, 256, 1024, 4096, 16_384, 65_536],
  },
  "points, D = 64": {
    of: "size",
    base: { dim: 64, size: 0, count: 64, threads: 1 },
    sizes: [16, 64, 256, 1024, 4096, 16_384],
  },
  dimensions: {
    of: "dim",
    base: { dim: 0, size: 2048, count: 64, threads: 1 },
    sizes: [1, 2, 3, 4, 8, 16, 32, 64, 128, 256],
  },
  "queries, D = 2": {
    of: "count",
    base: { dim: 2, size: 1024, count: 0, threads: 1 },
    sizes: [1, 4, 16, 64, 256, 1024, 4096, 16_384],
  },
  threads: {
    of: "threads",
    base: { dim: 2, size: 4096, count: 4096, threads: 0 },
    sizes: [1, 2, 4, 8, 16, 32, 64].filter((threads) => threads <= availableParallelism()),
  },
};

/** @param {import("./run.js").Context} context */
export async function run({ rounds, matches, say, note, report, law }) {
  for (const [title, { of, base, sizes }] of Object.entries(sweeps)) {
    const name = `scaling with ${title}`;
    if (!matches(name)) continue;
    if (sizes.length < 2) {
      note(`${name} is left out: one processor has no second thread`);
      continue;
    }
    /** Milliseconds by variant, one for each size. @type {Map<string, number[]>} */
    const times = new Map();
    for (const size of sizes) {
      const item = await measure(`${name}, ${size}`, { ...base, [of]: size }, Math.min(rounds, MOST_ROUNDS));
      for (const { name: variant, median } of item.timings)
        times.set(variant, [...(times.get(variant) ?? []), median]);
      report(item);
    }
    say(`\n${name}: milliseconds, and the law that fits the upper half of the sweep`);
    const laws = lawsOf(of, sizes, times);
    for (const one of laws) law({ sweep: title, ...one });
    for (const line of columns(rowsOf(of, sizes, laws))) say(line);
  }
}

/** @param {string} name @param {Shape} shape @param {number} rounds */
async function measure(name, { dim, size, count, threads }, rounds) {
  const sigma = SHARE * Math.sqrt(dim);
  const { points, queries, queries64 } = makeData({ dim, size, count, sigma });
  /** @type {import("./measure.js").Variant[]} */
  const variants = [];
  if (threads === 1) {
    const baseline = new Baseline(points, dim);
    const plain = () => baseline.posteriorMean(queries64, sigma);
    variants.push({ name: "plain, tuned", run: plain, result: plain });
  }
  const engine = await createEngine({ kernels: "simd", threads });
  try {
    const field = exactScore(engine.mixture(points, { dim }), edm());
    const compute =
      threads === 1
        ? () => field.evaluateSync(queries, sigma, ["posteriorMean"]).posteriorMean
        : async () => (await field.evaluate(queries, sigma, ["posteriorMean"])).posteriorMean;
    variants.push({ name: "simd", async: threads > 1, run: compute, result: compute });
    const differences = await assertAgreement(name, variants, { tolerance: TOLERANCE });
    const elements = count * size * dim;
    const timings = await interleave(variants, { rounds, elements });
    return {
      ...{ name, group: "scaling", elements, timings, differences },
      parameters: { dim, size, count, sigma, threads },
      baselines: [variants[0].name],
      targets: [],
    };
  } finally {
    engine.close();
  }
}

/**
 * Sizes of which something is expected; not of more threads than there are or of more dimensions than the library takes.
 *
 * @param {keyof Shape} of
 * @param {readonly number[]} sizes
 */
function further(of, sizes) {
  const last = sizes[sizes.length - 1];
  return of === "threads" ? [] : [10 * last, 100 * last].filter((size) => of !== "dim" || size <= MAX_DIM);
}

/**
 * What fits the upper half of the times of each variant, and what follows for larger sizes.
 *
 * @param {keyof Shape} of
 * @param {readonly number[]} sizes
 * @param {ReadonlyMap<string, readonly number[]>} times
 */
function lawsOf(of, sizes, times) {
  return [...times]
    .filter(([, measured]) => measured.length === sizes.length)
    .map(([variant, measured]) => {
      const from = Math.min(Math.floor(sizes.length / 2), sizes.length - 2);
      const { exponent, factor, worst } = powerLaw(sizes.slice(from), measured.slice(from));
      const expected = further(of, sizes).map((size) => ({ size, milliseconds: factor * size ** exponent }));
      return {
        variant,
        times: measured,
        from: sizes[from],
        to: sizes[sizes.length - 1],
        exponent,
        worst,
        expected,
      };
    });
}

/**
 * A row per variant: its times, the exponent, and what the law says of larger sizes.
 *
 * @param {keyof Shape} of
 * @param {readonly number[]} sizes
 * @param {ReturnType<typeof lawsOf>} laws
 */
function rowsOf(of, sizes, laws) {
  const heads = [
    "",
    ...sizes.map((size) => size.toLocaleString("en")),
    "exponent",
    "off by",
    ...further(of, sizes).map((size) => `expected at ${size.toLocaleString("en")}`),
  ];
  const rows = laws.map(({ variant, times, exponent, worst, expected }) => [
    variant,
    ...times.map((time) => time.toPrecision(3)),
    exponent.toFixed(2),
    `${(100 * (worst - 1)).toFixed(0)}%`,
    ...expected.map(({ milliseconds }) => inWords(milliseconds)),
  ]);
  return [heads, ...rows];
}
