import {
  classMixture,
  edm,
  exactScore,
  hullFraction,
  massNear,
  type Mixture,
  naiveScore,
  nearestPoints,
  polygon,
  reproducibility,
  type ScoreEnsemble,
  type ScoreField,
  splitHalves,
  type StepEstimator,
} from "vkernel";
import type { Claim } from "../claim.js";
import { clear, errorsOf, type Estimate, shareIf } from "../estimate.js";
import type { Recipe } from "../recipe.js";
import { listed, pm, told } from "../told.js";
import { type Bench, drawsOf, hexagon, logGrid, mixtureOf, runOf, whereabouts } from "./bench.js";
import { learnedSettings } from "./learned.js";
import { fitLinear } from "./linear.js";
import { trainNetwork } from "./tangent.js";

/** A grid of 3 x 3 features, 0.9 apart, without its upper right corner. */
export const corner: readonly [number, number] = [0.9, 0.9];
export const blendSettings = { radius: 0.3, circle: 32 };

export function gridWithoutCorner(): Float64Array {
  const rows: number[] = [];
  for (const x of [-0.9, 0, 0.9]) {
    for (const y of [-0.9, 0, 0.9]) if (!(x === corner[0] && y === corner[1])) rows.push(x, y);
  }
  return Float64Array.from(rows);
}

export interface KindRow {
  readonly model: string;
  /** On the hexagon: in a gap, and in the gap near the segment between the two nearest points. */
  readonly gap: Estimate;
  readonly between: Estimate;
  /** On the hexagon: outside the hull, farther than the radius of a gap. */
  readonly outside: Estimate;
  readonly undecided: number;
  /** Near the missing corner of the grid, and near its opposite, which is a training point. */
  readonly missing: Estimate;
  readonly present: Estimate;
}

export interface HalvesRow {
  readonly model: string;
  readonly paired: Estimate;
  readonly unpaired: Estimate;
  readonly ratio: Estimate;
}

/** Models of one class of points, x < 0 on a hexagon, and of all: where their samples end. */
export interface ClassRow {
  readonly model: string;
  /** The share of samples nearest to a point of the other class, by the model of the class and by that of all. */
  readonly other: Estimate;
  readonly otherOfAll: Estimate;
  /** In a gap between points of the class. */
  readonly gap: Estimate;
}

export interface Kinds {
  readonly rows: readonly KindRow[];
  readonly classes: readonly ClassRow[];
  readonly halves: readonly HalvesRow[];
  readonly circle: number;
  readonly recipe: Recipe;
}

type Model = ScoreField<"f64"> | StepEstimator<"f64"> | ScoreEnsemble<"f64">;

const names = ["PF-ODE", "kde", "naive, R = 1", "linear, few samples", "network, tau = 100"] as const;

/** Interpolation, extrapolation, feature blending and agreement of halves, as numbers. */
export async function measureKinds(
  bench: Bench,
): Promise<{ result: Kinds; pictures: ReadonlyMap<string, Float64Array> }> {
  const { tMax, epsilon, radius } = learnedSettings;
  const { scanned, linear, steps } = bench.sizes;
  const { signal } = bench;
  const few = linear[linear.length - 1];
  const start = bench.seed + 700;
  const grid = logGrid(steps, tMax, epsilon);
  const hex = hexagon(bench);
  const features = mixtureOf(bench, gridWithoutCorner());
  const disposables: { dispose(): void }[] = [];
  const modelOf = async (name: (typeof names)[number], data: Mixture<"f64">): Promise<Model | undefined> => {
    if (name === "PF-ODE") return exactScore(data, edm());
    if (name === "kde") return undefined;
    if (name === "naive, R = 1") return naiveScore(data, edm(), { draws: 1 });
    if (name === "linear, few samples") return fitLinear(bench, data, few);
    const network = await trainNetwork(bench, data, 100);
    disposables.push(network);
    return network;
  };
  const rows: KindRow[] = [];
  const halves: HalvesRow[] = [];
  const pictures = new Map<string, Float64Array>();
  const classes: ClassRow[] = [];
  const parts = 3 * names.length - 2;
  try {
    for (const [k, name] of names.entries()) {
      const samplesOf = async (data: Mixture<"f64">, seed: number): Promise<Float64Array> => {
        const model = await modelOf(name, data);
        if (model === undefined) return drawsOf(bench, data, { t: epsilon, count: scanned, seed });
        const initial = await drawsOf(bench, data, { t: tMax, count: scanned, seed: seed + 50 });
        return runOf(bench, model, { grid, initial, seed });
      };
      const onHexagon = await samplesOf(hex, start + k);
      const onGrid = await samplesOf(features, start + 10 + k);
      pictures.set(name, onGrid);
      const where = await whereabouts(bench, onHexagon, hex, radius);
      const hull = await hullFraction(onHexagon, hex, { tolerance: radius, signal });
      const { mass, standardError } = massNear(onGrid, [[...corner], [-0.9, -0.9]], {
        radius: blendSettings.radius,
        dim: 2,
      });
      const near = (i: number): Estimate => ({
        value: mass[i],
        standardError: standardError[i],
      });
      rows.push({
        model: name,
        gap: where.gap,
        between: where.between,
        outside: { value: hull.fraction, standardError: hull.standardError },
        undecided: hull.undecided,
        missing: near(0),
        present: near(1),
      });
      bench.done(rows.length / parts);
    }
    const circle = mixtureOf(bench, polygon({ count: blendSettings.circle }).points);
    const [one, other] = splitHalves(circle, { seed: bench.seed });
    const initial = await drawsOf(bench, circle, { t: tMax, count: scanned, seed: start + 30 });
    for (const name of names) {
      if (name === "kde") continue;
      // A realization of a learned score for all particles, as one trained model is; another of each half.
      const samplesOf = async (data: Mixture<"f64">, seed: number): Promise<Float64Array> => {
        const model = (await modelOf(name, data)) as Model;
        const field = model.kind === "ensemble" ? await model.draw(seed) : model;
        return runOf(bench, field, { grid, initial, seed: start + 31 });
      };
      const found = reproducibility(await samplesOf(one, start + 40), await samplesOf(other, start + 41), {
        dim: 2,
      });
      const { paired, unpaired, ratio } = found;
      halves.push({ model: name, paired, unpaired, ratio });
      bench.done((rows.length + halves.length) / parts);
    }
    // Six points, turned by 15 degrees: three have x < 0, label 0.
    const turn = Math.PI / 12;
    const turned = Array.from({ length: 6 }, (_, m) => {
      const angle = turn + (m * Math.PI) / 3;
      return [Math.cos(angle), Math.sin(angle)];
    });
    const labels = turned.map(([x]) => (x < 0 ? 0 : 1));
    const labelled = bench.engine.mixture(turned, { precision: "f64", labels });
    const half = classMixture(labelled, [0]);
    for (const name of names) {
      if (name === "kde") continue;
      const samplesOf = async (data: Mixture<"f64">, seed: number): Promise<Float64Array> => {
        const from = await drawsOf(bench, data, { t: tMax, count: scanned, seed });
        return runOf(bench, (await modelOf(name, data)) as Model, { grid, initial: from, seed: seed + 1 });
      };
      const ofClass = await samplesOf(half, start + 60);
      const ofAll = await samplesOf(labelled, start + 62);
      const otherShare = async (samples: Float64Array): Promise<Estimate> => {
        const { index } = await nearestPoints(samples, labelled, { signal });
        return shareIf(index.length, (i) => labels[index[i]] === 1);
      };
      classes.push({
        model: name,
        other: await otherShare(ofClass),
        otherOfAll: await otherShare(ofAll),
        gap: (await whereabouts(bench, ofClass, half, radius)).gap,
      });
      bench.done((rows.length + halves.length + classes.length) / parts);
    }
  } finally {
    for (const one of disposables) one.dispose();
  }
  return {
    pictures,
    result: {
      rows,
      classes,
      halves,
      circle: blendSettings.circle,
      recipe: {
        gives: "kinds.halves.0.ratio.value",
        code: `import {
  createEngine, edm, euler, exactScore, logarithmic, polygon, reproducibility, sample, splitHalves, times,
} from "vkernel";

const engine = await createEngine();
const data = engine.mixture(polygon({ count: ${blendSettings.circle} }).points, { dim: 2, precision: "f64" });
const start = await sample(exactScore(data, edm()), {
  sampler: euler(), grid: times([${tMax}, ${tMax / 2}]), initial: "marginal", record: [0], count: ${scanned}, seed: ${start + 30},
});
const runs = [];
for (const half of splitHalves(data, { seed: ${bench.seed} })) {
  runs.push(await sample(exactScore(half, edm()), {
    sampler: euler(),
    grid: logarithmic({ steps: ${steps}, tMax: ${tMax}, tMin: ${epsilon}, last: "sigmaMin" }),
    initial: start.trajectories, seed: ${start + 31},
  }));
}
const { ratio } = reproducibility(runs[0].samples, runs[1].samples, { dim: 2 });
console.log(JSON.stringify(ratio.value));
engine.close();`,
      },
    },
  };
}

type Numbers = { readonly kinds: Kinds };

export const blending: Claim<Numbers> = {
  id: "blending",
  source: { paper: "Vastola 2025", where: "Sec. 6" },
  sentence:
    "Boundary smearing generalizes point clouds by interpolation, extrapolation and feature blending.",
  expected: "Some model has clearly more than no mass at the missing corner of a grid.",
  reads: ["kinds"],
  judge({ kinds: { rows } }) {
    const best = rows.reduce((a, b) => (b.missing.value > a.missing.value ? b : a));
    return {
      measured: told`Mass at the missing corner of a 3 x 3 grid: at most ${pm(best.missing)} (${best.model}), against ${pm(best.present)} at a corner that is there.`,
      verdict: rows.some((row) => clear(errorsOf(row.missing))) ? "holds" : "not seen",
      why: "Models with noise or smooth features reach the corner, if rarely; the exact score and a kernel density estimate of this width do not.",
    };
  },
};

export const halves: Claim<Numbers> = {
  id: "halves",
  source: { paper: "Vastola 2025", where: "Sec. 6" },
  sentence:
    "Models trained on non-overlapping halves of the data give highly similar samples from the same noise.",
  expected:
    "For every model the two halves' samples from one start are clearly nearer than those from different starts, or at least 5% nearer.",
  reads: ["kinds"],
  judge({ kinds: { halves: rows } }) {
    const alike = rows.filter((row) => clear((row.ratio.value - 1) / row.ratio.standardError));
    const highest = rows.reduce((a, b) => (b.ratio.value > a.ratio.value ? b : a));
    return {
      measured: told`Distance of the two halves' samples from one start, over that from different starts: ${listed(rows.map((row) => told`${pm(row.ratio)} (${row.model})`))}.`,
      verdict: alike.length < rows.length && highest.ratio.value > 0.95 ? "does not hold" : "holds",
      why: "For the exact score, too: where the points of both halves line one circle, the flow takes a start to the same place of it.",
    };
  },
};
