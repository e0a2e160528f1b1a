import { edm, logUniformTimes, type Mixture, naiveScore, type NtkScore, ntkScore, vKernel } from "vkernel";
import { type Claim, only } from "../claim.js";
import { rounded } from "../estimate.js";
import type { Recipe } from "../recipe.js";
import { listed, short, told } from "../told.js";
import { type Bench, hexagon, squareGrid } from "./bench.js";
import {
  effectiveLaw,
  type LawPictures,
  learnedSettings,
  sameLaw,
  type ThreeLaws,
  threeLaws,
} from "./learned.js";

export const kernelMapTimes = [0.2, 0.5];
export const kernelMapTaus = [1, 100, 1000];
export const KERNEL_HALF = 2;

/** The trace of V(z, z) over a square. */
export interface KernelMap {
  readonly model: string;
  readonly t: number;
  readonly side: number;
  readonly trace: readonly number[];
  readonly largest: number;
}

export interface TangentRow {
  readonly trainingTime: number;
  /** The share of the modes that is learned, largest first, at 1, 2, 4, 8, ... */
  readonly spectrum: readonly { readonly mode: number; readonly learned: number }[];
  readonly laws: ThreeLaws;
}

export interface Tangent {
  readonly samples: number;
  readonly depth: number;
  readonly rows: readonly TangentRow[];
  readonly maps: readonly KernelMap[];
  readonly recipe: Recipe;
}

/** An infinitely wide network of three layers as every section trains it. */
export function trainNetwork(
  bench: Bench,
  data: Mixture<"f64">,
  trainingTime: number,
): Promise<NtkScore<"f64">> {
  const { tMax, epsilon } = learnedSettings;
  return ntkScore(data, edm(), {
    samples: bench.sizes.network,
    depth: 3,
    trainingTime,
    times: logUniformTimes({ tMin: epsilon, tMax }),
    seed: bench.seed,
    signal: bench.signal,
  });
}

/** The lazy network on the hexagon against its training time: Prop. 3.1 and 5.2 of Vastola 2025. */
export async function measureTangent(
  bench: Bench,
): Promise<{ result: Tangent; pictures: readonly LawPictures[] }> {
  const { trainingTimes, learned, scanned, network, kernelMap, steps } = bench.sizes;
  const { tMax, epsilon, radius } = learnedSettings;
  const data = hexagon(bench);
  const base = await trainNetwork(bench, data, trainingTimes[0]);
  const rows: TangentRow[] = [];
  const pictures: LawPictures[] = [];
  const maps: KernelMap[] = [];
  const parts = trainingTimes.length + 1;
  const start = bench.seed + 500;
  try {
    for (const [k, trainingTime] of trainingTimes.entries()) {
      const model = await base.at(trainingTime);
      const done = (part: number): void => bench.done((k + part) / parts);
      // Where the claim of Prop. 3.1 is put to the test there are more.
      const count = trainingTime === 1 || trainingTime === 100 ? learned : scanned;
      const found = await threeLaws(bench, data, model, { count, seed: start + 10 * k, done });
      const { spectrum } = model;
      const modes: number[] = [];
      for (let mode = 1; mode <= spectrum.length; mode *= 2) modes.push(mode);
      rows.push({
        trainingTime,
        spectrum: modes.map((mode) => ({ mode, learned: spectrum[spectrum.length - mode] })),
        laws: found.laws,
      });
      pictures.push(found.pictures);
    }
    const grid = squareGrid(kernelMap, KERNEL_HALF);
    const models: [string, Parameters<typeof vKernel>[0]][] = [
      ["naive, R = 1", naiveScore(data, edm(), { draws: 1 })],
    ];
    for (const tau of kernelMapTaus) models.push([`tau = ${tau}`, await base.at(tau)]);
    for (const t of kernelMapTimes) {
      for (const [model, estimator] of models) {
        bench.signal.throwIfAborted();
        const trace = await vKernel(estimator).trace(grid, t);
        const largest = trace.reduce((most, value) => Math.max(most, value), 0);
        maps.push({ model, t, side: kernelMap, trace: rounded(trace), largest });
        bench.done((parts - 1 + maps.length / (models.length * kernelMapTimes.length)) / parts);
      }
    }
  } finally {
    base.dispose();
  }
  const last = trainingTimes.length - 1;
  return {
    pictures,
    result: {
      samples: network,
      depth: 3,
      rows,
      maps,
      recipe: {
        gives: `tangent.rows.${last}.laws.effective.gap.value`,
        code: `import {
  createEngine, edm, effectiveSde, euler, exactScore, gapFraction, logarithmic, logUniformTimes, ntkScore, polygon,
  sample, times,
} from "vkernel";

const engine = await createEngine();
const data = engine.mixture(polygon().points, { dim: 2, precision: "f64" });
const ntk = await ntkScore(data, edm(), {
  samples: ${network}, depth: 3, trainingTime: ${trainingTimes[last]}, times: logUniformTimes({ tMin: ${epsilon}, tMax: ${tMax} }), seed: ${bench.seed},
});
const start = await sample(exactScore(data, edm()), {
  sampler: euler(), grid: times([${tMax}, ${tMax / 2}]), initial: "marginal", record: [0], count: ${scanned}, seed: ${start + 10 * last},
});
const run = await sample(effectiveSde(ntk), {
  sampler: euler(),
  grid: logarithmic({ steps: ${steps}, tMax: ${tMax}, tMin: ${epsilon}, last: "sigmaMin" }),
  initial: start.trajectories, seed: ${start + 10 * last + 3},
});
console.log(JSON.stringify((await gapFraction(run.samples, data, { radius: ${radius} })).fraction));
ntk.dispose();
engine.close();`,
      },
    },
  };
}

type Numbers = { readonly tangent: Tangent };

const effective = (trainingTime: number): Claim<Numbers> => ({
  id: `effective-network-${trainingTime}`,
  ...effectiveLaw(`network, tau = ${trainingTime}`),
  reads: ["tangent"],
  judge: ({ tangent }) => sameLaw(only(tangent.rows, (row) => row.trainingTime === trainingTime).laws),
});

/** Where the laws are claimed to be one. */
export const effectiveNetworks = [effective(1), effective(100)];

/** What is left of values when the multiple of others that is nearest is taken off, over the values: root mean squares. */
export function offMultiple(values: readonly number[], others: readonly number[]): number {
  let [product, square, own] = [0, 0, 0];
  for (const [i, value] of values.entries()) {
    product += value * others[i];
    square += others[i] ** 2;
    own += value ** 2;
  }
  return Math.sqrt(Math.max(0, 1 - product ** 2 / (square * own)));
}

export const kappa: Claim<Numbers> = {
  id: "kappa",
  source: { paper: "Vastola 2025", where: "Eq. 17" },
  sentence:
    "As tau grows the network's V-kernel becomes that of the naive estimator times kappa, proportional to F / P.",
  expected:
    "At the largest tau, at every time, tr V over the square is a multiple of the naive estimator's but for a tenth of its size.",
  correction: {
    printed: "V = kappa times the naive estimator's, with the volume of a bin in kappa (Eq. 100)",
    right: "the closed form of Prop. 5.2 at finite P",
  },
  reads: ["tangent"],
  judge({ tangent: { maps } }) {
    const largest = kernelMapTaus[kernelMapTaus.length - 1];
    const rows = kernelMapTimes.map((t) => {
      const [bare, long] = ["naive, R = 1", `tau = ${largest}`].map((model) =>
        only(maps, (map) => map.model === model && map.t === t),
      );
      return { t, off: offMultiple(long.trace, bare.trace), bare: bare.largest, long: long.largest };
    });
    return {
      measured: told`tr V on the square at tau = ${largest}, ${listed(
        rows.map(
          ({ t, off, bare, long }) =>
            told`t = ${t}: ${short(100 * off, 2)}% of it is no multiple of the naive estimator's (largest values ${short(long)} and ${short(bare)})`,
        ),
        "; ",
      )}.`,
      verdict: rows.every(({ off }) => off < 0.1) ? "exact" : "does not hold",
      why: "kappa contains the volume of a bin: it is no number that could be compared. At finite P the closed form above is exact, and its map follows the features, not tr C alone.",
    };
  },
};
