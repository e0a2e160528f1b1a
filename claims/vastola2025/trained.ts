import { edm, ensemble, type Mixture, type MlpScore, naiveScore, vKernel } from "vkernel";
import type { Claim } from "../claim.js";
import { deviationOf, signOf } from "../decide.js";
import { rounded } from "../estimate.js";
import { pm, short, told } from "../told.js";
import { type Bench, drawsOf, hexagon, squareGrid } from "./bench.js";
import { type LawPictures, type ThreeLaws, threeLaws } from "./learned.js";
import { KERNEL_HALF, type KernelMap, kernelMapTimes } from "./tangent.js";

/** Loads networks that were trained on these points under edm: two at least. */
export type LoadNetworks = (data: Mixture<"f64">) => readonly MlpScore<"f64">[];

/** The networks of `--ensemble`: their V-kernel and their laws. */
export interface Trained {
  readonly members: number;
  readonly sizes: readonly number[];
  readonly maps: readonly KernelMap[];
  /** Of each time: the correlation of log tr V of the networks with that of the naive estimator at draws of p(x|t). */
  readonly correlations: readonly { readonly t: number; readonly correlation: number }[];
  /** tr V at a training point and halfway between two neighbours, t = 0.2. */
  readonly atPoint: number;
  readonly between: number;
  readonly laws: ThreeLaws;
}

/** Where V-kernels are compared. */
const DRAWS = 1000;

/** Trained networks as an ensemble: Prop. 3.1 of Vastola 2025 for what people train. */
export async function measureTrained(
  bench: Bench,
  networks: LoadNetworks,
): Promise<{ result: Trained; pictures: LawPictures }> {
  const { kernelMap, scanned } = bench.sizes;
  const data = hexagon(bench);
  bench.signal.throwIfAborted();
  const members = networks(data);
  try {
    const all = ensemble(members);
    const naive = naiveScore(data, edm(), { draws: 1 });
    const grid = squareGrid(kernelMap, KERNEL_HALF);
    const maps: KernelMap[] = [];
    const correlations: Trained["correlations"][number][] = [];
    for (const t of kernelMapTimes) {
      const traces: Float64Array[] = [];
      const places = await drawsOf(bench, data, { t, count: DRAWS, seed: bench.seed + 901 });
      for (const [model, estimator] of [
        ["naive, R = 1", naive],
        ["trained networks", all],
      ] as const) {
        bench.signal.throwIfAborted();
        const trace = await vKernel(estimator).trace(grid, t);
        traces.push(await vKernel(estimator).trace(places, t));
        const largest = trace.reduce((most, value) => Math.max(most, value), 0);
        maps.push({ model, t, side: kernelMap, trace: rounded(trace), largest });
      }
      correlations.push({ t, correlation: correlation(...(traces as [Float64Array, Float64Array])) });
    }
    const [x, y, u, v] = data.points as unknown as [number, number, number, number];
    const [atPoint, between] = await vKernel(all).trace(Float64Array.of(x, y, (x + u) / 2, (y + v) / 2), 0.2);
    const { laws, pictures } = await threeLaws(bench, data, all, {
      count: scanned,
      seed: bench.seed + 900,
      done: bench.done,
    });
    const { sizes } = members[0] as MlpScore;
    return {
      result: {
        members: members.length,
        sizes,
        maps,
        correlations,
        atPoint: atPoint,
        between: between,
        laws,
      },
      pictures,
    };
  } finally {
    for (const member of members) member.dispose();
  }
}

/** Pearson's correlation of logarithms, of numbers above 1e-300. */
function correlation(a: Float64Array, b: Float64Array): number {
  const pairs = Array.from(
    a,
    (value, i) => [Math.log(Math.max(value, 1e-300)), Math.log(Math.max(b[i], 1e-300))] as const,
  );
  const mean = (k: 0 | 1): number => pairs.reduce((sum, pair) => sum + pair[k] / pairs.length, 0);
  const [p, q] = [mean(0), mean(1)];
  let [pp, qq, pq] = [0, 0, 0];
  for (const [u, v] of pairs) {
    pp += (u - p) ** 2;
    qq += (v - q) ** 2;
    pq += (u - p) * (v - q);
  }
  return pq / Math.sqrt(pp * qq);
}

type Numbers = { readonly trained: Trained | undefined };

export const typical: Claim<Numbers> = {
  id: "trained",
  source: { paper: "Vastola 2025", where: "Prop. 3.1, networks of --ensemble" },
  sentence:
    "The typical law of trained networks is that of an SDE with their mean score and noise of their V-kernel.",
  expected:
    "The energy distance of the networks from that SDE is 0 within the errors, and that from the PF-ODE of their average is not.",
  reads: ["trained"],
  judge({ trained }) {
    if (trained === undefined) return undefined;
    const { members, laws } = trained;
    const [differs, moved] = [laws.ensembleEffective, laws.ensembleAverage].map(({ energy }) =>
      signOf(deviationOf(energy), 2),
    );
    return {
      measured: told`${members} networks: energy distance of the ensemble from its effective SDE ${pm(laws.ensembleEffective.energy)}, from the PF-ODE of its average ${pm(laws.ensembleAverage.energy)}; of two runs of the ensemble ${pm(laws.ensembleEnsemble.energy)}.`,
      verdict: differs !== 0 ? "does not hold" : moved !== 0 ? "holds" : "not seen",
      why: "Where the ensemble cannot be told from the PF-ODE of its average, neither can its effective SDE: the members are too alike to put the claim to the test.",
    };
  },
};

export const inherited: Claim<Numbers> = {
  id: "trained-boundaries",
  source: { paper: "Vastola 2025", where: "Sec. 3, networks of --ensemble" },
  sentence: "Generalization noise is high in boundary regions: V inherits the proxy score's covariance.",
  expected:
    "At every time the logarithms of both traces of V have a correlation above 0.3 over draws of p(x|t).",
  reads: ["trained"],
  judge({ trained }) {
    if (trained === undefined) return undefined;
    const { atPoint, between, correlations } = trained;
    const list = correlations.map((one) => one.correlation);
    const [least, most] = [Math.min(...list), Math.max(...list)];
    return {
      measured: told`tr V of the networks: ${short(atPoint)} at a training point, ${short(between)} halfway between two (t = 0.2). Correlation of its logarithm with that of the naive estimator's tr V at 1,000 draws of p(x|t): ${least.toFixed(2)} to ${most.toFixed(2)}.`,
      verdict: least > 0.3 ? "holds" : "does not hold",
      why: "Networks that see fresh samples at every step average the targets' noise out: what is left between seeds is where training has not come to. Those fitted to few samples (vkernel train --samples) keep it.",
    };
  },
};
