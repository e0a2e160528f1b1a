import { fokkerPlanck, type FokkerPlanckDirection, type FokkerPlanckRun, ou, twoPoints } from "vkernel";
import { normalCdf } from "vkernel/internal";
import type { Bench } from "../bench.js";
import type { Card, Cards } from "../held.js";
import { at, largest, withData } from "../measure.js";
import { totalVariation } from "./draws.js";

const points = twoPoints({ dim: 1 }).points;

/** Wave number 5 on [-pi, pi] is cosine mode 10. */
const K0 = 5;
const MODE = 10;
const SHORT = 0.1;
/** k0^2 (1 - e^-2s) / 2: the drift moves k, so that s = 1 counts less than diffusion alone would have it. */
const exponent = (s: number): number => (K0 * K0 * -Math.expm1(-2 * s)) / 2;

/** What the mode grew by when diffusion was run backward for a time s, as a logarithm, on n cells. */
async function growth(bench: Bench, n: number, s: number): Promise<{ log: number; onGrid: number }> {
  const T = 1;
  return withData(
    bench,
    points,
    "f64",
    async (data) => {
      const initial = Float64Array.from({ length: n }, (_, i) => {
        const wave = Math.cos((MODE * Math.PI * (i + 0.5)) / n);
        return (1 + 0.01 * wave) / (2 * Math.PI);
      });
      const run = await fokkerPlanck(data, ou(), {
        direction: "unstable",
        times: [T, T - s],
        cells: n,
        domain: [-Math.PI, Math.PI],
        initial,
        signal: bench.signal,
      });
      const [before, after] = run.amplitudes as [Float64Array, Float64Array];
      return {
        log: Math.log(at(after, MODE) / at(before, MODE)),
        onGrid: Math.log(at(run.gridGrowth[1], MODE)),
      };
    },
    1,
  );
}

const unstable: Card = {
  kernels: [],
  async measure(bench) {
    const sizes = [20, 28, 40] as const;
    const logs: number[] = [];
    for (const n of sizes) logs.push((await growth(bench, n, SHORT)).log);
    // Second differences see k^2 (1 - (kh)^2 / 12 + (kh)^4 / 360 - ...): three grids take the first two terms away.
    const h = sizes.map((n) => ((2 * Math.PI) / n) ** 2);
    let measured = 0;
    for (let i = 0; i < 3; i++) {
      let weight = 1;
      for (let j = 0; j < 3; j++) if (j !== i) weight *= at(h, j) / (at(h, j) - at(h, i));
      measured += weight * at(logs, i);
    }
    const theory = exponent(SHORT);
    // The third term: k^6 h^6 / 20160, with the three steps' squares in place of h^6.
    const left = (K0 ** 6 * at(h, 0) * at(h, 1) * at(h, 2)) / 20160;
    return {
      measured,
      theory,
      // Beside it the time steps, 1e-5 of the growth.
      tolerance: 2 * left * theory + 2e-5,
      details: [
        ...sizes.map((n, i) => [`${n} cells`, at(logs, i)] as const),
        ["grows by, at s = 0.1", Math.exp(theory)],
        ["by theory at s = 1", Math.exp(exponent(1))],
        ["wave number 20 at s = 1, its logarithm", 16 * exponent(1)],
        ["exp(k² s) of Eq. 2.9, without a drift, at s = 1", Math.exp(K0 * K0)],
      ],
      note: "From three coarse grids; a fine one would be lost to rounding before the time is up, which is the point.",
    };
  },
};

const blowUp: Card = {
  kernels: [],
  measure: (bench) =>
    withData(
      bench,
      points,
      "f64",
      async (data) => {
        const [T, n] = [1, 256];
        const list = Array.from({ length: 41 }, (_, i) => T - i * 1e-3);
        const run = await fokkerPlanck(data, ou(), {
          direction: "unstable",
          times: list,
          cells: n,
          signal: bench.signal,
        });
        const h = (at(run.axis, 1) - at(run.axis, 0)) ** 2;
        const peak = (k: number): number => {
          const density = run.densities[k];
          return largest(density.length, (i) => Math.abs(at(density, i)));
        };
        const first = peak(0);
        let k = 0;
        while (k < run.times.length && peak(k) < 2 * first) k++;
        const s = k < run.times.length ? T - at(run.times, k) : T;
        // The fastest mode, k^2 = 4 / h^2, grows by exp(k^2 v / 2) from a rounding of 2^-53 at the least and of 2^-53 times a
        // thousand operations at the most: s lies between the two.
        const variance = (log: number): number => (log * h) / 2;
        const timeOf = (v: number): number => -0.5 * Math.log1p(-v);
        const [early, late] = [timeOf(variance(Math.log(2 ** 43))), timeOf(variance(Math.log(2 ** 63)))];
        return {
          measured: s,
          theory: (early + late) / 2,
          tolerance: (late - early) / 2 + 1e-3,
          details: [
            ["cells", n],
            ["largest value at the start", first],
            [
              "stopped where",
              run.stopped ? `values reached ${run.stopped.largest.toExponential(1)}` : "it was not",
            ],
          ],
          note: "Nothing was added to the start but the last digit of float64. The equation has no stable solution.",
        };
      },
      1,
    ),
};

const TIMES = [2, 1, 0.3, 0.05] as const;

/** P(X_t <= x) for the two points. */
const cdfAt = (t: number): ((x: number) => number) => {
  const [alpha, sigma] = [Math.exp(-t), Math.sqrt(-Math.expm1(-2 * t))];
  return (x) => (normalCdf((x + alpha) / sigma) + normalCdf((x - alpha) / sigma)) / 2;
};

const stable = (
  bench: Bench,
  direction: FokkerPlanckDirection & ("reverse" | "deterministic"),
  refine: number,
): Promise<FokkerPlanckRun> =>
  withData(
    bench,
    points,
    "f64",
    (data) =>
      fokkerPlanck(data, ou(), {
        direction,
        times: [...TIMES],
        cells: 256 * refine,
        steps: 200 * refine,
        signal: bench.signal,
      }),
    1,
  );

/** The integral of |q - law of the data| at the last time. */
const distance = (run: FokkerPlanckRun): number => {
  const last = TIMES.length - 1;
  return 2 * totalVariation(run.densities[last], run.edges[0], cdfAt(TIMES[last]));
};

const returns = (direction: "reverse" | "deterministic", kernels: readonly string[]): Card => ({
  kernels,
  async measure(bench) {
    const [coarse, fine] = [await stable(bench, direction, 1), await stable(bench, direction, 2)];
    const [far, near] = [distance(coarse), distance(fine)];
    return {
      measured: near,
      theory: 0,
      relation: "at most",
      // Second order in cells and steps: halving both divides the distance by four. Twice that, and the coarse distance itself
      // bounded by a hundredth: a scheme that converges to something else is seen by either.
      tolerance: Math.min(far, 0.002) / 2,
      details: [
        ["256 cells, 200 steps", far],
        ["512 cells, 400 steps", near],
        ["ratio", far / near],
        ["mass, fine run", at(fine.mass, TIMES.length - 1)],
        ["least value, fine run", Math.min(...fine.densities[TIMES.length - 1])],
      ],
    };
  },
});

export const reverseCard = returns("reverse", ["diffuseStrips", "logDensityTiles"]);
export const deterministicCard = returns("deterministic", ["transportStrips", "logDensityTiles"]);

export const cards: Cards = {
  measures: {
    growth: unstable,
    rounding: blowUp,
    reverse: reverseCard,
    deterministic: deterministicCard,
  },
  // Densities are in float64 always: what is left is the grid.
  error: async (bench) => {
    const [coarse, fine] = [await stable(bench, "reverse", 1), await stable(bench, "reverse", 2)];
    return [
      ["256 cells, 200 steps: L1 distance from the law", distance(coarse)],
      ["512 cells, 400 steps", distance(fine)],
    ];
  },
};
