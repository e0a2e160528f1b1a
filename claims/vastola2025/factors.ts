import {
  anisotropic,
  edm,
  exactScore,
  type FeatureMap,
  fourierFeatures,
  gapFraction,
  type LinearScore,
  linearScore,
  logUniformTimes,
  type Mixture,
  polygon,
  type Process,
  rbfFeatures,
  type ScoreEnsemble,
  type ScoreField,
  stableTargets,
} from "vkernel";
import { type Claim, only } from "../claim.js";
import { differenceOf, leastSeen, shareDeviation, signOf } from "../decide.js";
import { type Estimate, meanOf, meanOfRepeats, shareIf } from "../estimate.js";
import type { Recipe } from "../recipe.js";
import { pm, share, short, told } from "../told.js";
import { type Bench, drawsOf, hexagon, logGrid, mixtureOf, runOf } from "./bench.js";
import { learnedSettings } from "./learned.js";
import { fitLinear, linearSettings } from "./linear.js";
import type { Sizes } from "./sizes.js";

/** A run with one knob turned. */
export interface FactorRow {
  readonly factor: "objective" | "process" | "steps" | "features" | "data";
  readonly setting: string;
  readonly gap: Estimate;
  readonly between: Estimate;
  /** Root mean squares of the offset from the nearest training point along x and y, of samples within 0.5 of one. */
  readonly offset: readonly [Estimate, Estimate];
  /** A point of its own kind: its weight, the share of samples nearest to it, and how many of those lie in a gap, and between neighbours. */
  readonly special?: {
    readonly point: number;
    readonly weight: number;
    readonly mass: Estimate;
    readonly gap: Estimate;
    readonly between: Estimate;
  };
}

export interface Factors {
  readonly rows: readonly FactorRow[];
  /** Fits that each row of the objective is an average over: its errors are those between fits. */
  readonly fits: number;
  readonly ratio: number;
  readonly recipe: Recipe;
}

export const factorSettings = {
  fits: 24,
  stepCounts: [5, 10, 20, 40, 160],
  batches: [64, 8],
  outlier: [2.5, 0] as const,
  duplicates: 4,
};

/** Samples this near to a training point belong to it. */
const NEAR = 0.5;

/** The standard deviation of values about 0 with its error, by the delta method. */
function rootMeanSquare(values: Float64Array): Estimate {
  const { value, standardError } = meanOf(values.map((x) => x * x));
  const root = Math.sqrt(value);
  return { value: root, standardError: root > 0 ? standardError / (2 * root) : 0 };
}

async function measureRow(
  bench: Bench,
  samples: Float64Array,
  data: Mixture,
  row: Pick<FactorRow, "factor" | "setting">,
  special?: number,
): Promise<FactorRow> {
  const { radius } = learnedSettings;
  const found = await gapFraction(samples, data, { radius, signal: bench.signal });
  const { distance, segmentDistance, nearest, count } = found;
  const away = (i: number): boolean => distance[i] > radius;
  // Particles that a fit has sent away would be all that a mean square sees.
  const close = Array.from(distance.keys()).filter((i) => distance[i] <= NEAR);
  const offsets = [0, 1].map((axis) =>
    rootMeanSquare(
      Float64Array.from(close, (i) => samples[2 * i + axis] - data.points[2 * nearest[i] + axis]),
    ),
  ) as [Estimate, Estimate];
  const base = {
    ...row,
    gap: shareIf(count, away),
    between: shareIf(count, (i) => away(i) && segmentDistance[i] <= radius),
    offset: offsets,
  };
  if (special === undefined) return base;
  const near = Array.from(nearest.keys()).filter((i) => nearest[i] === special);
  const share = (holds: (i: number) => boolean): Estimate =>
    near.length === 0 ? { value: 0, standardError: 0 } : shareIf(near.length, (k) => holds(near[k]));
  return {
    ...base,
    special: {
      point: special,
      weight: data.weights[special],
      mass: shareIf(count, (i) => nearest[i] === special),
      gap: share(away),
      between: share((i) => away(i) && segmentDistance[i] <= radius),
    },
  };
}

/** The factors of the introduction of Vastola 2025, each by runs with one knob turned; F / P is in the section on linear scores. */
export async function measureFactors(bench: Bench): Promise<Factors> {
  const { tMax, epsilon } = learnedSettings;
  const { scanned, steps, linear, features } = bench.sizes;
  const few = linear[linear.length - 1];
  const hex = hexagon(bench);
  const grid = logGrid(steps, tMax, epsilon);
  const rows: FactorRow[] = [];
  const start = bench.seed + 900;
  const total = 20;
  const push = (row: FactorRow): void => {
    bench.signal.throwIfAborted();
    rows.push(row);
    bench.done(rows.length / total);
  };
  const starts = (data: Mixture<"f64">, process: Process, seed: number): Promise<Float64Array> =>
    drawsOf(bench, data, { t: tMax, count: scanned, seed, process });
  const typical = async (
    data: Mixture<"f64">,
    score: ScoreField<"f64"> | ScoreEnsemble<"f64">,
    seed: number,
    along = grid,
  ): Promise<Float64Array> => {
    const initial = await starts(data, score.process, seed);
    return runOf(bench, score, { grid: along, initial, seed: seed + 50 });
  };

  // 1. The noise of the target: the same samples (x, t), other targets, one fit for a share of the particles.
  const { fits } = factorSettings;
  const share = Math.floor(scanned / fits);
  const initial = (await starts(hex, edm(), start)).subarray(0, 2 * share * fits);
  const targets: [string, (model: LinearScore<"f64">, k: number) => Promise<ScoreField<"f64">>][] = [
    ["the score itself (J0)", async (model) => model.average],
    ...factorSettings.batches.map(
      (batch) =>
        [
          `stable targets of ${batch} points (Xu et al. 2023)`,
          async (model: LinearScore<"f64">, k: number) =>
            model.fit(stableTargets(hex, edm(), model.samples, { batch, seed: start + k })),
        ] as [string, (model: LinearScore<"f64">, k: number) => Promise<ScoreField<"f64">>],
    ),
    ["the proxy score (J1)", (model) => model.fit()],
  ];
  const models: LinearScore<"f64">[] = [];
  for (let k = 0; k < fits; k++) models.push(await fitLinear(bench, hex, few, start + k));
  for (const [setting, fieldOf] of targets) {
    const samples = new Float64Array(initial.length);
    const parts: FactorRow[] = [];
    for (const [k, model] of models.entries()) {
      const part = await runOf(bench, await fieldOf(model, k), {
        grid,
        initial: initial.slice(2 * share * k, 2 * share * (k + 1)),
        seed: start,
      });
      samples.set(part, 2 * share * k);
      parts.push(await measureRow(bench, part, hex, { factor: "objective", setting }));
    }
    const over = (pick: (row: FactorRow) => Estimate): Estimate =>
      meanOfRepeats(parts.map((part) => pick(part).value));
    push({
      factor: "objective",
      setting,
      gap: over((row) => row.gap),
      between: over((row) => row.between),
      offset: [over((row) => row.offset[0]), over((row) => row.offset[1])],
    });
  }

  // 2. The forward process: noise that differs by direction.
  const processes: [string, Process][] = [
    ["the same in all directions", edm()],
    [
      "half as wide along y",
      anisotropic(edm(), {
        covariance: [
          [1, 0],
          [0, 0.25],
        ],
      }),
    ],
    [
      "half as wide along x",
      anisotropic(edm(), {
        covariance: [
          [0.25, 0],
          [0, 1],
        ],
      }),
    ],
  ];
  for (const [k, [setting, process]] of processes.entries()) {
    const model = await fitLinear(bench, hex, few, bench.seed, process);
    push(
      await measureRow(bench, await typical(hex, model, start + 100 + k), hex, {
        factor: "process",
        setting,
      }),
    );
  }

  // 3. The way from scores to samples: few steps, of the exact score and of fits.
  const model = await fitLinear(bench, hex, few);
  for (const [k, count] of factorSettings.stepCounts.entries()) {
    const samples = await typical(
      hex,
      exactScore(hex, edm()),
      start + 200 + k,
      logGrid(count, tMax, epsilon),
    );
    push(await measureRow(bench, samples, hex, { factor: "steps", setting: `exact score, ${count} steps` }));
  }
  for (const [k, count] of [10, 160].entries()) {
    const samples = await typical(hex, model, start + 220 + k, logGrid(count, tMax, epsilon));
    push(await measureRow(bench, samples, hex, { factor: "steps", setting: `fits, ${count} steps` }));
  }

  // 5. The features, at the same F / P.
  const time = (t: number): number => 1 / (t * t);
  const { seed } = bench;
  const maps: [string, FeatureMap][] = [
    ...[0.3, 0.5, 1].map(
      (width) =>
        [`radial, width ${width}`, rbfFeatures({ count: features, width, seed, time })] as [
          string,
          FeatureMap,
        ],
    ),
    ...[0.5, 1].map(
      (width) =>
        [`Fourier, length ${width}`, fourierFeatures({ count: features, width, seed, time })] as [
          string,
          FeatureMap,
        ],
    ),
  ];
  for (const [k, [setting, map]] of maps.entries()) {
    const fitted = await linearScore(hex, edm(), {
      features: map,
      samples: few,
      times: logUniformTimes({ tMin: epsilon, tMax }),
      ridge: linearSettings.ridge,
      seed,
      signal: bench.signal,
    });
    push(
      await measureRow(bench, await typical(hex, fitted, start + 300 + k), hex, {
        factor: "features",
        setting,
      }),
    );
  }

  // 6. The training set: a point given four times, one far away, twice as many.
  const points = polygon().points;
  const repeated = Array.from({ length: factorSettings.duplicates - 1 }, () => [points[0], points[1]]).flat();
  const far = Float64Array.from([...points, ...factorSettings.outlier]);
  const structures: [string, Mixture<"f64">, number | undefined][] = [
    ["six points on a circle", hex, 0],
    [
      `the first of them ${factorSettings.duplicates} times`,
      mixtureOf(bench, Float64Array.from([...points, ...repeated])),
      0,
    ],
    ["and one far away", mixtureOf(bench, far), 6],
    ["twelve points on the circle", mixtureOf(bench, polygon({ count: 12 }).points), 0],
  ];
  for (const [k, [setting, given, special]] of structures.entries()) {
    // Copies of a point are one point of their weight.
    const data = merged(bench, given);
    const fitted = await fitLinear(bench, data, few);
    const samples = await typical(data, fitted, start + 400 + k);
    push(await measureRow(bench, samples, data, { factor: "data", setting }, special));
  }
  return {
    rows,
    fits,
    ratio: features / few,
    recipe: {
      gives: "factors.rows.0.gap.value",
      code: `import {
  createEngine, edm, euler, exactScore, gapFraction, linearScore, logarithmic, logUniformTimes, polygon, rbfFeatures,
  sample, times,
} from "vkernel";

const engine = await createEngine();
const data = engine.mixture(polygon().points, { dim: 2, precision: "f64" });
const start = await sample(exactScore(data, edm()), {
  sampler: euler(), grid: times([${tMax}, ${tMax / 2}]), initial: "marginal", record: [0], count: ${scanned}, seed: ${start},
});
const grid = logarithmic({ steps: ${steps}, tMax: ${tMax}, tMin: ${epsilon}, last: "sigmaMin" });
let mean = 0;
for (let k = 0; k < ${fits}; k++) {
  const linear = await linearScore(data, edm(), {
    features: rbfFeatures({ count: ${features}, width: ${linearSettings.width}, seed: ${bench.seed}, time: (t) => 1 / (t * t) }),
    samples: ${few}, times: logUniformTimes({ tMin: ${epsilon}, tMax: ${tMax} }), ridge: ${linearSettings.ridge}, seed: ${start} + k,
  });
  const initial = start.trajectories.slice(${2 * share} * k, ${2 * share} * (k + 1));
  // linear.average is the fit to the score itself; linear.fit() that to the proxy score
  const run = await sample(linear.average, { sampler: euler(), grid, initial, seed: ${start} });
  mean += (await gapFraction(run.samples, data, { radius: ${learnedSettings.radius} })).fraction / ${fits};
}
console.log(JSON.stringify(mean));
engine.close();`,
    },
  };
}

/** Points without copies, weighted by how often each came. */
function merged(bench: Bench, data: Mixture<"f64">): Mixture<"f64"> {
  const found = new Map<string, { point: number[]; weight: number }>();
  for (let m = 0; m < data.size; m++) {
    const point = Array.from(data.points.subarray(2 * m, 2 * m + 2));
    const key = point.join();
    const known = found.get(key) ?? { point, weight: 0 };
    known.weight += data.weights[m];
    found.set(key, known);
  }
  const list = [...found.values()];
  return bench.engine.mixture(
    list.map(({ point }) => point),
    { precision: "f64", weights: list.map(({ weight }) => weight) },
  );
}

interface Numbers {
  readonly factors: Factors;
  readonly sizes: Sizes;
}

const rowOf = ({ rows }: Factors, setting: string): FactorRow =>
  only(rows, (row) => row.setting.startsWith(setting));

export const objective: Claim<Numbers> = {
  id: "objective",
  source: { paper: "Vastola 2025", where: "Sec. 1, factor 1" },
  sentence: "Without the noise of the objective diffusion models do not generalize well.",
  expected: "Fits to the proxy score leave clearly more or less in gaps than fits to the score itself.",
  reads: ["factors"],
  judge({ factors }) {
    const [j0, j1] = [rowOf(factors, "the score itself"), rowOf(factors, "the proxy score")];
    const difference = differenceOf(j1.gap, j0.gap);
    return {
      measured: told`Share in gaps, fits of F/P = ${factors.ratio} to the same (x, t): ${pm(j0.gap)} to the score itself, ${pm(j1.gap)} to the proxy score (${difference.z.toFixed(1)} standard errors).`,
      verdict: signOf(difference) !== 0 ? "holds" : "not seen",
      why: `These features leave most of the gap to their own limits, with or without noise in the targets. A difference of ${leastSeen(difference).toFixed(2)} would be seen.`,
    };
  },
};

export const steps: Claim<Numbers> = {
  id: "steps",
  source: { paper: "Vastola 2025", where: "Sec. 1, factor 3" },
  sentence: "The learned distribution depends nonlinearly on the score, through the reverse process.",
  expected: "The exact score leaves clearly more in gaps with 5 steps than with 160.",
  reads: ["factors"],
  judge({ factors, sizes }) {
    const [few, many] = [rowOf(factors, "exact score, 5 steps"), rowOf(factors, "exact score, 160 steps")];
    return {
      measured: told`The exact score in gaps: ${share(few.gap, sizes.scanned)} with 5 steps, ${share(many.gap, sizes.scanned)} with 160.`,
      verdict: signOf(differenceOf(few.gap, many.gap)) > 0 ? "holds" : "not seen",
      why: "Few Euler steps stop short of the points, with no noise at all.",
    };
  },
};

export const outlier: Claim<Numbers> = {
  id: "outlier",
  source: { paper: "Vastola 2025", where: "Sec. 1, factor 6" },
  sentence: "Outliers are less likely to be meaningfully generalized.",
  expected: "Of the samples nearest to a point far away clearly fewer lie between it and its neighbour.",
  reads: ["factors"],
  judge({ factors }) {
    const far = rowOf(factors, "and one far away").special;
    const inner = rowOf(factors, "six points").special;
    if (far === undefined || inner === undefined) return undefined;
    const difference = differenceOf(far.between, inner.between);
    const sign = signOf(difference);
    return {
      measured: told`Of the samples nearest to a point far away ${pm(far.gap)} lie in a gap and ${pm(far.between)} between it and its neighbour; of those nearest to one of the six ${pm(inner.gap)} and ${pm(inner.between)}.`,
      verdict: sign < 0 ? "holds" : sign > 0 ? "does not hold" : "not seen",
      why: `Counted between neighbours, where a difference of ${leastSeen(difference).toFixed(3)} would be seen. Samples near the outlier are spread wider, to all sides: these features know little of where so few training samples (x, t) lie.`,
    };
  },
};

export const duplicates: Claim<Numbers> = {
  id: "duplicates",
  source: { paper: "Vastola 2025", where: "Sec. 6, memorization" },
  sentence: "Duplications increase memorization: the boundary between modes is degraded.",
  expected:
    "The share of samples nearest to a point that is there several times is at least its weight, and clearly fewer of these lie in a gap.",
  reads: ["factors"],
  judge({ factors, sizes }) {
    const often = rowOf(factors, "the first of them").special;
    const once = rowOf(factors, "six points").special;
    if (often === undefined || once === undefined) return undefined;
    const share = signOf(shareDeviation(often.mass, sizes.scanned, often.weight), 2);
    const gap = signOf(differenceOf(often.gap, once.gap), 2);
    return {
      measured: told`${pm(often.mass)} of the samples are nearest to a point of weight ${short(often.weight)} (${pm(once.mass)} to one of weight ${short(once.weight)}); of these ${pm(often.gap)} lie in a gap (${pm(once.gap)}).`,
      verdict: share < 0 ? "does not hold" : gap < 0 ? "holds" : gap > 0 ? "does not hold" : "not seen",
      why: "With the exact score the share is the weight. Fits of these features at few samples smooth the score, and take more from the heavy point than from the others.",
    };
  },
};
